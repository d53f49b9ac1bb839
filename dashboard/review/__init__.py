"""The Review page: filters, one pair at a time, and all pairs of a filter at once."""
