"""Measurements beside peers; see README.md."""
