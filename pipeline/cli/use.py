"""Verbs: evaluate, chat."""

import argparse

from pipeline.cli import chat, evaluate


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    evaluate.add_verb(verbs)
    chat.add_verb(verbs)
