"""Functions that each draw one thing; a page puts them together."""
