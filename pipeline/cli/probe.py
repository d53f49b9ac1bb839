"""Verbs: replay, known. Both ask the base before training and write what it says to the store."""

import argparse
import time
from collections.abc import Callable
from dataclasses import asdict

from pipeline.cli.database import names, opened
from pipeline.cli.output import Context
from pipeline.cli.request import system_prompt
from pipeline.probe import jobs, known, replay
from pipeline.probe.jobs import Probe
from pipeline.probe.known import KnownOptions
from pipeline.probe.replay import ReplayOptions
from pipeline.workspace import Workspace
from store import datasets, probes
from store.db import Database
from store.record_types import Probe as TakenProbe

_EVERY_S = 5.0


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these verbs to the parser."""
    write = verbs.add_parser("replay", help="let the base write general answers, once")
    write.add_argument("--dataset", default="", help="the new dataset's name (default: replay-…)")
    write.add_argument("--language", choices=["en", "zh", "both"], default="both")
    write.add_argument("--limit", type=int, metavar="N", help="only N prompts of the list")
    write.add_argument("--max-new-tokens", type=int, default=256, metavar="N")
    write.add_argument("--again", action="store_true", help="even if this base wrote one before")
    write.set_defaults(do=_replay)

    ask = verbs.add_parser("known", help="tag what the base knows of the pairs already")
    ask.add_argument("--datasets", required=True, help="names, separated by commas")
    ask.add_argument("--samples", type=int, default=known.SAMPLES, help="beside the greedy answer")
    ask.add_argument("--temperature", type=float, default=0.8)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--limit", type=int, metavar="N", help="only N pairs of each dataset")
    ask.add_argument("--max-new-tokens", type=int, default=64, metavar="N")
    ask.set_defaults(do=_known)
    for verb in (write, ask):
        verb.add_argument("--model", required=True, help="a model's name in the workspace, or dir")
        verb.add_argument("--device", default="auto", help="auto, cpu, cuda:N or mps")
        verb.add_argument("--system-prompt", default="none", help="as for train")
        verb.add_argument("--trust-remote-code", action="store_true")


def _replay(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    model = workspace.model(arguments.model)
    with opened(context) as db:
        before = None if arguments.again else replay.known(db, workspace, model)
        if before is not None:
            context.progress("This base wrote a replay before; --again writes another.")
            return _told_replay(context, db, before)
    options = ReplayOptions(
        language=arguments.language,
        limit=arguments.limit,
        max_new_tokens=arguments.max_new_tokens,
        system_prompt=system_prompt(arguments.system_prompt),
        device=arguments.device,
        trust_remote_code=arguments.trust_remote_code,
    )
    probe = _over(context, workspace, replay.launch(workspace, model, options))
    if not probe.work.is_finished:
        return _failed(context, probe)
    with opened(context) as db:
        return _told_replay(context, db, replay.take(db, workspace, probe, arguments.dataset))


def _told_replay(context: Context, db: Database, taken: TakenProbe) -> int:
    name = datasets.get(db, taken.dataset_id).name if taken.dataset_id else ""
    context.say(
        f"{taken.taken} general pairs in {name}, written by the base; {taken.left_out} answers "
        "were left out, cut off or empty."
    )
    context.result(
        {
            "dataset": name,
            "pairs": taken.taken,
            "left_out": taken.left_out,
            "base": taken.base,
            "base_sha256": taken.base_sha256,
            "prompts": taken.source,
            "settings": taken.settings,
            "folder": taken.folder,
        }
    )
    return 0


def _known(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    model = workspace.model(arguments.model)
    chosen = names(arguments.datasets)
    with opened(context) as db:
        asked = known.questions(db, chosen, arguments.limit)
    options = KnownOptions(
        samples=arguments.samples,
        temperature=arguments.temperature,
        seed=arguments.seed,
        max_new_tokens=arguments.max_new_tokens,
        system_prompt=system_prompt(arguments.system_prompt),
        device=arguments.device,
        trust_remote_code=arguments.trust_remote_code,
    )
    probe = known.launch(workspace, model, chosen, asked, options)
    probe = _over(context, workspace, probe)
    if not probe.work.is_finished:
        return _failed(context, probe)
    with opened(context) as db:
        taken = known.take(db, workspace, probe)
        ids = {datasets.by_name(db, name).id: name for name in chosen}
        shares = probes.shares(db, probe.config.base_sha256, list(ids))
    for dataset_id, share in shares.items():
        context.say(
            f"{ids[dataset_id]}: {share.known} known, {share.sometimes} sometimes, "
            f"{share.unknown} unknown, {share.open} not judged, of {share.total} pairs"
        )
    context.result(
        {
            "judged": taken.taken,
            "base": taken.base,
            "base_sha256": taken.base_sha256,
            "settings": taken.settings,
            "datasets": {ids[number]: asdict(share) for number, share in shares.items()},
        }
    )
    return 0


def _over(context: Context, workspace: Workspace, probe: Probe) -> Probe:
    """Stay until the probe is over; Ctrl-C stops it and keeps its answers."""
    told = f"Asking the base on {probe.config.device}: {probe.config.answer_count} answers"
    context.progress(f"{told} ({probe.folder})")
    try:
        return jobs.wait(workspace, probe.id, _narrator(context))
    except KeyboardInterrupt:
        jobs.stop(workspace, probe.id)
        context.progress("\nStopped; the answers so far are kept. The same command goes on.")
        return jobs.wait(workspace, probe.id)


def _failed(context: Context, probe: Probe) -> int:
    failure = probe.work.failure
    context.progress(failure.message if failure else f"The probe is {probe.work.state}.")
    context.result({"state": probe.work.state, "folder": str(probe.folder)})
    return 130 if probe.work.state == "stopped" else 1


def _narrator(context: Context) -> Callable[[Probe], None]:
    told_at = 0.0

    def tell(probe: Probe) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _EVERY_S and probe.work.progress.phase == "asking":
            told_at = time.monotonic()
            context.progress(f"  {probe.work.progress.done} of {probe.config.answer_count} answers")

    return tell
