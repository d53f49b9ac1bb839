"""The verb handover: model card, vLLM, Ollama, GGUF for an adapter or a merged model."""

import argparse
from pathlib import Path

from pipeline.cli.output import Context
from pipeline.handover import card, ollama
from pipeline.handover import subject as subjects
from pipeline.handover.ollama import MODELFILE
from pipeline.handover.subject import Subject
from pipeline.handover.vllm import NotForVllm, command
from pipeline.jsonio import write_atomic


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("handover", help="card, vLLM command and Modelfile of a model")
    verb.add_argument("model", help="a run's number, or a merged model's name or folder")
    verb.add_argument("--checkpoint", default="", metavar="step-N", help="of a run")
    verb.set_defaults(do=_handover)


def _handover(arguments: argparse.Namespace, context: Context) -> int:
    found = subjects.subject(context.workspace(), arguments.model, arguments.checkpoint)
    written = [card.write(context.workspace(), found)]
    told: dict[str, object] = {"model": found.name, "folder": str(found.folder)}
    told |= _vllm(context, found)
    if found.merged:
        told |= _ollama(context, found, written)
    else:
        context.say(
            "\nOllama, GGUF: merge it first, then hand the merged model over:\n"
            f"  python -m pipeline merge {arguments.model} --out DIR"
        )
    context.say("\nWritten: " + ", ".join(map(str, written)))
    context.result({**told, "files": [str(path) for path in written]})
    return 0


def _vllm(context: Context, found: Subject) -> dict[str, object]:
    try:
        vllm = command(found)
    except NotForVllm as reason:
        context.say(str(reason))
        return {"vllm": None, "why_not_vllm": str(reason)}
    context.say(f"vLLM (then ask it for the model {vllm.model}):\n{vllm.line}")
    return {"vllm": list(vllm.arguments)}


def _ollama(context: Context, found: Subject, written: list[Path]) -> dict[str, object]:
    made = ollama.modelfile(found)
    path = found.folder / MODELFILE
    write_atomic(path, made.text.encode())
    written.append(path)
    context.say(f"\nOllama:\n  ollama create {found.name} -f {path}")
    if made.needs_gguf:
        context.say("  It may not read this family's safetensors: make a GGUF file first.")
    if made.untranslated:
        context.say(f"  {made.untranslated}")
    return {"modelfile": str(path), "needs_gguf": made.needs_gguf}
