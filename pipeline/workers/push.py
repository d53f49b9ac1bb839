"""Pushes a model to a hub: `python -m pipeline.workers.push HANDOVER_FOLDER`.

The token comes from the environment and is written nowhere, neither in a file nor in an event. A
repository that is there and public takes nothing that was to be private.
"""

import os
import shutil
import time
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from pipeline.errors import BadInput, DoesNotHold, PipelineError
from pipeline.handover.hub import TOKEN, NoToken, pushed
from pipeline.handover.jobs import PushPlan, read_plan
from pipeline.jsonio import read_json, write_json
from pipeline.said import Said
from pipeline.workers.events import Events
from pipeline.workers.process import ShouldStop, run, start, unexpected

_SETTINGS = "adapter_config.json"


def push(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Push one model and write the result."""
    started = time.monotonic()
    events.tell("state", state="loading")
    plan = read_plan(folder)
    if not isinstance(plan, PushPlan):
        raise BadInput("{folder} holds no plan to push.", folder=folder)
    token = os.environ.get(TOKEN)
    if not token:
        raise NoToken
    api = HfApi(token=token)
    staged = folder / "staged"
    try:
        stage(plan, staged)
        events.tell("state", state="pushing")
        address = str(api.create_repo(plan.repository, private=plan.is_private, exist_ok=True))
        if plan.is_private and not api.model_info(plan.repository).private:
            raise DoesNotHold(
                "{repository} is there already and public, and this was to be private. Nothing was "
                "pushed.",
                repository=plan.repository,
            )
        api.upload_folder(
            repo_id=plan.repository, folder_path=staged, commit_message="Push with Graft"
        )
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    took = round(time.monotonic() - started, 3)
    write_json(folder / "result.json", {"state": "finished", "seconds": took, "address": address})
    events.tell("end", state="finished")


def stage(plan: PushPlan, staged: Path) -> None:
    """Lay out what is pushed: no path of this machine is among it."""
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    for path in pushed(Path(plan.model)):
        target = staged / path.name
        try:
            target.hardlink_to(path)
        except OSError:
            shutil.copy2(path, target)
    settings = staged / _SETTINGS
    if settings.exists():
        value = read_json(settings)
        settings.unlink()  # Else the adapter's own file would be written in.
        write_json(settings, {**value, "base_model_name_or_path": plan.base_name})
    (staged / "README.md").write_text(plan.card, encoding="utf-8")


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Push one model to its end; the exit code is 0 unless it failed."""
    return run(folder, push, _explained, is_terminated)


def _explained(error: Exception) -> tuple[str, Said]:
    """Return the class of a failure and words that a person can act on; never the token."""
    if isinstance(error, PipelineError):
        return "model", error.said
    if isinstance(error, HfHubHTTPError):
        said = str(error.server_message or error).strip().split("\n")[0]
        return "refused", _bare(
            Said("The hub refused it: {said}. What it has taken so far stays there.", said=said)
        )
    if isinstance(error, OSError):
        return "disk", _bare(Said("The hub or a file could not be reached: {error}.", error=error))
    kind, words = unexpected(error)
    return kind, _bare(words)


def _bare(words: Said) -> Said:
    token = os.environ.get(TOKEN)
    return Said(words.replace(token, "…")) if token and token in words else words


if __name__ == "__main__":
    start(main)
