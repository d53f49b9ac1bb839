"""The Settings page: servers of others that can be compared with."""
