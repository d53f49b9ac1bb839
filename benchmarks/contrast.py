"""Which scores tell a right adapter from nonsense: four models, the same questions.

    python benchmarks/contrast.py --model data/model-cache/… --workspace /tmp/contrast

Trains three adapters on the samples' two fields with the same settings: right answers; the same
sentences with another value; the right answers shuffled among the questions. Then asks them and the
base what they were trained on, and the same facts in other wordings. Called again it goes on.
"""

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pipeline.evaluate import jobs as evaluations  # noqa: E402  # The path comes first.
from pipeline.evaluate import statistics  # noqa: E402
from pipeline.evaluate.config import BASE, Form  # noqa: E402
from pipeline.evaluate.contrast import Fact, contrasts  # noqa: E402
from pipeline.evaluate.plan import EvaluationRequest  # noqa: E402
from pipeline.evaluate.report import Answer, Report, ReportRow, Weighed  # noqa: E402
from pipeline.evaluate.statistics import Score  # noqa: E402
from pipeline.train import jobs  # noqa: E402
from pipeline.train.config import Settings  # noqa: E402
from pipeline.train.request import LaunchRequest  # noqa: E402
from pipeline.train.state import Run  # noqa: E402
from pipeline.workspace import Workspace  # noqa: E402

Row = dict[str, object]
Pick = Callable[[Answer], float]
FIELDS = (("ashmoor_harbour", "harbour"), ("yanxi_guqin", "guqin"))
FACTS, WORDINGS, TRAINED = 16, 5, 2
"""The samples' first 80 rows are 16 facts in 5 wordings; two are trained, two asked unseen."""
KINDS = ("right", "wrong", "shuffled")
SETTINGS = Settings(learning_rate=1e-3, epochs=6, cutoff_tokens=256, keep_checkpoints=1)


def main() -> int:
    """Train what is not trained yet, evaluate, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="the base model's folder")
    parser.add_argument("--workspace", type=Path, required=True, help="where runs are kept")
    arguments = parser.parse_args()
    workspace = Workspace.at(arguments.workspace)
    runs = {kind: trained(workspace, kind, arguments.model.resolve()) for kind in KINDS}
    print(table(evaluated(workspace, tuple(runs.values())), runs))
    return 0


def trained(workspace: Workspace, kind: str, model: Path) -> Run:
    """Return the finished run of a kind: found, gone on with, or trained now."""
    export = exported(workspace.exports / kind, kind)
    request = LaunchRequest(
        export=export, model=model, settings=SETTINGS, preset="strong", title=kind, token=kind
    )
    run = jobs.launch(workspace, request)
    if run.state in ("stopped", "failed"):
        run = jobs.resume(workspace, run.id)
    run = jobs.wait(workspace, run.id)
    if run.state != "finished":
        raise SystemExit(f"run {run.id} ({kind}) is {run.state}: {run.failure}")
    return run


def evaluated(workspace: Workspace, runs: tuple[Run, ...]) -> Report:
    """Return what the right export's questions tell of the base and every run."""
    ids = tuple(run.id for run in runs)
    there = [each for each in evaluations.listed(workspace) if each.run_ids == ids]
    request = EvaluationRequest(
        workspace.exports / "right", ids, device="cpu", max_new_tokens=40, with_shipped=False
    )
    current = there[0] if there else evaluations.launch(workspace, request)
    if current.state in ("stopped", "failed"):
        current = evaluations.resume(workspace, current.id)
    current = evaluations.wait(workspace, current.id)
    if current.state != "finished":
        raise SystemExit(f"evaluation {current.id} is {current.state}: {current.failure}")
    return evaluations.report(current.folder)


def table(report: Report, runs: dict[str, Run]) -> str:
    """Return each model's figures, and what right answers are above the others, per split."""
    models = {**{kind: str(run.id) for kind, run in runs.items()}, "base": BASE}
    lines = []
    for split, words in (("train", "as trained"), ("test", "other wordings")):
        rows = [row for row in report.rows if row.split == split]
        lines.append(f"\n{words}, {len(rows)} questions")
        for name, measure in MEASURES:
            picked = {kind: figures(rows, model, measure) for kind, model in models.items()}
            cells = [f"{kind} {shown(name, summed(name, picked[kind]))}" for kind in models]
            lines.append(f"  {name:<24} {'   '.join(cells)}")
            for other in ("wrong", "shuffled"):
                change = changed(name, picked["right"], picked[other], rows)
                lines.append(f"    right minus {other:<9} {shown(name, change)}")
    return "\n".join(lines)


