"""Makes a GGUF file of a model: `python -m pipeline.workers.gguf HANDOVER_FOLDER`.

Fetches llama.cpp's converter where it is not there yet, runs it, and reads what came of it: the
chat template and the count of weights must be those of the folder. The file appears by rename.
"""

import subprocess
import time
from pathlib import Path

import gguf

from pipeline.errors import BadInput, Cancelled, DoesNotHold, PipelineError
from pipeline.handover import converter
from pipeline.handover.jobs import GgufPlan, read_plan
from pipeline.jsonio import write_json
from pipeline.models import catalog
from pipeline.processes import log_tail
from pipeline.said import Said
from pipeline.workers.events import Events
from pipeline.workers.process import ShouldStop, run, start, unexpected
from pipeline.workspace import Workspace

_LOOKED_AGAIN_S = 0.2
_GRACE_S = 5.0


def convert(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Make one file and write the result."""
    started = time.monotonic()
    plan = read_plan(folder)
    if not isinstance(plan, GgufPlan):
        raise BadInput("{folder} holds no plan of a GGUF file.", folder=folder)
    out = Path(plan.out)
    unfinished = out.with_name(f".{out.name}.tmp")
    state = "finished"
    try:
        events.tell("state", state="loading")
        tool = converter.ensure(Workspace(Path(plan.home)))
        events.tell("state", state="converting")
        command = tool.command(Path(plan.model), unfinished, plan.outtype)
        _run(command, tool.environment, folder / "converter.log", should_stop)
        events.tell("state", state="checking")
        _check(plan, unfinished)
        unfinished.rename(out)
    except Cancelled:
        state = "stopped"
    finally:
        unfinished.unlink(missing_ok=True)
    took = round(time.monotonic() - started, 3)
    write_json(folder / "result.json", {"state": state, "seconds": took})
    events.tell("end", state=state)


def _run(
    command: list[str], environment: dict[str, str], log: Path, should_stop: ShouldStop
) -> None:
    """Run the converter to its end; DoesNotHold with its last words where it fails."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while process.poll() is None:
                if should_stop():
                    raise Cancelled
                time.sleep(_LOOKED_AGAIN_S)
        finally:
            _end(process)
    if process.returncode != 0:
        last = " ".join(log_tail(log, lines=1))
        raise DoesNotHold("llama.cpp's converter does not take this model: {last}", last=last)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _check(plan: GgufPlan, path: Path) -> None:
    """Read the file as others will; DoesNotHold where it lost something."""
    reader = gguf.GGUFReader(path)
    field = reader.get_field(gguf.Keys.Tokenizer.CHAT_TEMPLATE)
    template = field.contents() if field else ""
    wanted, _ = catalog.chat_template(Path(plan.model))
    if template != wanted:
        raise DoesNotHold("The GGUF file has another chat template than the model. It was removed.")
    if not reader.tensors:
        raise DoesNotHold("The GGUF file holds no weights. It was removed.")


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Make one file to its end; the exit code is 0 unless it failed."""
    return run(folder, convert, _explained, is_terminated)


def _explained(error: Exception) -> tuple[str, Said]:
    """Return the class of a failure and words that a person can act on."""
    if isinstance(error, PipelineError):
        return "model", error.said
    return unexpected(error, Said("Nothing was written."))


if __name__ == "__main__":
    start(main)
