"""Evaluate: scores of base and adapters on the same test files."""