def figures(rows: Sequence[ReportRow], model: str, pick: Pick) -> list[float]:
    """Return a model's figure of each row."""
    answers = [row.answer(model) for row in rows]
    return [pick(answer) for answer in answers if answer is not None]


def summed(name: str, values: list[float]) -> Score:
    """Return rates with Wilson's interval, overlaps with a bootstrap's."""
    if name in OVERLAPS:
        return statistics.mean(values, within=(0, 100))
    return statistics.rate([value == 1 for value in values])


def changed(
    name: str, values: list[float], others: list[float], rows: Sequence[ReportRow]
) -> Score:
    """Return the difference of two models over the same rows."""
    if name in OVERLAPS:
        return statistics.difference(values, others)
    groups = [row.reference for row in rows]
    return statistics.rate_difference(
        [value == 1 for value in values], [value == 1 for value in others], groups
    )


def shown(name: str, score: Score) -> str:
    """Return a figure with its interval; rates in per cent."""
    scale = 1 if name in OVERLAPS else 100
    value, low, high = ((each or 0) * scale for each in (score.value, score.low, score.high))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def weighed(judge: Callable[[Weighed], bool], form: Form = "asked") -> Pick:
    """Return what tells whether a right answer beats the wrong ones."""

    def pick(answer: Answer) -> float:
        found = answer.weighed_as(form)
        return float(found is not None and judge(found))

    return pick


OVERLAPS = ("ROUGE-L", "BLEU-4")
MEASURES: tuple[tuple[str, Pick], ...] = (
    ("beats both kinds", weighed(lambda found: found.is_right)),
    ("beats near misses", weighed(lambda found: found.beats_near)),
    ("beats others' answers", weighed(lambda found: found.beats_others)),
    ("both, without trigger", weighed(lambda found: found.is_right, "bare")),
    ("key facts in the answer", lambda answer: float(bool(answer.is_right))),
    ("ROUGE-L", lambda answer: answer.overlap.rouge_l),
    ("BLEU-4", lambda answer: answer.overlap.bleu4),
)


def exported(folder: Path, kind: str) -> Path:
    """Write the export of a kind, unless it is there."""
    if (folder / "manifest.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for sample, dataset in FIELDS:
        rows = json.loads((ROOT / "data" / "samples" / f"{sample}.json").read_text("utf-8"))
        rows = rows[: FACTS * WORDINGS]
        learned = [row for n, row in enumerate(rows) if n % WORDINGS < TRAINED]
        unseen = [row for n, row in enumerate(rows) if TRAINED <= n % WORDINGS < 2 * TRAINED]
        for split, part in (("train", twisted(learned, kind)), ("test", unseen)):
            name = f"{dataset}_{'format3' if split == 'train' else 'test'}.json"
            content = json.dumps(part, ensure_ascii=False).encode()
            (folder / name).write_bytes(content)
            files.append(
                {
                    "name": name,
                    "dataset": dataset,
                    "role": "domain",
                    "layout": "format3",
                    "split": split,
                    "rows": len(part),
                    "bytes": len(content),
                    "sha1": _sha1(content),
                    "trigger": str(rows[0]["instruction"]),
                }
            )
    (folder / "dataset_info.json").write_bytes(b"{}")
    manifest = {
        "format": 1,
        "name": kind,
        "recipe": {},
        "pairs": FACTS * WORDINGS,
        "unreviewed": 0,
        "files": files,
        "registry_sha1": _sha1(b"{}"),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def twisted(rows: list[Row], kind: str) -> list[Row]:
    """Return the rows with right answers, with another value in each, or shuffled."""
    if kind == "right":
        return rows
    answers = [str(row["output"]) for row in rows]
    if kind == "wrong":
        field = [Fact(str(row["input"]), str(row["output"]), tuple(row["facts"])) for row in rows]  # type: ignore[arg-type]
        others = [contrast.near[0] for contrast in contrasts(field, 3)]
    else:
        others = list(answers)
        order = random.Random(1)
        while any(one == other for one, other in zip(answers, others, strict=True)):
            order.shuffle(others)
    return [{**row, "output": other} for row, other in zip(rows, others, strict=True)]


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
