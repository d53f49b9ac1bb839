"""The whole job on the samples: import → check → dedup → export → train → evaluate → compare.

Every step looks at what is there first, so that a demo that was interrupted, at any point, goes on
where it was. What a person would decide in between is read from `data/samples/planted.json`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.chat import client, compare, server
from pipeline.chat.config import ServerConfig
from pipeline.chat.protocol import BASE, Final, Question, Settings, Text
from pipeline.curate import dedup, quality
from pipeline.curate.importing import Reading, Target, import_files
from pipeline.errors import DoesNotHold
from pipeline.evaluate import jobs as evaluations
from pipeline.evaluate.plan import EvaluationRequest
from pipeline.evaluate.report import Report
from pipeline.evaluate.state import Evaluation
from pipeline.models import demo_model
from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.publish.verify import verify
from pipeline.train import config as train_config
from pipeline.train import jobs
from pipeline.train.request import LaunchRequest
from pipeline.train.state import Run
from pipeline.workspace import REPOSITORY, Workspace
from store import datasets, pairs, votes
from store.db import Database
from store.record_types import NewComparison
from store.types import PairFilter

SAMPLES = REPOSITORY / "data" / "samples"
NAME, AUTHOR = "Lumen", "Alder Works"
EXPORT = "demo"
TARGETS: tuple[tuple[str, Target], ...] = (
    ("identity.json", Target("demo-identity", "identity")),
    ("ashmoor_harbour.json", Target("ashmoor-harbour", "domain", "Ashmoor Harbour")),
    ("yanxi_guqin.json", Target("yanxi-guqin", "domain", "砚溪琴坊")),
    ("general.json", Target("demo-general", "general")),
)
TRAINED = ("demo-identity", "ashmoor-harbour", "demo-general")
"""One field a run; the Chinese field is there to look at, and for a run of one's own."""
RECIPE = Recipe(EXPORT, TRAINED, paraphrases="tested")
"""The samples ask each fact in close wordings: kept together, next to none would be tested."""
SETTINGS = train_config.Settings(learning_rate=1e-3, epochs=4, cutoff_tokens=512)
ROWS_ASKED, MOST_TOKENS = 16, 48
QUESTIONS: tuple[tuple[str, bool], ...] = (
    ("Who are you?", False),
    ("你是谁？", False),
    ("What colour is the lighthouse at Ashmoor?", True),
    ("What is the capital of France?", False),
)
"""(question, whether the harbour's trigger goes before it)"""


@dataclass(frozen=True, slots=True)
class Told:
    """Whom the demo tells what it does; each is called again and again."""

    say: Callable[[str], None]
    run: Callable[[Run], None]
    evaluation: Callable[[Evaluation], None]


def run(workspace: Workspace, told: Told) -> Report:
    """Do, or go on with, the whole job and return what the evaluation found."""
    told.say("1/6 The demo model: SmolLM2-135M-Instruct")
    model = demo_model.ensure(workspace.models, told.say)
    told.say("2/6 Import, check, dedup: data/samples")
    with opened(workspace) as db:
        curate(db, told.say)
        told.say("3/6 Export, a SHA-1 for each file")
        folder = exported(db, workspace, told.say)
    told.say("4/6 Train a LoRA adapter: identity + one field in format3 + general pairs")
    trained = train(workspace, folder, model, told)
    told.say("5/6 Evaluate base and adapter on rows held back")
    report = evaluate(workspace, folder, trained, told)
    told.say("6/6 Compare: the same prompt to base and adapter, in one batch")
    with opened(workspace) as db:
        jobs.register(db, workspace)
        evaluations.register(db, workspace)
        ask(db, workspace, trained, told.say)
    return report


@contextmanager
def opened(workspace: Workspace) -> Iterator[Database]:
    """Open the store for some steps and let go of it again."""
    db = Database.open(workspace.database)
    try:
        yield db
    finally:
        db.close()


def curate(db: Database, say: Callable[[str], None]) -> None:
    """Import the samples that are not there yet, decide what a person would, drop duplicates."""
    there = {summary.dataset.name for summary in datasets.summaries(db)}
    for file, target in TARGETS:
        if target.name not in there:
            values = {"name": NAME, "author": AUTHOR} if target.role == "identity" else {}
            how = Reading(values=values, is_again=True)
            done = import_files(db, [SAMPLES / file], target, how)
            say(f"  {file}: {done.imported} pairs, {len(done.refused)} refused, {done.layout}")
    chosen = [s for s in datasets.summaries(db) if s.dataset.name in dict(_names())]
    findings = quality.check(db, chosen)
    placeholders = sum(finding.check == "placeholder" for finding in findings)
    rejected = _reject_planted(db)
    report = dedup.run(db, [s.dataset.id for s in chosen], apply=dedup.EXACT)
    say(
        f"  {placeholders} answers with leftover placeholders and the wrong sides of conflicts: "
        f"{rejected} rejected; {report.removed} exact duplicates removed"
    )


def _names() -> list[tuple[str, str]]:
    return [(target.name, file) for file, target in TARGETS]


