"""The queue: what waits for a device, in order, and what starts it. On folders alone."""
