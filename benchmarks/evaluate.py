"""What an evaluation costs: base and three adapters here, base and one adapter by a plain loop.

    python benchmarks/evaluate.py --model data/model-cache/… --rows 300 --folder /tmp/evaluate

The plain loop is what one writes first: `disable_adapter` for the base, a row at a time, and each
of a question's answers read with its prompt. Both sides ask the same rows of the same weights with
the same settings, and their answers and likelihoods are compared. Called again, a half evaluation
goes on and what is finished is not repeated.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.measure import measured  # noqa: E402  # The path comes first.
from pipeline.evaluate import answers, config  # noqa: E402
from pipeline.evaluate.config import Candidate, DataFile, EvaluationConfig  # noqa: E402

ADAPTERS = ("1", "2", "3")
NEW_TOKENS, WRONG = 32, 3
HALF = "\ufffd"
GENERAL_SHARE = 5
"""Every fifth row is a general one; the others are of a field and are weighed as well."""


def main() -> int:
    """Measure both sides, compare what they found, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="the base model's folder")
    parser.add_argument("--folder", type=Path, required=True, help="where to work; it is kept")
    parser.add_argument("--rows", type=int, default=300)
    arguments = parser.parse_args()
    home, base = arguments.folder, arguments.model.resolve()
    home.mkdir(parents=True, exist_ok=True)
    measured(make_adapters, str(base), str(home))
    folder = home / "1"
    if not folder.exists():
        folder.mkdir()
        config.write(folder, planned(home, base, arguments.rows))
    ours = measured(evaluate, str(folder))
    plain = measured(plain_loop, str(folder))
    again = measured(evaluate, str(folder))
    print(f"base + 3 adapters, {arguments.rows} rows, here   {ours.wall_s:8.1f} s")
    print(f"base + 1 adapter, by a plain loop       {plain.wall_s:8.1f} s")
    print(f"the finished evaluation once more       {again.wall_s:8.1f} s")
    print(f"ratio {ours.wall_s / plain.wall_s:.2f} (at most 2)   {json.dumps(plain.value)}")
    return 0


def make_adapters(base: str, home: str) -> None:
    """Write three random adapters, small enough that answers stay answers."""
    import torch  # noqa: PLC0415  # Only the children load it.
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    for name in ADAPTERS:
        folder = Path(home) / f"adapter-{name}"
        if folder.exists():
            continue
        torch.manual_seed(int(name))
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        lora = LoraConfig(r=8, target_modules="all-linear", init_lora_weights=True)
        tuned = get_peft_model(model, lora)
        for key, weight in tuned.named_parameters():
            if "lora_B" in key:
                torch.nn.init.normal_(weight, std=0.004)
        tuned.save_pretrained(folder)
        AutoTokenizer.from_pretrained(base).save_pretrained(folder)


def planned(home: Path, base: Path, rows: int) -> EvaluationConfig:
    """Write an export of the samples' rows and return the plan that asks them of four models."""
    samples = ROOT / "data" / "samples"
    field = json.loads((samples / "ashmoor_harbour.json").read_text("utf-8"))[:80]
    other = json.loads((samples / "yanxi_guqin.json").read_text("utf-8"))[:80]
    general = json.loads((samples / "general.json").read_text("utf-8"))[:108]
    many = rows // GENERAL_SHARE
    files = (
        data_file(home, "field.json", repeated([*field, *other], rows - many), "domain"),
        data_file(home, "general.json", repeated(general, many), "general"),
    )
    names = tuple(file.name for file in files)
    tuned = (Candidate(name, str(home / f"adapter-{name}"), names, "none", "") for name in ADAPTERS)
    return EvaluationConfig(
        base=str(base),
        export=str(home),
        candidates=(Candidate("base", None, names, "none", ""), *tuned),
        files=files,
        identity=None,
        old_names=(),
        max_new_tokens=NEW_TOKENS,
        wrong_answers=WRONG,
        compares_general=True,
    )


def repeated(rows: list[dict[str, object]], count: int) -> list[dict[str, object]]:
    """Return that many rows, going over them again where there are too few."""
    return [rows[place % len(rows)] for place in range(count)]


def data_file(home: Path, name: str, rows: list[dict[str, object]], role: str) -> DataFile:
    """Write the rows as a file of an export."""
    content = json.dumps(rows, ensure_ascii=False).encode()
    (home / name).write_bytes(content)
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    places = tuple(range(len(rows)))
    return DataFile(name, name, role, "format2", "test", sha1, places)  # type: ignore[arg-type]


