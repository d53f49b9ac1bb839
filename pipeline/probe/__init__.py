"""Probe: what a base model is asked before anything is trained, and what becomes of it."""
