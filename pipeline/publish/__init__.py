"""Publish: from pairs to immutable, hashed files that a trainer reads."""