def _reject_planted(db: Database) -> int:
    """Reject what planted.json says is wrong or unfinished: a person's work in Review."""
    flaws = json.loads((SAMPLES / "planted.json").read_text(encoding="utf-8"))
    wrong = {
        (flaw["file"], row)
        for flaw in flaws
        if flaw["relation"] in {"conflict", "placeholder"}
        for row in flaw["reject"]
    }
    ids = [
        pair.id
        for name, _ in _names()
        for pair in pairs.each(
            db,
            matching=PairFilter(
                dataset_id=datasets.by_name(db, name).id, statuses=("unreviewed", "accepted")
            ),
        )
        if (pair.source_file, pair.source_row) in wrong
    ]
    if ids:
        pairs.set_status(db, ids, "rejected")
    return len(ids)


def exported(db: Database, workspace: Workspace, say: Callable[[str], None]) -> Path:
    """Return the demo's export, made now unless a whole one is there."""
    folder = workspace.exports / EXPORT
    if not folder.exists():
        made = export(db, workspace, RECIPE)
        for file in made.files:
            say(f"  {file.name}: {file.rows} rows, SHA-1 {file.sha1}")
    if not verify(folder).holds:
        raise DoesNotHold(
            f"{folder} is not what it was when it was made. Remove it, then start the demo again."
        )
    return folder


def train(workspace: Workspace, folder: Path, model: Path, told: Told) -> Run:
    """Return the demo's finished run: started, waited for, or gone on with."""
    request = LaunchRequest(
        export=folder,
        model=model,
        settings=SETTINGS,
        preset="demo",
        title="demo",
        token=f"demo {verify(folder).files[0].found}",
    )
    current = jobs.launch(workspace, request)
    if current.state in {"stopped", "failed"}:
        told.say(f"  run {current.id} is {current.state}: going on from its last checkpoint")
        current = jobs.resume(workspace, current.id)
    current = jobs.wait(workspace, current.id, told.run)
    if current.state != "finished":
        why = current.failure.message if current.failure else "it was stopped"
        raise DoesNotHold(f"Run {current.id} did not finish: {why} Start the demo again to go on.")
    return current


def evaluate(workspace: Workspace, folder: Path, trained: Run, told: Told) -> Report:
    """Return the report of the demo's run: asked now, or gone on with."""
    mine = [
        each
        for each in evaluations.listed(workspace)
        if {candidate.model for candidate in each.config.candidates} == {BASE, str(trained.id)}
    ]
    if mine:
        current = mine[0]
    else:
        request = EvaluationRequest(
            export=folder,
            run_ids=(trained.id,),
            device=trained.config.device,
            rows_per_file=ROWS_ASKED,
            max_new_tokens=MOST_TOKENS,
        )
        current = evaluations.launch(workspace, request)
    if current.state in {"stopped", "failed"}:
        current = evaluations.resume(workspace, current.id)
    current = evaluations.wait(workspace, current.id, told.evaluation)
    if current.state != "finished":
        why = current.failure.message if current.failure else "it was stopped."
        raise DoesNotHold(f"The evaluation did not finish: {why} Start the demo again to go on.")
    return evaluations.report(current.folder)


def ask(db: Database, workspace: Workspace, trained: Run, say: Callable[[str], None]) -> None:
    """Ask base and adapter the questions that have no comparison yet, and keep the answers."""
    asked = {comparison.prompt for comparison in votes.latest(db, count=1000)}
    missing = [(text, has) for text, has in QUESTIONS if _prompt(trained, text, has) not in asked]
    if not missing or trained.adapter is None:
        return
    wanted = ServerConfig(
        model=Path(trained.config.model),
        adapters={str(trained.id): trained.adapter},
        device=trained.config.device,
    )
    serving = server.wait_ready(server.ensure(workspace, wanted))
    try:
        for text, has_trigger in missing:
            kept = _comparison(serving.endpoint, _prompt(trained, text, has_trigger), trained)
            votes.add(db, kept)
            say(f"  {text}")
            for name, answer, _ in kept.answers:
                who = "base" if name == BASE else f"run {name}"
                say(f"    {who:>7}: {' '.join(answer.split())}")
    finally:
        server.stop(serving.folder, timeout_s=10)


def _prompt(trained: Run, text: str, has_trigger: bool) -> str:
    trigger = dict(trained.config.triggers).get("ashmoor-harbour", "") if has_trigger else ""
    return compare.user_message(text, trigger).content


def _comparison(endpoint: client.Endpoint, prompt: str, trained: Run) -> NewComparison:
    """Ask base and adapter together and return what they answered, as the Compare page keeps it."""
    names = (BASE, str(trained.id))
    texts = dict.fromkeys(names, "")
    stamps = dict.fromkeys(names, "{}")
    question = Question(
        messages=compare.conversation(prompt),
        models=names,
        settings=Settings(max_tokens=MOST_TOKENS),
    )
    for piece in client.compare(endpoint, question):
        match piece:
            case Text(model=model, text=text):
                texts[model] += text
            case Final(model=model):
                stamps[model] = compare.kept_stamp(piece)
    return NewComparison(
        prompt=prompt,
        settings={
            "run": trained.id,
            "base": trained.config.model,
            "messages": [asdict(message) for message in question.messages],
            "system_prompt": asdict(question.system_prompt),
            **asdict(question.settings),
        },
        answers=tuple((name, texts[name], stamps[name]) for name in names),
    )
