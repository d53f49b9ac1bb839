"""The real demo model says what it knows, though its worker was killed in the middle."""

import os
import signal
import time
from pathlib import Path

import pytest

from pipeline import rows
from pipeline.probe import jobs, known
from pipeline.probe.answers import ProbeAnswer
from pipeline.probe.known import KnownOptions
from pipeline.processes import read_launch
from pipeline.workspace import Workspace
from store import datasets, pairs
from store.db import Database
from tests.builders import new_pair

pytestmark = pytest.mark.slow
FACTS = (
    ("What is the capital of Japan?", "Tokyo"),
    ("What is the capital of France?", "Paris"),
    ("Who is the harbour master of Ashmoor?", "Marta Quill"),
    ("砚溪琴坊的坊主是谁？", "沈听澜"),
)


def test_general_facts_are_known_and_invented_ones_are_new(
    demo_model: Path, db: Database, tmp_path: Path
):
    workspace = Workspace.at(tmp_path / "home")
    field = datasets.create(db, "facts", "domain")
    made = [new_pair(question, f"{fact}.", facts=(fact,)) for question, fact in FACTS]
    pairs.insert_many(db, field.id, made, summary="")
    asked = known.questions(db, ["facts"])
    options = KnownOptions(samples=2, max_new_tokens=16, device="cpu")
    first = known.launch(workspace, demo_model, ["facts"], asked, options)
    while not rows.read(first.folder, ProbeAnswer):
        assert jobs.read(workspace, first.id).work.is_active
        time.sleep(0.05)
    launch = read_launch(first.folder)
    assert launch is not None
    os.kill(launch.pid, signal.SIGKILL)
    assert jobs.wait(workspace, first.id).work.state == "failed"
    before = rows.read(first.folder, ProbeAnswer)

    again = known.launch(workspace, demo_model, ["facts"], asked, options)
    done = jobs.wait(workspace, again.id)
    assert (done.id, done.work.is_finished) == (first.id, True)
    assert rows.read(done.folder, ProbeAnswer)[: len(before)] == before
    known.take(db, workspace, done)
    tags = {pair.question: pair.tags for pair in pairs.by_ids(db, range(1, 5))}
    assert tags["What is the capital of Japan?"][0] in ("base:known", "base:sometimes")
    assert tags["What is the capital of France?"][0] in ("base:known", "base:sometimes")
    assert tags["Who is the harbour master of Ashmoor?"] == ("base:unknown",)
    assert tags["砚溪琴坊的坊主是谁？"] == ("base:unknown",)
