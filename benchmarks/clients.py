"""Many clients at once, random models and questions: is every answer from the weights asked for?

    python -m benchmarks.clients --model data/model-cache/smollm2-135m-instruct [--seconds 300]

Three adapters with random weights are served; each model's answer to each question is taken once
alone, and then eight clients ask for as long as they are told to. Exit code 1 if one differs.
"""

# ruff: noqa: PLC0415 - a contender imports what it measures in a process of its own
import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.measure import measured
from pipeline.chat import client, server
from pipeline.chat.client import Endpoint
from pipeline.chat.config import ServerConfig
from pipeline.chat.protocol import BASE, Final, Message, Question, Settings, Text
from pipeline.workspace import Workspace

TEXTS = (
    "hi",
    "用中文回答：水是什么？",
    "Name three colours, and say at length why you like each of them more than the others.",
    "为什么天空是蓝色的？请用一句话说明，不要太长。",
    "What is the capital of France?",
    "写一首关于港口的短诗。",
)
TOKENS = 16


def main() -> int:
    """Serve, ask, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        adapters = {str(n): home / f"adapter-{n}" for n in (1, 2, 3)}
        for name, place in adapters.items():
            measured(make_adapter, given.model, place, int(name))
        workspace = Workspace.at(home / "workspace")
        config = ServerConfig(given.model.resolve(), adapters, device="cpu")
        serving = server.wait_ready(server.start(workspace, config))
        try:
            return crowd(serving.endpoint, (BASE, *adapters), given.clients, given.seconds)
        finally:
            server.stop(serving.folder, timeout_s=20)


def crowd(endpoint: Endpoint, names: tuple[str, ...], clients: int, seconds: float) -> int:
    """Let clients ask at random; return 1 if one answer is not that of its model alone."""
    right = {(n, text): ask(endpoint, text, [n])[n] for n in names for text in TEXTS}
    print(f"{len(set(right.values()))} of {len(right)} answers differ from all others", flush=True)
    end = time.monotonic() + seconds
    asked, answered = [0] * clients, [0] * clients
    wrong: list[tuple[str, str]] = []

    def go_on(place: int) -> None:
        chance = random.Random(place)
        while time.monotonic() < end:
            models, text = chance.sample(names, chance.randint(1, 4)), chance.choice(TEXTS)
            found = ask(endpoint, text, models)
            asked[place] += 1
            answered[place] += len(found)
            wrong.extend((n, text) for n in models if found.get(n) != right[n, text])

    threads = [threading.Thread(target=go_on, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(
        f"{clients} clients, {seconds:g} s: {sum(asked)} questions, {sum(answered)} answers, "
        f"{len(wrong)} not from the weights that were asked"
    )
    return 1 if wrong else 0


def ask(endpoint: Endpoint, text: str, models: list[str]) -> dict[str, str]:
    """Return the texts of the models, by the name that their stamp gives."""
    question = Question((Message("user", text),), tuple(models), Settings(max_tokens=TOKENS))
    said = dict.fromkeys(models, "")
    for piece in client.compare(endpoint, question):
        if isinstance(piece, Text):
            said[piece.model] += piece.text
        elif isinstance(piece, Final) and (piece.stamp is None or piece.stamp.model != piece.model):
            said[piece.model] = "a stamp of another model"
    return said


def make_adapter(model: Path, folder: Path, seed: int) -> None:
    """Write an adapter with random weights, large enough that it says something else."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    lora = LoraConfig(r=4 * seed, target_modules="all-linear", use_rslora=seed == 2)
    attached = get_peft_model(base, lora)
    with torch.no_grad():
        for name, weights in attached.named_parameters():
            if "lora_B" in name:
                weights.normal_(0, 0.06)
    attached.save_pretrained(folder)


if __name__ == "__main__":
    sys.exit(main())
