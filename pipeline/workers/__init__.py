"""Workers: the only code that imports torch. Nothing imports them; they are run as processes."""
