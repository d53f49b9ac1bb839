"""Verbs that work on the pairs: import, pairs, undo, check, dedup. They open the database."""

import argparse

from pipeline.cli import bring, check, dedup, pairs


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    for module in (bring, pairs, check, dedup):
        module.add_verb(verbs)
