"""The demo model itself: base and adapters in one batch, in Chinese and English."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from pipeline.chat.protocol import BASE, Message, Question, Settings, SystemPrompt
from pipeline.workers.generate import Request, generate
from pipeline.workers.model import attach_adapters, load_base, special_tokens
from pipeline.workers.prompts import Templates, render
from pipeline.workers.selftest import before_adapters, self_test

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

TEXTS = ("What is the capital of France?", "用中文回答：水是什么？请写一首短诗。")
HIDDEN = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Two threads on a busy machine of two cores wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def adapters(demo_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two adapters with weights that are random and not zero."""
    home = tmp_path_factory.mktemp("adapters")
    for seed in (1, 2):
        torch.manual_seed(seed)
        base, _ = load_base(demo_model, "cpu")
        model = get_peft_model(base, LoraConfig(r=8, target_modules="all-linear"))
        with torch.no_grad():
            for name, weights in model.named_parameters():
                if "lora_B" in name:
                    weights.normal_(0, 0.02)
        model.save_pretrained(home / str(seed))
    return {str(seed): home / str(seed) for seed in (1, 2)}


def test_mixed_answers_are_those_of_each_model_and_base_is_the_base(
    demo_model: Path, adapters: dict[str, Path]
):
    base, tokenizer = load_base(demo_model, "cpu")
    prompts = [render(tokenizer, tokenizer.chat_template, [Message("user", t)]) for t in TEXTS]
    settings = Settings(max_tokens=8)
    plainly = generate(base, tokenizer, [Request(BASE, p.ids) for p in prompts], settings)
    plain = before_adapters(base, prompts[0].ids, rows=3)
    model = attach_adapters(base, adapters)

    tested = self_test(model, ("1", "2"), plain)
    assert (tested.base_difference, tested.can_mix) == (0.0, True)

    requests = [Request(name, p.ids) for p in prompts for name in (BASE, "1", "2")]
    mixed = generate(model, tokenizer, requests, settings)
    in_turn = generate(model, tokenizer, requests, settings, can_mix=False)
    assert {each.mode for each in mixed} == {"mixed"}
    assert [each.token_ids for each in mixed] == [each.token_ids for each in in_turn]
    assert [each.token_ids for each in mixed[::3]] == [each.token_ids for each in plainly]
    assert plainly[0].text.startswith("The capital of France is Paris")
    assert not any("�" in each.text for each in mixed)


def test_the_hidden_system_prompt_is_stamped_and_can_be_taken_out(demo_model: Path):
    _, tokenizer = load_base(demo_model, "cpu")
    templates = Templates(tokenizer.chat_template, {}, special_tokens(tokenizer))
    message = Message("user", "hi")

    def system_prompt(policy: SystemPrompt) -> str | None:
        question = Question((message,), (BASE,), system_prompt=policy)
        prompt = render(tokenizer, templates.choose(question)[BASE], [message])
        assert (prompt.system_prompt or "") in prompt.text
        assert ("SmolLM" in prompt.text) == (prompt.system_prompt is not None)
        return prompt.system_prompt

    assert system_prompt(SystemPrompt("model")) == HIDDEN
    assert system_prompt(SystemPrompt("trained")) == HIDDEN
    assert system_prompt(SystemPrompt("none")) is None
