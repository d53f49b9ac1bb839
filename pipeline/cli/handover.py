"""The verb handover: model card, vLLM, Ollama, GGUF for an adapter or a merged model."""

import argparse
from pathlib import Path
from typing import get_args

from pipeline.cli.output import Context
from pipeline.errors import DoesNotHold
from pipeline.handover import card, hub, jobs, ollama
from pipeline.handover import subject as subjects
from pipeline.handover.jobs import Job, Outtype
from pipeline.handover.ollama import MODELFILE
from pipeline.handover.subject import Subject
from pipeline.handover.vllm import NotForVllm, command
from pipeline.jsonio import write_atomic


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("handover", help="card, vLLM command and Modelfile of a model")
    verb.add_argument("model", help="a run's number, or a merged model's name or folder")
    verb.add_argument("--checkpoint", default="", metavar="step-N", help="of a run")
    verb.add_argument(
        "--gguf", choices=get_args(Outtype), help="also make a GGUF file of a merged model"
    )
    verb.add_argument("--push", metavar="OWNER/NAME", help="what would go to the hub; see --yes")
    verb.add_argument("--yes", action="store_true", help="do push it; the token is in $HF_TOKEN")
    verb.add_argument("--public", action="store_true", help="for everybody to see")
    verb.add_argument("--base-name", default="", help="what the base is called on the hub")
    verb.set_defaults(do=_handover)


def _handover(arguments: argparse.Namespace, context: Context) -> int:
    found = subjects.subject(context.workspace(), arguments.model, arguments.checkpoint)
    written = [card.write(context.workspace(), found)]
    told: dict[str, object] = {"model": found.name, "folder": str(found.folder)}
    told |= _vllm(context, found)
    if found.merged:
        made = _gguf(context, found, arguments.gguf) if arguments.gguf else None
        told |= _ollama(context, found, made, written)
    else:
        context.say(
            "\nOllama, GGUF: merge it first, then hand the merged model over:\n"
            f"  python -m pipeline merge {arguments.model} --out DIR"
        )
    context.say("\nWritten: " + ", ".join(map(str, written)))
    told["files"] = [str(path) for path in written]
    if arguments.push:
        told["push"] = _push(arguments, context, found)
    context.result(told)
    return 0


def _gguf(context: Context, found: Subject, outtype: Outtype) -> Path:
    """Make a GGUF file and stay until it is there; DoesNotHold says why it is not."""
    workspace = context.workspace()
    plan = jobs.gguf_plan(workspace, found.folder, outtype)
    context.progress(f"Making {plan.out} with llama.cpp's converter …")
    _over(context, jobs.launch(workspace, plan))
    return Path(plan.out)


def _push(arguments: argparse.Namespace, context: Context, found: Subject) -> dict[str, object]:
    """Tell what would be pushed, and push it where --yes says so."""
    workspace = context.workspace()
    offered = hub.offer(
        workspace,
        found,
        arguments.push,
        is_private=not arguments.public,
        base_name=arguments.base_name,
    )
    who = "everybody" if arguments.public else "you alone"
    context.say(
        f"\nTo {arguments.push}, for {who} to see: {', '.join(('README.md', *offered.files))} "
        f"({offered.size_bytes / 1e6:.1f} MB). The base is called {offered.plan.base_name}."
    )
    told: dict[str, object] = {
        "repository": arguments.push,
        "private": not arguments.public,
        "files": ["README.md", *offered.files],
        "address": None,
    }
    if not arguments.yes:
        context.say("Nothing was pushed. To push it, say the same with --yes.")
        return told
    hub.check_token()
    done = _over(context, jobs.launch(workspace, offered.plan))
    context.say(f"Pushed: {done.result.get('address')}")
    return told | {"address": done.result.get("address")}


def _over(context: Context, job: Job) -> Job:
    """Stay until a job is over; Ctrl-C stops it. DoesNotHold says why it failed."""
    workspace = context.workspace()
    try:
        job = jobs.wait(workspace, job.id)
    except KeyboardInterrupt:
        jobs.stop(workspace, job.id)
        job = jobs.wait(workspace, job.id)
    if job.work.state != "finished":
        failure = job.work.failure
        raise DoesNotHold(failure.message if failure else "It was stopped; nothing was kept.")
    return job


def _vllm(context: Context, found: Subject) -> dict[str, object]:
    try:
        vllm = command(found)
    except NotForVllm as reason:
        context.say(str(reason))
        return {"vllm": None, "why_not_vllm": str(reason)}
    context.say(f"vLLM (then ask it for the model {vllm.model}):\n{vllm.line}")
    return {"vllm": list(vllm.arguments)}


def _ollama(
    context: Context, found: Subject, gguf: Path | None, written: list[Path]
) -> dict[str, object]:
    made = ollama.modelfile(found, gguf)
    path = found.folder / MODELFILE
    write_atomic(path, made.text.encode())
    written.append(path)
    context.say(f"\nOllama:\n  ollama create {found.name} -f {path}")
    if made.needs_gguf:
        context.say("  It may not read this family's safetensors: make a GGUF file first.")
    if made.untranslated:
        context.say(f"  {made.untranslated}")
    told: dict[str, object] = {"modelfile": str(path), "needs_gguf": made.needs_gguf}
    return told | {"gguf": str(gguf) if gguf else None}
