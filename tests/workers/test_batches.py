"""From rows to tensors: what is learned is the answer and its end, each row once an epoch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.example import IGNORED, Example, TemplateNotPrefix, encode, messages_of
from pipeline.train.batching import split_by_tokens, steps_of_epoch
from pipeline.workers.batches import collate
from pipeline.workers.prompts import HubCoder
from tests.workers.tiny_model import make_tokenizer

ROW: dict[str, object] = {"instruction": "Answer.", "input": "谁？", "output": "我是 Graft."}
LENGTHS = st.lists(st.integers(1, 50), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer()


def test_the_answer_and_its_end_are_learned_and_nothing_else(tokenizer):
    example = encode(HubCoder(tokenizer), ROW, "domain", cutoff=500, end_ids=[2])
    assert example is not None
    learned = [token for token in example.labels if token != IGNORED]
    assert tokenizer.decode(learned) == "我是 Graft.<|im_end|>"
    prompt = "<|im_start|>user\nAnswer.\n谁？<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.decode(example.ids[: example.answer_start]) == prompt


def test_the_ids_are_those_of_the_chat_template(tokenizer):
    example = encode(HubCoder(tokenizer), ROW, "domain", cutoff=500, end_ids=[2])
    assert example is not None
    whole = tokenizer.apply_chat_template(messages_of(ROW), return_dict=False)
    assert list(example.ids) == whole[: len(example.ids)]
    assert tokenizer.decode(whole[len(example.ids) :]) == "\n"


def test_history_and_system_come_before_the_question():
    row = ROW | {"system": "Be brief.", "history": [["a", "b"]], "input": ""}
    assert [(m["role"], m["content"]) for m in messages_of(row)] == [
        ("system", "Be brief."),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "Answer."),
        ("assistant", "我是 Graft."),
    ]


def test_a_long_answer_is_cut_and_a_long_question_left_out(tokenizer):
    whole = encode(HubCoder(tokenizer), ROW, "domain", cutoff=500, end_ids=[2])
    assert whole is not None
    cut = encode(HubCoder(tokenizer), ROW, "domain", cutoff=whole.answer_start + 3, end_ids=[2])
    assert cut is not None
    assert (cut.is_cut, len(cut.ids), whole.is_cut) == (True, whole.answer_start + 3, False)
    assert (
        encode(HubCoder(tokenizer), ROW, "domain", cutoff=whole.answer_start, end_ids=[2]) is None
    )


def test_an_answer_without_an_end_in_the_template_gets_one(tokenizer):
    bare = make_tokenizer()
    bare.chat_template = "{% for m in messages %}[{{ m['content'] }}]{% endfor %}"
    example = encode(HubCoder(bare), ROW, "domain", cutoff=500, end_ids=[2])
    assert example is not None
    assert example.ids[-1] == 2


def test_a_template_that_changes_the_question_is_refused(tokenizer):
    odd = make_tokenizer()
    each = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    odd.chat_template = "{{ messages | length }}" + each
    with pytest.raises(TemplateNotPrefix, match="what is learned is not what is asked"):
        encode(HubCoder(odd), ROW, "domain", cutoff=500, end_ids=[2])


@given(count=st.integers(1, 60), rows_a_step=st.integers(1, 9), epoch=st.integers(0, 3))
def test_every_row_is_in_an_epoch_once(count: int, rows_a_step: int, epoch: int):
    steps = steps_of_epoch(count, rows_a_step=rows_a_step, seed=1, epoch=epoch)
    assert sorted(row for step in steps for row in step) == list(range(count))
    assert [len(step) for step in steps[:-1]] == [rows_a_step] * (len(steps) - 1)
    assert len(steps) == -(-count // rows_a_step)
    assert steps == steps_of_epoch(count, rows_a_step=rows_a_step, seed=1, epoch=epoch)


def test_epochs_differ():
    first, second = (steps_of_epoch(40, rows_a_step=4, seed=1, epoch=epoch) for epoch in (0, 1))
    assert first != second


@given(
    lengths=LENGTHS,
    most_rows=st.integers(1, 8),
    most_tokens=st.integers(1, 120),
    most_padding=st.integers(0, 60),
)
def test_parts_keep_their_bounds(
    lengths: list[int], most_rows: int, most_tokens: int, most_padding: int
):
    rows = list(range(len(lengths)))
    parts = split_by_tokens(
        lengths, rows, most_rows=most_rows, most_tokens=most_tokens, most_padding=most_padding
    )
    assert sorted(row for part in parts for row in part) == rows
    for part in parts:
        padded = len(part) * max(lengths[row] for row in part)
        assert len(part) <= most_rows
        assert padded <= most_tokens or len(part) == 1
        assert padded - sum(lengths[row] for row in part) <= most_padding


def test_rows_of_unlike_length_go_through_the_model_apart():
    lengths = [12, 200, 14, 190, 10]
    parts = split_by_tokens(lengths, range(5), most_rows=8, most_tokens=4096, most_padding=64)
    assert parts == [[1, 3], [2, 0, 4]]


def test_logits_are_wanted_just_before_each_learned_token():
    batch = collate(
        [Example((5, 6, 7, 8), 2, "domain", False), Example((5, 9), 1, "domain", False)], pad_id=0
    )
    assert batch.ids.tolist() == [[5, 6, 7, 8], [5, 9, 0, 0]]
    assert batch.places.tolist() == [1, 2, 4]
    assert batch.targets.tolist() == [7, 8, 9]
    assert batch.ids.dtype == torch.long
