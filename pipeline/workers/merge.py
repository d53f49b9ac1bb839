"""Merges an adapter into its base: `python -m pipeline.workers.merge MERGE_FOLDER`.

Reads `config.json`, appends to `events.jsonl`, writes the model into a hidden folder beside the one
that was asked for, loads it from there anew, and holds it against base and adapter. Only what
holds gets its name, by rename. `merge.json` has the report, also of what was refused.
"""

import gc
import hashlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.errors import BadInput, Cancelled, PipelineError
from pipeline.jsonio import read_json, write_json
from pipeline.merge import config, report
from pipeline.merge.config import MergeConfig
from pipeline.merge.prompts import PROMPTS
from pipeline.merge.report import Equivalence, Merged
from pipeline.models import catalog
from pipeline.models.fingerprint import weights_sha256
from pipeline.models.template import default_system_prompt, with_system_prompt
from pipeline.said import Said
from pipeline.workers.answers import end_ids
from pipeline.workers.equivalence import (
    Reference,
    compare,
    fingerprints,
    read_prompts,
    reference,
)
from pipeline.workers.events import Events
from pipeline.workers.holding import read_weights
from pipeline.workers.memory import is_out_of_memory
from pipeline.workers.model import attach_adapters, load_base, load_tokenizer, special_tokens
from pipeline.workers.process import ShouldStop, run, start, unexpected

ADAPTER = "merged"
_COARSEST_FIRST = ("bfloat16", "float16", "float32")
_GO_ALONG = ("LICENSE*", "NOTICE*", "USE_POLICY*")


