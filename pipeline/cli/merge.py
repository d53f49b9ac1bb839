"""The verb merge: makes a model of its own of a base and an adapter, and proves that it holds."""

import argparse
from pathlib import Path
from typing import get_args

from pipeline.cli.output import Context
from pipeline.cli.queue import standing
from pipeline.cli.request import system_prompt
from pipeline.errors import DoesNotHold
from pipeline.merge import jobs
from pipeline.merge.config import Dtype
from pipeline.merge.jobs import Merge, MergeRequest
from pipeline.merge.report import summary
from pipeline.train import jobs as runs
from pipeline.workspace import Workspace

_DOING = {
    "loading": "Loading base and adapter …",
    "asking": "Asking base and adapter 20 prompts …",
    "merging": "Merging and writing …",
    "checking": "Loading what was written, and asking it the same …",
}


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("merge", help="merge a run's adapter into its base")
    verb.add_argument("run", type=int)
    verb.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to make")
    verb.add_argument("--checkpoint", default="", metavar="step-N", help="instead of the adapter")
    verb.add_argument("--dtype", choices=get_args(Dtype), default="auto", help="auto: the base's")
    verb.add_argument("--shard-size", default="5GB", help="of the largest file (default: 5GB)")
    verb.add_argument(
        "--system-prompt",
        metavar="model|none|TEXT",
        help="another one for the merged model (default: as it stands with the adapter)",
    )
    verb.add_argument("--device", default="cpu", help="auto, cpu, cuda:N or mps (default: cpu)")
    verb.add_argument(
        "--check", action="store_true", help="only hold the model in DIR against base and adapter"
    )
    verb.set_defaults(do=_merge)


def _merge(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    prompt = arguments.system_prompt
    if runs.read(workspace, arguments.run).config.settings.quantization != "none":
        context.progress(
            "note: the run held its base in fewer bits (QLoRA); the merged model is made of the "
            "whole base and may answer a little otherwise."
        )
    merge = jobs.launch(
        workspace,
        MergeRequest(
            run=arguments.run,
            out=arguments.out,
            checkpoint=arguments.checkpoint,
            dtype=arguments.dtype,
            shard_size=arguments.shard_size,
            device=arguments.device,
            system_prompt=None if prompt is None else system_prompt(prompt),
            only_checks=arguments.check,
        ),
    )
    if merge.work.state == "queued":
        where = standing(workspace, merge.folder, merge.config.device)
        context.progress(f"Merge {merge.id} {where}.")
    merge = _over(context, workspace, merge)
    if merge.work.state in ("stopped", "cancelled"):
        context.progress("Stopped; nothing of it was kept.")
        return 130
    result: dict[str, object] = {"folder": merge.config.out}
    if merge.merged:
        result |= summary(merge.merged)
        _say(context, merge)
    context.result(result | {"holds": merge.work.is_finished, "report": str(merge.folder)})
    if not merge.work.is_finished:
        raise DoesNotHold(merge.work.failure.message if merge.work.failure else "It did not hold.")
    return 0


def _say(context: Context, merge: Merge) -> None:
    if merge.merged is None:
        return
    found = merge.merged.equivalence
    context.say(
        f"{found.same_greedy_answers} of {len(found.rows)} greedy answers are those of base and "
        f"adapter; logits differ by up to {found.largest_logit_difference:.2g} (rounding to "
        f"{found.dtype} explains {found.tolerance:g}; the adapter itself changes them by up to "
        f"{found.largest_from_base:.3g})."
    )
    if merge.work.is_finished:
        context.say(merge.config.out)


def _over(context: Context, workspace: Workspace, merge: Merge) -> Merge:
    """Stay until the merge is over; Ctrl-C stops it."""
    told = ""

    def tell(now: Merge) -> None:
        nonlocal told
        if now.work.progress.phase != told:
            told = now.work.progress.phase
            context.progress(_DOING.get(told, told))

    try:
        return jobs.wait(workspace, merge.id, tell)
    except KeyboardInterrupt:
        jobs.stop(workspace, merge.id)
        return jobs.wait(workspace, merge.id)
