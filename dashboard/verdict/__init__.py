"""The Verdict page: what an evaluation found, which checkpoint to use, what to try next."""
