"""Models: local base models and their chat templates, read without torch."""
