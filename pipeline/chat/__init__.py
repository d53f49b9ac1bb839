"""Chat: the client side of the serving worker."""
