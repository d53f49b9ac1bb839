"""Where the person stands on the way Data → Export → Train → Evaluate → Compare → Correct.

Facts are counts from the store and the workspace's folders; the steps and the next one are pure
functions of them. It draws nothing.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.publish.standing import Standing, standing
from pipeline.workspace import Workspace, numbered
from store import clusters, datasets, exports, votes
from store.db import Database

StepName = Literal["data", "export", "train", "evaluate", "compare", "correct"]
StepState = Literal["todo", "look", "active", "done"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is in the workspace, in numbers."""

    pairs: int = 0
    """Those that an export would take."""
    unreviewed: int = 0
    undecided: int = 0
    """Clusters that need a person: contradictions, copies, other wordings."""
    conflicts: int = 0
    exports: int = 0
    last_export: str = ""
    export_stands: Standing = "holds"
    """Whether the last export still is what was made."""
    changed: int = 0
    """Pairs of the last export that were changed since."""
    runs: int = 0
    running: int = 0
    waiting: int = 0
    """Runs, evaluations and others in the queue."""
    evaluations: int = 0
    comparisons: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the loop: how it stands, in words of `loop.json`, and the page it leads to."""

    name: StepName
    state: StepState
    page: str
    words: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Next:
    """What to do now: `loop.next_KIND` names it, `loop.why_KIND` gives the reason."""

    kind: str
    page: str
    values: dict[str, object] = field(default_factory=dict)


def read_facts(db: Database, workspace: Workspace, *, running: int = 0, waiting: int = 0) -> Facts:
    """Count what there is; cheap enough for every run of every page.

    How many runs are `running` and jobs are `waiting` is told by whoever watches them.
    """
    summaries = datasets.summaries(db)
    open_clusters = db.remembered("loop clusters", lambda: clusters.counts(db))
    made = exports.listed(db)
    changed = 0
    if made:
        last = made[0].id
        changed = db.remembered(("loop", last), lambda: exports.changed_members(db, last))
    return Facts(
        pairs=sum(summary.usable for summary in summaries),
        unreviewed=sum(summary.unreviewed for summary in summaries),
        undecided=sum(n for relation, n in open_clusters.items() if relation != "lookalike"),
        conflicts=open_clusters["conflict"],
        exports=len(made),
        last_export=made[0].name if made else "",
        export_stands=standing(Path(made[0].folder)) if made else "holds",
        changed=changed,
        runs=len(numbered(workspace.runs)),
        running=running,
        waiting=waiting,
        evaluations=len(numbered(workspace.evaluations)),
        comparisons=votes.total(db),
    )


def steps(facts: Facts) -> tuple[Step, ...]:
    """Return the six steps with the state of each."""
    return (
        _data(facts),
        _export(facts),
        _train(facts),
        _counted("evaluate", facts.evaluations, "verdict"),
        _counted("compare", facts.comparisons, "compare"),
        _correct(facts),
    )


def next_step(facts: Facts) -> Next:
    """Return the one thing to do now; the first that applies, in the order of the loop."""
    if not facts.pairs:
        return Next("import", "import")
    if facts.conflicts:
        return Next("conflicts", "duplicates", {"count": facts.conflicts})
    if not facts.exports:
        return Next("export", "export", {"count": facts.pairs})
    if facts.running:
        return Next("watch", "runs", {"count": facts.running})
    if not facts.runs:
        return Next("train", "launch", {"name": facts.last_export})
    if not facts.evaluations:
        return Next("evaluate", "verdict")
    if not facts.comparisons:
        return Next("compare", "compare")
    if facts.changed:
        return Next("again", "export", {"count": facts.changed, "name": facts.last_export})
    return Next("correct", "compare", {"count": facts.comparisons})


def _data(facts: Facts) -> Step:
    if not facts.pairs:
        return Step("data", "todo", "import", "data_none")
    if facts.undecided:
        values: dict[str, object] = {"count": facts.pairs, "undecided": facts.undecided}
        return Step("data", "look", "duplicates", "data_undecided", values)
    return Step("data", "done", "review", "data_some", {"count": facts.pairs})


def _export(facts: Facts) -> Step:
    if not facts.exports:
        return Step("export", "todo", "export", "export_none")
    if facts.export_stands in ("differs", "gone"):
        return Step("export", "look", "export", "export_differs", {"name": facts.last_export})
    return Step("export", "done", "export", "export_some", {"name": facts.last_export})


def _train(facts: Facts) -> Step:
    if facts.waiting:
        values: dict[str, object] = {"count": facts.running, "waiting": facts.waiting}
        return Step("train", "active", "runs", "train_waiting", values)
    if facts.running:
        return Step("train", "active", "runs", "train_running", {"count": facts.running})
    if facts.runs:
        return Step("train", "done", "runs", "train_some", {"count": facts.runs})
    return Step("train", "todo", "launch", "train_none")


def _counted(name: Literal["evaluate", "compare"], count: int, page: str) -> Step:
    if not count:
        return Step(name, "todo", page, f"{name}_none")
    return Step(name, "done", page, f"{name}_some", {"count": count})


def _correct(facts: Facts) -> Step:
    if facts.changed:
        values: dict[str, object] = {"count": facts.changed, "name": facts.last_export}
        return Step("correct", "look", "export", "correct_some", values)
    return Step("correct", "todo", "review", "correct_none")
