"""Verbs: train, runs, stop, resume."""

import argparse


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
