"""Is each row of a mixed batch what its model says when it is loaded alone, by plain transformers?

    python -m benchmarks.alone --model data/model-cache/smollm2-135m-instruct

Three adapters are trained on the samples (LoRA and rsLoRA, three ranks, all layers and only some).
Fifty prompts in Chinese and English, from four to some hundred characters, are answered greedily by
the base and by each adapter in a process of its own, with transformers and PEFT and nothing of
ours, a prompt at a time. Then one serving process holds all four and four clients ask at once, so
that rows of several prompts share a batch. Exit code 1 if one answer differs.
"""

# ruff: noqa: PLC0415 - a contender imports what it measures in a process of its own
import argparse
import json
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import measured
from pipeline import demo
from pipeline.chat import client, server
from pipeline.chat.client import Endpoint
from pipeline.chat.config import ServerConfig
from pipeline.chat.protocol import BASE, Final, Message, Question, Stamp, Text
from pipeline.chat.protocol import Settings as Drawn
from pipeline.publish.export import export
from pipeline.publish.recipe import Recipe
from pipeline.train import jobs
from pipeline.train.config import Settings
from pipeline.train.request import LaunchRequest
from pipeline.workspace import Workspace

TOKENS = 32
CLIENTS = 4
HALF = "\ufffd"
EACH_LANGUAGE = 25
FIRST = "1"
"""The base is asked with the chat template of the first adapter, as on the Compare page."""
RUNS = (
    ("ashmoor-harbour", Settings(rank=8, alpha=16, learning_rate=1e-3, epochs=2)),
    ("yanxi-guqin", Settings(rank=16, alpha=16, rslora=True, learning_rate=5e-4, epochs=2)),
    ("demo-identity", Settings(rank=4, alpha=8, targets="q_proj,v_proj", learning_rate=1e-3)),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a model says alone."""

    prompt: str
    texts: tuple[str, ...]
    """The answer after each of its tokens, without the one that ends it."""
    leads: tuple[float, ...]
    """By how much the logit of each of them was above the next best."""

    @property
    def answer(self) -> str:
        """All that it says, without the half character that a limit of tokens may leave."""
        return self.texts[-1].rstrip(HALF) if self.texts else ""

    def lead_at(self, answer: str) -> float:
        """Return the lead of the first token that an answer does not have."""
        parts = zip(self.texts, self.leads, strict=True)
        return next((lead for text, lead in parts if not answer.startswith(text.rstrip(HALF))), 0.0)


def main() -> int:
    """Train, ask each alone, ask all together, and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--folder", type=Path, help="where the adapters are kept; else nowhere")
    parser.add_argument("--device", default="cpu", help="cpu, or a GPU: cuda:0; always float32")
    given = parser.parse_args()
    model = given.model.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace.at((given.folder or Path(temporary)).resolve())
        adapters = trained(workspace, model, given.device)
        asked = prompts()
        known = {
            name: alone(model, adapters.get(name), adapters[FIRST], asked, given.device)
            for name in (BASE, *adapters)
        }
        wanted = ServerConfig(model, adapters, device=given.device, dtype="float32")
        serving = server.wait_ready(server.start(workspace, wanted))
        try:
            found = together(serving.endpoint, tuple(known), asked)
        finally:
            server.stop(serving.folder, timeout_s=20)
    return compared(asked, known, found)


def trained(workspace: Workspace, model: Path, device: str) -> dict[str, Path]:
    """Train the adapters that are not there yet and return them by their run's number."""
    with demo.opened(workspace) as db:
        demo.curate(db, lambda _: None)
        for dataset, _ in RUNS[len(jobs.listed(workspace)) :]:
            if not (workspace.exports / dataset).exists():
                export(db, workspace, Recipe(name=dataset, datasets=(dataset,), layout="format3"))
    for dataset, settings in RUNS[len(jobs.listed(workspace)) :]:
        folder = workspace.exports / dataset
        request = LaunchRequest(folder, model, settings, "bench", device=device)
        run = jobs.wait(workspace, jobs.launch(workspace, request).id)
        print(
            f"run {run.id}, {dataset}, {settings.rank=}, {settings.rslora=}: {run.state}",
            flush=True,
        )
    return {str(run.id): run.adapter for run in reversed(jobs.listed(workspace)) if run.adapter}


def prompts() -> list[str]:
    """Return as many prompts in Chinese as in English, by chance of any length and in any order."""
    rows = [
        "\n".join(filter(None, (row["instruction"], row["input"])))
        for file, _ in demo.TARGETS
        for row in json.loads((demo.SAMPLES / file).read_text(encoding="utf-8"))
    ]
    chance = random.Random(0)
    drawn = []
    for is_chinese in (True, False):
        mine = sorted({row for row in rows if any("一" <= c <= "鿿" for c in row) == is_chinese})
        lengths = [chance.choice((1, 1, 1, 2, 5)) for _ in range(EACH_LANGUAGE)]
        drawn += ["\n".join(chance.sample(mine, length)) for length in lengths]
    chance.shuffle(drawn)
    return drawn


def alone(
    model: Path, adapter: Path | None, reader: Path, asked: Sequence[str], device: str
) -> list[Known]:
    """Return what a base, or the base with one adapter, says in a process of its own."""
    chosen = (str(model), str(adapter or ""), str(adapter or reader))
    cost = measured(say, *chosen, list(asked), device)
    print(f"{adapter or BASE}: {len(asked)} answers alone, {cost.wall_s:.0f} s", flush=True)
    rows = json.loads(json.dumps(cost.value))
    return [Known(prompt, tuple(texts), tuple(leads)) for prompt, texts, leads in rows]


def say(model: str, adapter: str, reader: str, asked: list[str], device: str) -> list[object]:
    """Answer prompts greedily by plain transformers: prompt, the text so far and lead by token."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(reader)
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    loaded = (PeftModel.from_pretrained(loaded, adapter) if adapter else loaded).eval()
    loaded = loaded.to(device)
    said: list[object] = []
    for text in asked:
        conversation = [{"role": "user", "content": text}]
        prompt = tokenizer.apply_chat_template(
            conversation, add_generation_prompt=True, tokenize=False
        )
        read = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").to(device)
        done = loaded.generate(
            **read,
            max_new_tokens=TOKENS,
            do_sample=False,
            output_logits=True,
            return_dict_in_generate=True,
        )
        ids = done.sequences[0, read.input_ids.shape[1] :].tolist()
        if ids[-1] == tokenizer.eos_token_id:
            del ids[-1]
        best = [logits[0].topk(2).values for logits in done.logits]
        texts = [tokenizer.decode(ids[: n + 1], skip_special_tokens=True) for n in range(len(ids))]
        leads = [float(first - second) for first, second in best]
        said.append([prompt, texts, leads[: len(ids)]])
    return said


def together(
    endpoint: Endpoint, names: tuple[str, ...], asked: Sequence[str]
) -> list[dict[str, tuple[str, Stamp | None]]]:
    """Let several clients ask all models at once; return each prompt's answers."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(partial(ask, endpoint, names), asked))


def ask(
    endpoint: Endpoint, names: tuple[str, ...], text: str
) -> dict[str, tuple[str, Stamp | None]]:
    """Return each model's answer and stamp."""
    question = Question((Message("user", text),), names, Drawn(max_tokens=TOKENS))
    pieces = list(client.compare(endpoint, question))
    stamps = {piece.model: piece.stamp for piece in pieces if isinstance(piece, Final)}
    return {
        name: ("".join(p.text for p in pieces if isinstance(p, Text) and p.model == name), stamp)
        for name, stamp in stamps.items()
    }


def compared(
    asked: Sequence[str],
    known: Mapping[str, Sequence[Known]],
    found: Sequence[Mapping[str, tuple[str, Stamp | None]]],
) -> int:
    """Print how many answers are equal, and where the others part; return 1 if one is not."""
    differing = 0
    for name, rows in known.items():
        for row, answers in zip(rows, found, strict=True):
            answer, stamp = answers[name]
            told = stamp and (stamp.model, stamp.prompt, stamp.mode, stamp.tokens)
            if (answer, told) != (row.answer, (name, row.prompt, "mixed", len(row.texts))):
                differing += 1
                print(f"{name} said {answer!r}, and alone {row.answer!r}, where it preferred the")
                print(f"  first token that differs by {row.lead_at(answer):.2g}; stamped {told}")
    lengths = sorted(map(len, asked))
    alone_said = [row.answer for rows in known.values() for row in rows]
    leads = sorted(lead for rows in known.values() for row in rows for lead in row.leads)
    print(
        f"{len(asked)} prompts of {lengths[0]} to {lengths[-1]} characters, {len(alone_said)} "
        f"answers ({len(set(alone_said))} of them unlike all others), {len(leads)} tokens, the "
        f"closest call {leads[0]:.2g}: {differing} answers differ from the model loaded alone"
    )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
