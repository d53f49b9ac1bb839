"""The Runs page: what trains and waits, one run in full, several over one another."""
