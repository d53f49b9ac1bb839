"""The Launch page: settings, what speaks against the start, studies, the start itself."""
