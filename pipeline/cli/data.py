"""Verbs that work on the pairs: import, check, dedup. They open the workspace's database."""

import argparse

from pipeline.cli import bring, check, dedup


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    for module in (bring, check, dedup):
        module.add_verb(verbs)
