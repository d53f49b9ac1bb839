"""Verbs: evaluate, chat."""

import argparse


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
