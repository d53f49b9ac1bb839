"""What the Models page shows and reacts with: the tree, merging, another system prompt.

Holds session state under names that start with `models_`; what is chosen stands in the address
(`model=run:8`), so that a reload finds it again. It draws nothing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import streamlit as st

from dashboard import state, watching
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import t
from pipeline.errors import BadInput, DoesNotHold
from pipeline.evaluate import identity, names
from pipeline.handover import subject as subjects
from pipeline.handover.subject import Subject
from pipeline.merge import jobs, lineage, report
from pipeline.merge.config import Dtype
from pipeline.merge.jobs import Merge, MergeRequest
from pipeline.merge.lineage import Node
from pipeline.merge.report import Merged
from pipeline.models import catalog, stored_template
from pipeline.models.catalog import BaseModel
from pipeline.models.template import Policy, SystemPrompt
from pipeline.train import checkpoints
from pipeline.train.state import Run

CHOSEN = "model"
RUN, STEP, DTYPE, SHARDS, DEVICE = (
    f"models_merge_{name}" for name in ("run", "step", "dtype", "shards", "device")
)
SHARD_SIZES = ("1GB", "2GB", "5GB", "10GB")
POLICIES: tuple[Policy, ...] = ("none", "model", "text")


@dataclass(frozen=True, slots=True)
class Shown:
    """The tree, and which of it is looked at."""

    nodes: tuple[Node, ...]
    chosen: Node | None


def shown() -> Shown:
    """Return every model and run, and the one that the address names; else the first."""
    runs = watching.listed()
    models = {model.folder: model for model in catalog.listed(state.workspace())}
    outside = {Path(run.config.model) for run in runs}
    outside |= {Path(each.config.out) for each in _merges() if each.work.is_finished}
    for folder in sorted(outside - models.keys()):
        if (folder / catalog.CONFIG).is_file():
            models[folder] = catalog.read(folder)
    merged = {folder: of for folder in models if (of := _merged(folder))}
    nodes = lineage.tree(tuple(models.values()), runs, merged)
    asked = st.query_params.get(CHOSEN, "")
    first = nodes[0] if nodes else None
    return Shown(nodes, next((node for node in nodes if node.key == asked), first))


def claimed(model: BaseModel) -> tuple[str, ...]:
    """Return the names of a model or maker that a template's own system prompt claims."""
    prompt = model.default_prompt or ""
    return tuple(identity.claims(prompt, names.old_names(model.name, prompt)))


def subject(node: Node) -> Subject:
    """Return what can be handed over of a run or a merged model."""
    if node.merged and node.model:
        return subjects.of_merged(state.workspace(), node.model.folder, node.merged)
    return subjects.of_run(cast("Run", node.run))


def mergeable(nodes: tuple[Node, ...]) -> dict[int, Run]:
    """Return the runs that have something to merge, by number."""
    runs = [node.run for node in nodes if node.kind == "run" and node.run]
    return {run.id: run for run in runs if run.adapter}


def steps(run: Run) -> tuple[int, ...]:
    """Return the steps of a run's checkpoints."""
    return tuple(each.step for each in checkpoints.listed(run.folder))


def latest_merge(run: Run) -> Merge | None:
    """Return the newest merge of a run while it is at work, or if it failed; else None."""
    newest = next((each for each in _merges() if each.config.run == run.id), None)
    is_told = newest and (newest.work.is_active or newest.work.state == "failed")
    return newest if is_told else None


def read_merge(merge_id: int) -> Merge:
    """Return a merge as it is now."""
    return jobs.read(state.workspace(), merge_id)


def suggested_name(run: Run) -> str:
    """Return a free name for the merged model of a run."""
    stem = f"{Path(run.config.model).name}-run-{run.id}"
    taken = {path.name for path in state.workspace().models.iterdir()}
    free = (f"{stem}-{number}" for number in range(2, 1000))
    return stem if stem not in taken else next(name for name in free if name not in taken)


def name_key(run_id: int) -> str:
    """Return where the merged model's name stands, of one run: another's is another model."""
    return f"models_merge_name_{run_id}"


@reaction
def choose(key: str) -> None:
    """Look at another model."""
    st.query_params[CHOSEN] = key


@reaction
def merge() -> None:
    """Start the merge that the dialog describes, and look at its run."""
    given = st.session_state
    run = int(given[RUN])
    name = str(given[name_key(run)]).strip()
    if not name or name.startswith(".") or Path(name).name != name:
        raise BadInput("{name!r} cannot name a folder.", name=name)
    step = given.get(STEP)
    jobs.launch(
        state.workspace(),
        MergeRequest(
            run=run,
            out=state.workspace().models / name,
            checkpoint=f"step-{step}" if step else "",
            dtype=cast("Dtype", given.get(DTYPE, "auto")),
            shard_size=str(given.get(SHARDS, "5GB")),
            device=str(given.get(DEVICE, "cpu")),
        ),
    )
    st.query_params[CHOSEN] = f"run:{run}"


@reaction
def stop(merge_id: int) -> None:
    """End a merge; nothing of it is kept."""
    jobs.stop(state.workspace(), merge_id)


@reaction
def dismiss(merge_id: int) -> None:
    """Forget a merge that failed or was refused."""
    jobs.forget(state.workspace(), merge_id)


@reaction
def store_prompt(folder: Path, base: Path, key: str) -> None:
    """Put the chosen system prompt into the template of an adapter or merged model."""
    policy = cast("Policy", st.session_state[f"{key}_policy"])
    text = str(st.session_state.get(f"{key}_text", ""))
    prompt = SystemPrompt(policy, text if policy == "text" else "")
    stored_template.change_prompt(folder, base, prompt)
    st.session_state.pop(f"{key}_template", None)
    done(t("models.prompt_stored"))


@reaction
def store_template(folder: Path, key: str) -> None:
    """Put a template that the person wrote beside an adapter or into a merged model."""
    stored_template.change_template(folder, str(st.session_state[f"{key}_template"]))
    done(t("models.prompt_stored"))


@reaction
def put_back(folder: Path, key: str) -> None:
    """Put the template of the training back."""
    stored_template.put_back(folder)
    st.session_state.pop(f"{key}_template", None)
    done(t("models.prompt_back"))


def _merges() -> tuple[Merge, ...]:
    return jobs.listed(state.workspace())


def _merged(folder: Path) -> Merged | None:
    try:
        return report.read(folder)
    except DoesNotHold:
        return None  # A model like any other, whose origin nobody knows any more.
