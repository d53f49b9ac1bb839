"""Merging an adapter into its base: what is asked for, how far it is, and whether it holds."""
