"""Base and adapter for one prompt: Graft's batch against the ways there are without it.

    python -m benchmarks.compare --model data/model-cache/smollm2-135m-instruct

Each contender is a process of its own with one thread, and answers the same prompt greedily: the
base alone (by transformers as it comes, and by Graft), two models in turn, PEFT's `disable_adapter`
in turn, PEFT's mixed batch, Graft's. The adapter has random weights: what it says is no matter.
With `--device cuda:0` in the number format that Graft chooses there; memory is then the GPU's.
"""

# ruff: noqa: PLC0415 - a contender imports what it measures in a process of its own
import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Cost, measured

PROMPT = "What should I look for when I buy an old guitar? 买旧吉他要注意什么？"
Timing = dict[str, float]
DEVICE = "GRAFT_BENCH_DEVICE"
"""Tells the contenders where to compute."""


def main() -> None:
    """Run every contender and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu", help="cpu, or a GPU: cuda:0")
    given = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", DEVICE: given.device}
    contenders = (base_alone, graft_base, two_models, disable_in_turn, peft_mixed, graft_mixed)
    with tempfile.TemporaryDirectory() as home:
        adapter = measured(make_adapter, given.model, Path(home) / "adapter").value
        print(
            "| contender | s | × base alone | first token s (base, adapter) | peak MB | × memory |"
        )
        print("|---|---|---|---|---|---|")
        first: tuple[float, float] | None = None
        for contender in contenders:
            cost = measured(contender, given.model, Path(str(adapter)), given.tokens, given.rounds)
            first = print_row(contender.__name__, cost, first)


def print_row(name: str, cost: Cost, first: tuple[float, float] | None) -> tuple[float, float]:
    """Print one contender beside the first one, and return the first."""
    timing = cost.value
    assert isinstance(timing, dict)
    seconds, peak = timing["seconds"], timing.get("gpu_bytes", cost.peak_bytes)
    whole, memory = first or (seconds, peak)
    starts = ", ".join(f"{timing[key]:.2f}" for key in ("base", "adapter") if key in timing)
    print(
        f"| {name.replace('_', ' ')} | {seconds:.2f} | {seconds / whole:.2f} "
        f"| {timing['wall_s']:.2f} | {starts} "
        f"| {peak / 1e6:,.0f} | {peak / memory:.2f} |",
        flush=True,
    )
    return whole, memory


def make_adapter(model: Path, folder: Path) -> str:
    """Write an adapter of rank 16 on all linear layers with random weights."""
    import torch
    from peft import LoraConfig, get_peft_model

    base, _ = load(model)
    lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear")
    attached = get_peft_model(base, lora)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weights in attached.named_parameters():
            if "lora_B" in name:
                weights.normal_(0, 0.02)
    attached.save_pretrained(folder)
    return str(folder)


def base_alone(model: Path, adapter: Path, tokens: int, rounds: int) -> Timing:
    """The base by transformers, nothing else."""
    base, ids = load(model)
    return timed(lambda: {"base": stream(base, ids, tokens)}, rounds)


def graft_base(model: Path, adapter: Path, tokens: int, rounds: int) -> Timing:
    """The base by Graft's serving process, no adapter asked."""
    return timed(graft(model, adapter, ("base",), tokens), rounds)


def two_models(model: Path, adapter: Path, tokens: int, rounds: int) -> Timing:
    """The base and a second one with the adapter, one after the other."""
    from peft import PeftModel

    base, ids = load(model)
    other = PeftModel.from_pretrained(load(model)[0], adapter).eval()
    return timed(
        lambda: in_turn(lambda: stream(base, ids, tokens), lambda: stream(other, ids, tokens)),
        rounds,
    )


def disable_in_turn(model: Path, adapter: Path, tokens: int, rounds: int) -> Timing:
    """One model, its adapter switched off and on."""
    from peft import PeftModel

    base, ids = load(model)
    attached = PeftModel.from_pretrained(base, adapter).eval()

    def off() -> float:
        with attached.disable_adapter():
            return stream(attached, ids, tokens)

    return timed(lambda: in_turn(off, lambda: stream(attached, ids, tokens)), rounds)


