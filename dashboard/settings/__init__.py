"""The Settings page: the workspace, devices, access, backups, servers of others, and about."""
