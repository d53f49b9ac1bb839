"""Verbs: import, check, dedup, export, verify."""

import argparse


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
