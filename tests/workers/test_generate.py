"""Base and adapters in one batch answer as each does alone, whatever happens to a batch."""

from pathlib import Path

import pytest
import torch

from pipeline.chat.protocol import BASE, Settings
from pipeline.workers.answers import PromptTooLong, end_ids
from pipeline.workers.generate import Generated, Request, generate, only
from pipeline.workers.model import attach_adapters, load_base
from pipeline.workers.sampling import SharedNoise, within_top_p

pytestmark = [
    pytest.mark.slow,
    # PEFT asks transformers by a name that the next major version drops.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

PROMPTS = ("hi", "用中文回答：水是什么？", "Name three colours, and say at length why.")


def loaded(tiny: Path, *names: str):
    base, tokenizer = load_base(tiny / "base", "cpu")
    return attach_adapters(base, {name: tiny / name for name in names}), tokenizer


def prompt(tokenizer, text: str) -> tuple[int, ...]:
    return tuple(tokenizer(f"<|im_start|>user\n{text}<|im_end|>\n").input_ids)


def answers(given: list[Generated]) -> list[tuple[int, ...]]:
    return [each.token_ids for each in given]


@pytest.mark.parametrize(
    "settings",
    [Settings(max_tokens=24), Settings(temperature=1.0, top_p=0.9, max_tokens=24, seed=3)],
    ids=["greedy", "sampled"],
)
def test_a_mixed_batch_answers_as_each_model_alone(tiny: Path, settings: Settings):
    model, tokenizer = loaded(tiny, "7", "8")
    requests = [
        Request(name, prompt(tokenizer, text)) for text in PROMPTS for name in (BASE, "7", "8")
    ]
    mixed = generate(model, tokenizer, requests, settings)
    in_turn = generate(model, tokenizer, requests, settings, can_mix=False)
    alone = [generate(model, tokenizer, [each], settings)[0] for each in requests]
    assert [{each.mode for each in given} for given in (mixed, in_turn, alone)] == [
        {"mixed"},
        {"in turn"},
        {"alone"},
    ]
    assert answers(mixed) == answers(in_turn) == answers(alone)
    assert len(set(answers(mixed))) > 3


def test_base_rows_are_those_of_the_base_without_any_adapter(tiny: Path):
    plain, tokenizer = load_base(tiny / "base", "cpu")
    requests = [Request(BASE, prompt(tokenizer, text)) for text in PROMPTS]
    settings = Settings(max_tokens=24)
    before = answers(generate(plain, tokenizer, requests, settings))
    model = attach_adapters(plain, {"7": tiny / "7"})
    beside = [Request("7", each.prompt_ids) for each in requests]
    mixed = generate(model, tokenizer, [*requests, *beside], settings)
    assert answers(mixed)[: len(PROMPTS)] == before
    assert answers(mixed)[len(PROMPTS) :] != before


def test_pieces_join_to_the_texts_row_by_row(tiny: Path):
    model, tokenizer = loaded(tiny, "7")
    pieces = ["", ""]

    def hear(row: int, text: str) -> None:
        assert text
        assert not text.endswith("�")
        pieces[row] += text

    requests = [Request(name, prompt(tokenizer, "水")) for name in (BASE, "7")]
    given = generate(model, tokenizer, requests, Settings(max_tokens=60), on_text=hear)
    assert pieces == [each.text for each in given]


def test_what_cannot_be_mixed_answers_after_what_can(tiny: Path):
    model, tokenizer = loaded(tiny, "7", "dora")
    requests = [Request(name, prompt(tokenizer, "hi")) for name in (BASE, "dora", "7")]
    given = generate(model, tokenizer, requests, Settings(max_tokens=8))
    alone = [generate(model, tokenizer, [each], Settings(max_tokens=8))[0] for each in requests]
    assert [each.mode for each in given] == ["mixed", "in turn", "mixed"]
    assert answers(given) == answers(alone)


def test_rows_of_one_batch_are_drawn_each_by_its_own_settings(tiny: Path):
    model, tokenizer = loaded(tiny, "7")
    settings = [
        Settings(max_tokens=4),
        Settings(temperature=0.9, max_tokens=24, seed=3),
        Settings(repetition_penalty=1.6, max_tokens=16),
        Settings(temperature=0.9, max_tokens=12, seed=4),
    ]
    requests = [
        Request(name, prompt(tokenizer, text))
        for name, text in zip((BASE, "7", BASE, "7"), ("hi", *PROMPTS), strict=True)
    ]
    given = generate(model, tokenizer, requests, settings)
    alone = [
        generate(model, tokenizer, [request], own)[0]
        for request, own in zip(requests, settings, strict=True)
    ]
    assert answers(given) == answers(alone)
    plain = generate(model, tokenizer, [requests[2]], Settings(max_tokens=16))
    assert answers(given)[2] != answers(plain)[0]


def test_an_answer_that_is_given_up_ends_and_the_others_go_on(tiny: Path):
    model, tokenizer = loaded(tiny, "7")
    requests = [Request(name, prompt(tokenizer, "hi")) for name in (BASE, "7")]
    whole = generate(model, tokenizer, requests, Settings(max_tokens=30))
    heard: list[int] = []
    given = generate(
        model,
        tokenizer,
        requests,
        Settings(max_tokens=30),
        on_text=lambda row, text: heard.append(row),
        is_given_up=lambda row: row == 0 and heard.count(0) >= 3,
    )
    assert [each.finish_reason for each in given] == ["cancelled", whole[1].finish_reason]
    assert len(given[0].token_ids) < len(whole[0].token_ids)
    assert answers(given)[1] == answers(whole)[1]


def test_a_batch_that_fails_leaves_the_model_as_it_was(tiny: Path):
    model, tokenizer = loaded(tiny, "7")
    requests = [Request(name, prompt(tokenizer, "hi")) for name in (BASE, "7")]
    before = generate(model, tokenizer, requests, Settings(max_tokens=8))

    def fail(row: int, text: str) -> None:
        raise KeyError(row)

    with pytest.raises(KeyError):
        generate(model, tokenizer, requests, Settings(max_tokens=8), on_text=fail)
    after = generate(model, tokenizer, requests, Settings(max_tokens=8))
    assert answers(after) == answers(before)


def test_a_stop_ends_every_answer_where_it_is(tiny: Path):
    model, tokenizer = loaded(tiny, "7")
    heard: list[str] = []
    requests = [Request(name, prompt(tokenizer, "hi")) for name in (BASE, "7")]
    given = generate(
        model,
        tokenizer,
        requests,
        Settings(max_tokens=200),
        on_text=lambda row, text: heard.append(text),
        should_stop=lambda: len(heard) >= 3,
    )
    assert "cancelled" in {each.finish_reason for each in given}
    assert all(len(each.token_ids) < 100 for each in given)


def test_an_answer_ends_at_the_end_token_which_is_no_part_of_it(tiny: Path):
    model, tokenizer = load_base(tiny / "base", "cpu")
    request = Request(BASE, prompt(tokenizer, "hi"))
    whole = generate(model, tokenizer, [request], Settings(max_tokens=12))[0]
    place = 5
    end = whole.token_ids[place]
    model.generation_config.eos_token_id = [end]
    cut = generate(model, tokenizer, [request], Settings(max_tokens=12))[0]
    assert cut.finish_reason == "stop"
    assert cut.token_ids == whole.token_ids[: whole.token_ids.index(end)]


def test_what_the_chat_template_writes_after_an_answer_ends_one_too(tiny: Path):
    model, tokenizer = load_base(tiny / "base", "cpu")
    model.generation_config.eos_token_id = None
    tokenizer.eos_token = "<|endoftext|>"
    assert tokenizer.decode(sorted(end_ids(model, tokenizer))) == "<|endoftext|><|im_end|>"
    tokenizer.chat_template = "{{ messages[-1]['content'] }} and no more"
    assert tokenizer.decode(sorted(end_ids(model, tokenizer))) == "<|endoftext|>"


def test_a_prompt_longer_than_the_model_reads_is_refused_in_words(tiny: Path):
    model, tokenizer = load_base(tiny / "base", "cpu")
    with pytest.raises(PromptTooLong, match="300 tokens and the model reads 256 at once"):
        generate(model, tokenizer, [Request(BASE, (5,) * 300)], Settings())


def test_only_the_named_model_answers_inside(tiny: Path):
    model, _ = loaded(tiny, "7", "8")
    ids = torch.tensor([[5, 6, 7]])
    found = {}
    for name in (BASE, "7", "8"):
        with only(model, name), torch.no_grad():
            found[name] = model(input_ids=ids).logits[0, -1]
    assert not torch.equal(found[BASE], found["7"])
    assert not torch.equal(found["7"], found["8"])


def test_top_p_keeps_the_fewest_likeliest_tokens_that_reach_it():
    scores = torch.log(torch.tensor([[0.1, 0.5, 0.4], [0.05, 0.05, 0.9]]))
    kept = torch.isfinite(within_top_p(scores, 0.8)).tolist()
    assert kept == [[False, True, True], [False, False, True]]
    assert torch.equal(within_top_p(scores, 1.0), scores)


def test_the_same_seed_draws_the_same_noise_for_every_row():
    scores = torch.zeros(3, 50)
    settings = Settings(temperature=1.0, seed=7)
    one, other = SharedNoise(settings)(scores, scores), SharedNoise(settings)(scores, scores)
    assert torch.equal(one, other)
    assert torch.equal(one[0], one[2])


def test_draws_come_as_often_as_their_scores_say():
    shares = torch.tensor([0.6, 0.3, 0.1])
    noise = SharedNoise(Settings(temperature=1.0, seed=1))
    ids = torch.zeros(1, 1)
    draws = [int(noise(ids, torch.log(shares)[None]).argmax()) for _ in range(4000)]
    found = torch.bincount(torch.tensor(draws)) / 4000
    assert torch.allclose(found, shares, atol=0.03)
