"""The Check page: what was found in the pairs, counted by kind, and repaired in bulk."""
