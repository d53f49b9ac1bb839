"""Verbs: evaluate, chat, external, handover, merge, handover, see, replay, known."""

import argparse

from pipeline.cli import chat, evaluate, external, handover, merge, probe, see


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    evaluate.add_verb(verbs)
    chat.add_verb(verbs)
    external.add_verb(verbs)
    merge.add_verb(verbs)
    handover.add_verb(verbs)
    see.add_verb(verbs)
    probe.add_verbs(verbs)
