"""Answers weighed over one shared prompt are as likely as those read one by one."""

from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, PreTrainedModel

from pipeline.workers.candidates import Asked, closeness, likelihoods, read_answers
from pipeline.workers.generate import only
from pipeline.workers.model import attach_adapters

ROWS = [
    Asked((1, 40, 41, 42), ((60, 61, 2), (60, 2), (62, 63, 64, 65, 2))),
    Asked((1, 50), ((70, 2),)),
    Asked(tuple(range(40, 60)), ((2,), (80, 81, 82, 83, 2))),
]


@pytest.fixture(scope="module")
def model(tiny: Path) -> PreTrainedModel:
    base = AutoModelForCausalLM.from_pretrained(tiny / "base").eval()
    return attach_adapters(base, {"7": tiny / "7", "8": tiny / "8"})


def plainly(model: PreTrainedModel, prompt: tuple[int, ...], answer: tuple[int, ...]) -> float:
    """The mean log-likelihood of one answer, read with its prompt and nothing else."""
    ids = torch.tensor([[*prompt, *answer]])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1]
    return -float(cross_entropy(logits, torch.tensor(list(answer))))


@pytest.mark.parametrize("name", ["base", "7"])
def test_a_shared_prompt_changes_nothing(model: PreTrainedModel, name: str):
    with only(model, name):
        shared = likelihoods(model, ROWS, pad_id=0)
        for row, found in zip(ROWS, shared, strict=True):
            alone = [plainly(model, tuple(row.prompt), tuple(each)) for each in row.answers]
            assert found == pytest.approx(alone, abs=1e-5)


def test_answers_of_one_token_need_no_second_pass(model: PreTrainedModel):
    with only(model, "base"):
        (found,) = likelihoods(model, [Asked((1, 5), ((7,), (9,)))], pad_id=0)
        assert found == pytest.approx([plainly(model, (1, 5), (n,)) for n in (7, 9)], abs=1e-5)


def test_a_model_is_as_close_to_itself_as_can_be_and_an_adapter_is_not(model: PreTrainedModel):
    rows = [((1, 40, 41), (60, 61, 2)), ((1,), (70, 2))]
    with only(model, "base"):
        base = read_answers(model, rows, pad_id=0)
    with only(model, "7"):
        tuned = read_answers(model, rows, pad_id=0)
    same = closeness(base[0], base[0])
    assert (same.kl, same.agreement, same.loss) == (0.0, 1.0, same.base_loss)
    assert same.loss == pytest.approx(-plainly_base(model, *rows[0]), abs=1e-5)
    moved = closeness(tuned[0], base[0])
    assert moved.kl > 0.01
    assert moved.loss != moved.base_loss


def plainly_base(model: PreTrainedModel, prompt: tuple[int, ...], answer: tuple[int, ...]) -> float:
    with only(model, "base"):
        return plainly(model, prompt, answer)