def evaluate(folder: str) -> int:
    """Run the evaluation's worker in this process, as the launcher would in one of its own."""
    from pipeline.workers import predict  # noqa: PLC0415

    return predict.main(Path(folder))


def plain_loop(folder: str) -> dict[str, object]:
    """Ask base and one adapter the same, row by row, and compare with what the worker wrote."""
    import torch  # noqa: PLC0415
    from peft import PeftModel  # noqa: PLC0415

    from pipeline.evaluate import questions  # noqa: PLC0415
    from pipeline.workers.asking import prepare  # noqa: PLC0415
    from pipeline.workers.model import load_base, load_tokenizer  # noqa: PLC0415
    from pipeline.workers.prompts import HubCoder  # noqa: PLC0415

    plan = config.read(Path(folder))
    base, _ = load_base(Path(plan.base), "cpu")
    model = PeftModel.from_pretrained(base, plan.candidates[1].adapter).eval()
    tokenizer = load_tokenizer(Path(str(plan.candidates[1].adapter)))
    coder, end = HubCoder(tokenizer), (int(tokenizer.eos_token_id),)
    weigh = Plain(model, torch)
    found: dict[tuple[str, int, str], tuple[str, list[float]]] = {}
    wrong = wrong_by_row(plan)
    for name in ("base", plan.candidates[1].model):
        for question in questions.read(plan):
            row = prepare(coder, question, end)
            with weigh.only(name):
                text = tokenizer.decode(
                    weigh.generate(row.prompt, end[0]), skip_special_tokens=True
                )
                likely = [weigh.mean(row.prompt, row.reference)]
                for answer in wrong.get((question.file, question.row), ()):
                    other = prepare(coder, replaced(question, answer), end)
                    likely.append(weigh.mean(other.prompt, other.reference))
            found[question.file, question.row, name] = (text, likely)
    return compared(Path(folder), found)


class Plain:
    """A model asked one row at a time."""

    def __init__(self, model, torch) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        self._model, self._torch = model, torch

    def only(self, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """Switch the adapter off for the base."""
        import contextlib  # noqa: PLC0415

        return self._model.disable_adapter() if name == "base" else contextlib.nullcontext()

    def generate(self, prompt: tuple[int, ...], end: int) -> list[int]:
        """Return the greedy answer's tokens."""
        ids = self._torch.tensor([list(prompt)])
        said = self._model.generate(
            input_ids=ids, attention_mask=self._torch.ones_like(ids), max_new_tokens=NEW_TOKENS,
            do_sample=False, eos_token_id=end, pad_token_id=end,
        )  # fmt: skip
        return [int(token) for token in said[0, len(prompt) :]]

    def mean(self, prompt: tuple[int, ...], answer: tuple[int, ...]) -> float:
        """Return the mean log-likelihood a token of an answer."""
        ids = self._torch.tensor([[*prompt, *answer]])
        with self._torch.no_grad():
            logits = self._model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
        loss = self._torch.nn.functional.cross_entropy(logits, self._torch.tensor(list(answer)))
        return -float(loss)


def replaced(question, answer: str):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The question with another answer to be weighed."""
    from dataclasses import replace  # noqa: PLC0415

    return replace(question, reference=answer)


def wrong_by_row(plan: EvaluationConfig) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return the wrong answers of the field's questions, as the worker makes them."""
    from pipeline.evaluate import questions  # noqa: PLC0415
    from pipeline.evaluate.contrast import Fact, contrasts  # noqa: PLC0415

    rows = questions.field(plan, "field.json")
    made = contrasts([Fact(row.bare, row.reference, row.facts) for row in rows], WRONG)
    return {
        (row.file, row.row): (*each.near, *each.others)
        for row, each in zip(rows, made, strict=True)
    }


def compared(
    folder: Path, found: dict[tuple[str, int, str], tuple[str, list[float]]]
) -> dict[str, object]:
    """Return how far the two sides agree on answers and likelihoods."""
    said = {each.key: each.answer for each in answers.read(folder)}
    # A limit of tokens may cut a character in half, which ours leaves out.
    same = sum(said[key].strip() == text.rstrip(HALF).strip() for key, (text, _) in found.items())
    furthest = 0.0
    for line in answers.contrasts(folder):
        likely = found.get(line.key[:3], ("", []))[1]
        if likely and line.right is not None:
            ours = [line.right, *line.near, *line.others]
            furthest = max(furthest, *(abs(a - b) for a, b in zip(ours, likely, strict=True)))
    return {"answers": len(found), "same_answers": same, "largest_difference": furthest}


if __name__ == "__main__":
    sys.exit(main())
