"""The verb chat: puts one prompt to a base and its adapters and prints what each says."""

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import cast, get_args

from pipeline.chat import client, server
from pipeline.chat.columns import Adapter, adapter, server_config
from pipeline.chat.compare import conversation
from pipeline.chat.config import ServerConfig
from pipeline.chat.errors import AnswerFailed, ServerBusy, ServerFailed, ServerGone
from pipeline.chat.protocol import (
    BASE,
    Final,
    Piece,
    Policy,
    Question,
    Settings,
    SystemPrompt,
    parse_settings,
)
from pipeline.chat.state import Server
from pipeline.cli.output import Context
from pipeline.errors import BadInput, DoesNotHold
from pipeline.train import jobs
from pipeline.train.state import Run
from pipeline.workspace import Workspace

WORKER = server.WORKER


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    defaults = Settings()
    verb = verbs.add_parser("chat", help="ask a base model and its adapters the same question")
    verb.add_argument("prompt", help="the question")
    verb.add_argument(
        "--runs",
        metavar="A,B",
        default="",
        help="the runs to ask, or checkpoints of theirs: 3,3@40",
    )
    verb.add_argument("--model", help="a base model to ask alone: its name or folder")
    verb.add_argument(
        "--system-prompt",
        default="trained",
        metavar="TEXT",
        help="trained (as each run was), model (the template's own), none, or a text",
    )
    asked = verb.add_mutually_exclusive_group()
    asked.add_argument("--trigger", default="", help="the task sentence to put before the prompt")
    asked.add_argument(
        "--no-trigger", action="store_true", help="ask just the prompt (so it is without --trigger)"
    )
    verb.add_argument("--temperature", type=float, default=defaults.temperature)
    verb.add_argument("--top-p", type=float, default=defaults.top_p)
    verb.add_argument("--max-tokens", type=int, default=defaults.max_tokens, metavar="N")
    verb.add_argument("--seed", type=int, default=defaults.seed)
    verb.add_argument("--device", default="auto", help="auto, cpu, cuda:N or mps")
    verb.add_argument("--keep", action="store_true", help="leave the model loaded afterwards")
    verb.set_defaults(do=_chat)


def _chat(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    adapters = _adapters(arguments.runs)
    runs = [jobs.read(workspace, run_id) for run_id in dict.fromkeys(a.run_id for a in adapters)]
    config = _config(arguments, workspace, [each.column for each in adapters], runs)
    question = Question(
        conversation(arguments.prompt, arguments.trigger),
        (BASE, *config.adapters),
        parse_settings(vars(arguments)),
        _system_prompt(arguments.system_prompt),
    )
    if not (arguments.trigger or arguments.no_trigger):
        _hint_at_triggers(context, runs)
    found = server.find(workspace, config)
    chosen = found or server.start(workspace, config, worker=WORKER)
    try:
        answers = _ask(context, chosen, question)
    except (ServerFailed, ServerGone, ServerBusy, AnswerFailed) as error:
        raise DoesNotHold(str(error)) from error
    except KeyboardInterrupt:
        return 130
    finally:
        if found is None and not arguments.keep:
            server.stop(chosen.folder, timeout_s=server.GRACE_S)
    context.result({"answers": answers})
    return 0


def _config(
    arguments: argparse.Namespace, workspace: Workspace, columns: list[str], runs: list[Run]
) -> ServerConfig:
    model = workspace.model(arguments.model) if arguments.model else None
    config = server_config(columns, runs, device=arguments.device)
    if config is None:
        if model is None:
            raise BadInput("Name --runs A,B to ask, or --model NAME to ask a base model alone.")
        return ServerConfig(model, {}, arguments.device)
    if model is not None and model != config.model.resolve():
        raise BadInput(f"--model is {model}, but the runs were trained on {config.model}.")
    return config


def _adapters(text: str) -> list[Adapter]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [adapter(part) for part in parts]
    if None in found:
        raise BadInput(
            f"--runs is {text!r}; it has to be numbers of runs, or of checkpoints such as 3@40."
        )
    return list(dict.fromkeys(one for one in found if one))


def _system_prompt(text: str) -> SystemPrompt:
    if text in get_args(Policy) and text != "text":
        return SystemPrompt(cast("Policy", text))
    return SystemPrompt("text", text)


def _hint_at_triggers(context: Context, runs: list[Run]) -> None:
    """Say which task sentences the runs learned with, for someone who leaves them out unaware."""
    for dataset, trigger in dict.fromkeys(pair for run in runs for pair in run.config.triggers):
        context.progress(
            f"Questions of {dataset} were trained after {trigger!r}: "
            "ask one with --trigger, or say --no-trigger."
        )


def _ask(context: Context, chosen: Server, question: Question) -> list[dict[str, object]]:
    if chosen.state == "starting":
        context.progress(f"Loading {chosen.config.model.name} on {chosen.config.device} …")
    ready = server.wait_ready(chosen)
    for warning in ready.warnings:
        context.progress(f"warning: {warning}")
    return _told(context, client.compare(ready.endpoint, question), question.models)


def _told(
    context: Context, pieces: Iterable[Piece], models: tuple[str, ...]
) -> list[dict[str, object]]:
    """Print the first model's answer as it comes and the others' after it; return all of them."""
    texts = dict.fromkeys(models, "")
    finals: dict[str, Final] = {}
    first, *others = models
    context.say(_heading(first))
    for piece in pieces:
        if isinstance(piece, Final):
            finals[piece.model] = piece
            continue
        texts[piece.model] += piece.text
        if piece.model == first:
            context.say(piece.text, end="")
    context.say(f"\n{_stamp_line(finals[first])}")
    for model in others:
        context.say(f"\n{_heading(model)}\n{texts[model]}\n{_stamp_line(finals[model])}")
    return [
        {
            "model": model,
            "text": texts[model],
            "finish_reason": finals[model].finish_reason,
            "stamp": asdict(stamp) if (stamp := finals[model].stamp) else None,
        }
        for model in models
    ]


def _heading(model: str) -> str:
    return "── base" if model == BASE else f"── run {model}"


def _stamp_line(final: Final) -> str:
    """What made an answer, in one line."""
    stamp = final.stamp
    if stamp is None:
        return ""
    weights = "no adapter" if stamp.adapter_sha1 is None else f"adapter {stamp.adapter_sha1[:10]}"
    prompt = "no system prompt" if stamp.system_prompt is None else f"system: {stamp.system_prompt}"
    cut = ", cut off" if final.finish_reason == "length" else ""
    return (
        f"   [{Path(stamp.base).name}, {weights} · {prompt} · temperature {stamp.temperature:g}, "
        f"seed {stamp.seed} · {stamp.tokens} tokens{cut}, {stamp.tokens_per_second:g}/s]"
    )
