"""The Duplicates page: clusters and what is decided of them, the threshold, leaks."""
