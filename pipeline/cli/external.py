"""The verb external: the OpenAI-compatible servers that can be asked beside our own models."""

import argparse
from dataclasses import replace

from pipeline.chat import external, external_servers
from pipeline.chat.errors import ChatError
from pipeline.chat.external import External
from pipeline.cli.output import Context
from pipeline.errors import BadInput, DoesNotHold
from pipeline.workspace import Workspace


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("external", help="OpenAI-compatible servers to compare with")
    verb.add_argument("name", nargs="?", help="a server; without one, all are listed")
    verb.add_argument("--url", help="adds it: the address, such as http://host:8000/v1")
    verb.add_argument("--model", help="what the server calls the model")
    verb.add_argument(
        "--key-variable", metavar="NAME", help="the environment variable that holds its key"
    )
    done = verb.add_mutually_exclusive_group()
    done.add_argument("--try", dest="tries", action="store_true", help="ask it for a word")
    done.add_argument("--remove", action="store_true", help="forget it, and its key")
    verb.set_defaults(do=_external)


def _external(arguments: argparse.Namespace, context: Context) -> int:
    workspace = context.workspace()
    if arguments.name is None:
        return _list(context, workspace)
    if arguments.remove:
        external_servers.remove(workspace, arguments.name)
        context.say(f"{arguments.name} is forgotten, and its key.")
        context.result({"removed": arguments.name})
        return 0
    server = _put(arguments, workspace)
    if server.shows_key:
        context.progress("warning: its key travels unencrypted; use https, or a tunnel.")
    answer = _tried(context, server) if arguments.tries else {}
    context.say(_line(server))
    context.result({**_as_json(server), **answer})
    return 0


def _put(arguments: argparse.Namespace, workspace: Workspace) -> External:
    """Add or change the server as the arguments say; without any it is only looked up."""
    given = {
        "url": arguments.url,
        "model": arguments.model,
        "key_variable": arguments.key_variable,
    }
    given = {name: value for name, value in given.items() if value is not None}
    is_known = any(each.name == arguments.name for each in external_servers.listed(workspace))
    if is_known or not given:
        server = replace(external_servers.get(workspace, arguments.name), **given)
    elif arguments.url and arguments.model:
        server = External(arguments.name, **given)
    else:
        raise BadInput("To add a server, name its --url and its --model.")
    if given:
        external_servers.put(workspace, server)
    return server


def _tried(context: Context, server: External) -> dict[str, object]:
    try:
        tried = external.try_out(server)
    except ChatError as error:
        raise DoesNotHold(str(error)) from error
    context.say(f"It said {tried.answer!r} after {tried.first_text_s:.2f} s.")
    if tried.offers:
        context.say(f"It offers {', '.join(tried.offers)}.")
    return {"answer": tried.answer, "first_text_s": tried.first_text_s, "offers": tried.offers}


def _list(context: Context, workspace: Workspace) -> int:
    found = external_servers.listed(workspace)
    for server in found:
        context.say(_line(server))
    if not found:
        context.say("None yet. Add one: python -m pipeline external NAME --url URL --model MODEL")
    context.result({"servers": [_as_json(server) for server in found]})
    return 0


def _line(server: External) -> str:
    key = f"key from ${server.key_variable}" if server.key_variable else ""
    key = key or ("key kept in the workspace" if server.key else "no key")
    return f"{server.name}  {server.model} at {server.url}  ({key})"


def _as_json(server: External) -> dict[str, object]:
    """Return what --json says of a server: all but its key."""
    return {
        "name": server.name,
        "url": server.url,
        "model": server.model,
        "key_variable": server.key_variable,
        "has_key": bool(server.key),
    }