def peft_mixed(model: Path, adapter: Path, tokens: int, rounds: int) -> Timing:
    """PEFT's own mixed batch."""
    from peft import PeftModel

    base, ids = load(model)
    attached = PeftModel.from_pretrained(base, adapter).eval()
    names = ["__base__", "default"]

    def both() -> Timing:
        first = stream(attached, ids.expand(2, -1), tokens, adapter_names=names)
        return {"base": first, "adapter": first}

    return timed(both, rounds)


def graft_mixed(model: Path, adapter: Path, tokens: int, rounds: int) -> Timing:
    """Base and adapter by Graft's serving process."""
    return timed(graft(model, adapter, ("base", "adapter"), tokens), rounds)


def load(model: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201 - torch is not imported here
    """Return the base and the ids of the prompt."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from pipeline.workers.model import choose_device, choose_dtype

    torch.set_num_threads(1)
    device = choose_device(os.environ[DEVICE])
    base = AutoModelForCausalLM.from_pretrained(model, dtype=choose_dtype(device))
    ids = AutoTokenizer.from_pretrained(model)(PROMPT, return_tensors="pt").input_ids
    return base.to(device).eval(), ids.to(device)


def stream(model, ids, tokens: int, **options: object) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Generate exactly so many tokens; return the seconds until the first."""
    import torch

    began, first = time.perf_counter(), []

    class Listener:
        puts = 0

        def put(self, value: object) -> None:
            self.puts += 1
            if self.puts == 2:  # the prompt comes first
                first.append(time.perf_counter() - began)

        def end(self) -> None:
            pass

    with torch.no_grad():
        model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
            pad_token_id=0,
            streamer=Listener(),
            **options,
        )
    return first[0]


def graft(model: Path, adapter: Path, names: tuple[str, ...], tokens: int) -> Callable[[], Timing]:
    """Return what answers as the serving process does; loading is not timed."""
    import torch

    from pipeline.chat.config import ServerConfig
    from pipeline.chat.protocol import Settings
    from pipeline.workers.generate import Request, generate
    from pipeline.workers.holding import hold

    torch.set_num_threads(1)
    held = hold(ServerConfig(model, {"adapter": adapter}, device=os.environ[DEVICE]))
    held.model.generation_config.eos_token_id = held.model.config.vocab_size - 1
    ids = tuple(held.tokenizer(PROMPT).input_ids)

    def answer() -> Timing:
        requests = [Request(name, ids) for name in names]
        given = generate(held.model, held.tokenizer, requests, Settings(max_tokens=tokens))
        return {name: done.first_token_s for name, done in zip(names, given, strict=True)}

    return answer


def in_turn(first: Callable[[], float], second: Callable[[], float]) -> Timing:
    """Answer twice; the second one's first token waits for the first answer."""
    began = time.perf_counter()
    base = first()
    waited = time.perf_counter() - began
    return {"base": base, "adapter": waited + second()}


def timed(answer: Callable[[], Timing], rounds: int) -> Timing:
    """Return the least processor time of some rounds after a first one, and its wall time.

    With one thread the two are the same on a quiet machine, and the first is fairer on another. A
    GPU works beside the processor, so that only the clock on the wall counts there.
    """
    import torch

    is_gpu = os.environ[DEVICE] != "cpu"
    answer()
    found: list[tuple[float, float, Timing]] = []
    for _ in range(rounds):
        began, worked = time.perf_counter(), time.process_time()
        starts = answer()
        wall_s = time.perf_counter() - began
        found.append((wall_s if is_gpu else time.process_time() - worked, wall_s, starts))
    seconds, wall_s, starts = min(found, key=lambda each: each[0])
    memory = {"gpu_bytes": float(torch.cuda.max_memory_allocated())} if is_gpu else {}
    return {"seconds": seconds, "wall_s": wall_s, **memory, **starts}


if __name__ == "__main__":
    main()