class MergeRefused(PipelineError):
    """The merged model does not answer as base and adapter do."""

    def __init__(self, folder: Path, faults: tuple[Said, ...], *, is_kept: bool) -> None:
        self.folder, self.faults = folder, faults
        super().__init__(
            "The merged model {folder.name} is refused. {faults} {what}",
            what=Said("It is left as it is." if is_kept else "Nothing was written."),
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """Base and adapter, ready to be asked and merged."""

    model: PeftModel
    tokenizer: Tokenizer
    dtype: torch.dtype
    """Of the files to be written."""


def merge(folder: Path, events: Events, should_stop: ShouldStop) -> None:
    """Make one merged model, or check one, and write the result."""
    started = time.monotonic()
    events.tell("state", state="loading")
    plan = config.read(folder)
    out = Path(plan.out)
    made = out if plan.only_checks else out.with_name(f".{out.name}.merging")
    try:
        merged = _merged(plan, made, events, should_stop)
        report.write(folder, merged)
        faults = merged.equivalence.faults
        if faults:
            raise MergeRefused(out, faults, is_kept=plan.only_checks)
        if not plan.only_checks:
            report.write(made, merged)
            keep(made, out)
    except Cancelled:
        _end(folder, events, "stopped", started)
        return
    finally:
        if not plan.only_checks:
            shutil.rmtree(made, ignore_errors=True)
    _end(folder, events, "finished", started)


def _merged(plan: MergeConfig, made: Path, events: Events, should_stop: ShouldStop) -> Merged:
    """Ask base and adapter, merge and write them, and ask what was written."""
    whole = load(plan)
    events.tell("state", state="asking")
    known = reference(whole.model, whole.tokenizer, ADAPTER, PROMPTS, should_stop)
    tokenizer, dtype, weights = whole.tokenizer, whole.dtype, {}
    if not plan.only_checks:
        events.tell("state", state="merging")
        weights = write(plan, whole, made)
    del whole  # Only one model at a time has to fit into the memory.
    _free()
    events.tell("state", state="checking")
    found = check(plan, made, known, weights, should_stop)
    return Merged(
        base=plan.base,
        base_sha256=weights_sha256(Path(plan.base), Path(plan.home)),
        run=plan.run,
        checkpoint=plan.checkpoint,
        adapter_sha1=read_weights(Path(plan.adapter)).sha1,
        system_prompt=default_system_prompt(
            str(tokenizer.chat_template), special_tokens(tokenizer)
        ),
        dtype=_name(dtype),
        trained=_trained(Path(plan.adapter)),
        files=_hashes(made),
        equivalence=found,
    )


def load(plan: MergeConfig) -> Whole:
    """Load base and adapter, computing in the finer of the base's format and the one to write."""
    base = Path(plan.base)
    stored_in = catalog.read(base).dtype
    if stored_in not in report.TOLERANCE:
        raise BadInput(
            "{base} is stored as {stored_in}: that cannot be merged into.",
            base=base.name,
            stored_in=stored_in,
        )
    stored = getattr(torch, stored_in)
    dtype = stored if plan.dtype == "auto" else getattr(torch, plan.dtype)
    computed = _name(torch.promote_types(stored, dtype))
    # The launcher shows the process only the GPU that was chosen, so here it is the first.
    device = "cuda:0" if plan.device.startswith("cuda") else plan.device
    plain, _ = load_base(base, device, computed, trust_remote_code=plan.trust_remote_code)
    adapter = Path(plan.adapter)
    has_tokenizer = (adapter / "tokenizer_config.json").is_file()  # One made elsewhere may not.
    tokenizer = load_tokenizer(
        adapter if has_tokenizer else base,
        trust_remote_code=plan.trust_remote_code,
        as_served=True,
    )
    if plan.system_prompt is not None:
        tokenizer.chat_template = with_system_prompt(
            str(load_tokenizer(base, trust_remote_code=plan.trust_remote_code).chat_template),
            plan.system_prompt,
            special_tokens(tokenizer),
        )
    model = attach_adapters(plain, {ADAPTER: adapter})
    return Whole(model.eval(), tokenizer, dtype)


def write(plan: MergeConfig, whole: Whole, made: Path) -> dict[str, str]:
    """Write the merged model with all that belongs to it; return what its weights must be."""
    shutil.rmtree(made, ignore_errors=True)
    merged: PreTrainedModel = whole.model.merge_and_unload(safe_merge=True)
    merged = merged.to(whole.dtype)
    merged.generation_config.eos_token_id = list(end_ids(merged, whole.tokenizer))
    merged.save_pretrained(made, max_shard_size=plan.shard_size, safe_serialization=True)
    whole.tokenizer.save_pretrained(made)
    patterns = (*_GO_ALONG, "*.py") if plan.trust_remote_code else _GO_ALONG
    for pattern in patterns:
        for file in Path(plan.base).glob(pattern):
            shutil.copy2(file, made / file.name)
    return fingerprints(merged, whole.dtype)


def check(
    plan: MergeConfig,
    made: Path,
    known: Reference,
    weights: dict[str, str],
    should_stop: ShouldStop,
) -> Equivalence:
    """Load the model from its folder as anybody would, and hold it against the reference.

    `weights` are the fingerprints that it must have; none where it was written long ago: then its
    own `merge.json` tells what its files must be.
    """
    device = "cuda:0" if plan.device.startswith("cuda") else plan.device
    stored = catalog.read(made).dtype
    model, tokenizer = load_base(made, device, stored, trust_remote_code=plan.trust_remote_code)
    found = fingerprints(model, getattr(torch, stored)) if weights else {}
    changed = {name for name, _ in weights.items() ^ found.items()}
    if before := report.read(made):
        changed |= {name for name, _ in before.files.items() ^ _hashes(made).items()}
    rows = compare(known, model.to(known.dtype), should_stop)
    formats = {stored, _name(known.dtype)}
    return Equivalence(
        rows=rows,
        dtype=next(each for each in _COARSEST_FIRST if each in formats),
        computed_in=_name(known.dtype),
        device=str(model.device),
        changed_weights=tuple(sorted(changed)),
        reads_alike=read_prompts(tokenizer, known.prompts) == known.prompt_ids,
    )


def keep(made: Path, out: Path) -> None:
    """Flush a finished folder to the disk and give it its name."""
    for path in made.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    made.rename(out)


def _end(folder: Path, events: Events, state: str, started: float) -> None:
    took = round(time.monotonic() - started, 3)
    write_json(folder / "result.json", {"state": state, "seconds": took})
    events.tell("end", state=state)


def _trained(adapter: Path) -> dict[str, object]:
    path = adapter / "graft.json"
    return read_json(path) if path.is_file() else {}


def _hashes(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def main(folder: Path, is_terminated: ShouldStop = lambda: False) -> int:
    """Make one merge to its end; the exit code is 0 unless it failed or was refused."""
    return run(folder, merge, _explained, is_terminated)


def _explained(error: Exception) -> tuple[str, Said]:
    """Return the class of a failure and words that a person can act on."""
    if isinstance(error, MergeRefused):
        return "refused", error.said
    if isinstance(error, PipelineError):
        return "model", error.said
    if is_out_of_memory(error):
        return "out_of_memory", Said(
            "The memory of the device does not hold the whole model ({error}). Choose the "
            "device cpu, or a machine with more. Nothing was written.",
            error=error,
        )
    return unexpected(error, Said("Nothing was written."))


if __name__ == "__main__":
    start(main)
