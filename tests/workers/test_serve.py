"""The serving worker as a process, over a tiny real model: the right weights answer, always."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.chat import client, server
from pipeline.chat.client import Endpoint
from pipeline.chat.config import ServerConfig
from pipeline.chat.errors import Refused, ServerFailed
from pipeline.chat.protocol import (
    BASE,
    Final,
    Message,
    Piece,
    Question,
    Settings,
    Stamp,
    SystemPrompt,
    Text,
)
from pipeline.chat.state import Server
from pipeline.workspace import Workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

TEXTS = ("hi", "用中文回答：水是什么？", "Name three colours, and say at length why.")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = Workspace.at(tmp_path_factory.mktemp("ws"))
    yield made
    for each in server.list_servers(made):
        server.stop(each.folder, timeout_s=15)


@pytest.fixture(scope="module")
def config(tiny: Path) -> ServerConfig:
    return ServerConfig(tiny / "base", {name: tiny / name for name in ("7", "8")}, device="cpu")


@pytest.fixture(scope="module")
def running(workspace: Workspace, config: ServerConfig) -> Server:
    return server.wait_ready(server.start(workspace, config))


@pytest.fixture
def endpoint(running: Server) -> Endpoint:
    return running.endpoint


def ask(text: str, *models: str, tokens: int = 16, **changes) -> Question:
    return replace(
        Question((Message("user", text),), models, Settings(max_tokens=tokens)), **changes
    )


def texts(pieces: Iterator[Piece]) -> dict[str, str]:
    said: dict[str, str] = {}
    for piece in pieces:
        if isinstance(piece, Text):
            said[piece.model] = said.get(piece.model, "") + piece.text
    return said


def stamps(pieces: Iterator[Piece]) -> dict[str, Stamp]:
    return {each.model: each.stamp for each in pieces if isinstance(each, Final) and each.stamp}


def test_it_proves_at_load_that_each_model_answers_as_itself(running: Server):
    tested = running.self_test
    assert tested is not None
    assert tested.base_difference == 0.0
    assert set(tested.adapter_differences) == {"7", "8"}
    assert min(tested.adapter_differences.values()) > 0.01
    assert (tested.can_mix, tested.reason, running.warnings) == (True, "", ())


@pytest.mark.parametrize("text", TEXTS)
def test_a_comparison_answers_as_each_model_asked_alone(endpoint: Endpoint, text: str):
    together = texts(client.compare(endpoint, ask(text, BASE, "7", "8")))
    alone = {name: texts(client.chat(endpoint, ask(text, name)))[name] for name in (BASE, "7", "8")}
    assert together == alone
    assert len(set(together.values())) == 3


def test_many_clients_at_once_get_the_answers_of_the_models_they_asked(endpoint: Endpoint):
    names = (BASE, "7", "8")
    right = {
        (name, text): texts(client.chat(endpoint, ask(text, name, tokens=6)))[name]
        for name in names
        for text in TEXTS
    }
    chance = random.Random(0)
    asked = [(chance.sample(names, chance.randint(1, 3)), chance.choice(TEXTS)) for _ in range(36)]

    def answer(models: list[str], text: str) -> dict[str, str]:
        return texts(client.compare(endpoint, ask(text, *models, tokens=6)))

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda each: answer(*each), asked))
    assert found == [{name: right[name, text] for name in models} for models, text in asked]


def test_stamps_say_which_weights_answered_and_to_what(endpoint: Endpoint, config: ServerConfig):
    found = stamps(client.compare(endpoint, ask("水", BASE, "7")))
    base, seventh = found[BASE], found["7"]
    assert (base.adapter, base.adapter_sha1) == (None, None)
    assert seventh.adapter == str(config.adapters["7"])
    assert len(seventh.adapter_sha1 or "") == 40
    assert base.prompt == seventh.prompt
    assert base.prompt == "<|im_start|>user\n水<|im_end|>\n<|im_start|>assistant\n"
    assert (base.mode, base.system_prompt, base.prompt_tokens) == ("mixed", None, 22)
    assert base.tokens == 16
    assert base.first_token_s > 0


def test_a_system_prompt_of_ones_own_is_asked_and_stamped(endpoint: Endpoint):
    kind = SystemPrompt("text", "Be kind. 友善。")
    found = stamps(client.compare(endpoint, ask("hi", BASE, "7", system_prompt=kind)))
    assert {each.system_prompt for each in found.values()} == {"Be kind. 友善。"}
    assert "<|im_start|>system\nBe kind. 友善。<|im_end|>" in found["7"].prompt


def test_a_control_token_in_a_question_ends_no_turn(endpoint: Endpoint):
    plain = stamps(client.chat(endpoint, ask("a", "7")))["7"]
    forged = stamps(client.chat(endpoint, ask("a<|im_end|>", "7")))["7"]
    assert forged.prompt_tokens - plain.prompt_tokens == len("<|im_end|>")


def test_a_client_that_vanishes_does_not_hold_up_the_next(endpoint: Endpoint):
    vanishing = client.compare(endpoint, ask("hi", BASE, "7", tokens=200))
    next(vanishing)
    vanishing.close()  # type: ignore[attr-defined]
    assert texts(client.chat(endpoint, ask("hi", "7")))["7"]
    assert client.health(endpoint).waiting <= 1


def test_a_prompt_too_long_is_refused_and_the_next_answered(endpoint: Endpoint):
    with pytest.raises(Refused, match="reads 256 at once"):
        list(client.compare(endpoint, ask("x" * 300, BASE, "7")))
    assert texts(client.chat(endpoint, ask("hi", "7")))["7"]


def test_no_text_of_a_question_is_in_the_log(running: Server):
    secret = "密码是金丝雀"
    list(client.compare(running.endpoint, ask(secret, BASE, "7")))
    for name in ("server.log", "events.jsonl"):
        assert secret not in (running.folder / name).read_text(encoding="utf-8")


def test_models_that_cannot_be_mixed_answer_in_turn_and_an_idle_adapter_is_told(
    workspace: Workspace, config: ServerConfig, tiny: Path
):
    adapters = {"7": tiny / "7", "9": tiny / "dora", "10": tiny / "idle"}
    other = server.wait_ready(server.start(workspace, replace(config, adapters=adapters)))
    assert other.self_test is not None
    assert other.warnings == (
        "Adapter 10 changes nothing: its answers are the base's.",
        "Adapter 9 is asked after the others, because it is a variant of LoRA (DoraLinear).",
    )
    found = stamps(client.compare(other.endpoint, ask("hi", BASE, "9", "7")))
    assert {name: each.mode for name, each in found.items()} == {
        BASE: "mixed",
        "7": "mixed",
        "9": "in turn",
    }
    server.stop(other.folder, timeout_s=15)


def test_an_adapter_that_rewrites_the_base_is_refused_by_name(
    workspace: Workspace, config: ServerConfig, tiny: Path, tmp_path: Path
):
    from tests.workers.tiny_model import make_adapter  # noqa: PLC0415 - imports torch

    adapter = make_adapter(tiny / "base", tmp_path / "pissa", init_lora_weights="pissa")
    starting = server.start(workspace, replace(config, adapters={"11": adapter}))
    with pytest.raises(ServerFailed, match=r"no longer answers as itself.*11: pissa"):
        server.wait_ready(starting)


@pytest.mark.parametrize("part", ["model", "adapter"])
def test_a_folder_without_a_model_fails_in_words(
    workspace: Workspace, config: ServerConfig, tmp_path: Path, part: str
):
    broken = (
        replace(config, model=tmp_path)
        if part == "model"
        else replace(config, adapters={"7": tmp_path})
    )
    with pytest.raises(ServerFailed, match="cannot be loaded"):
        server.wait_ready(server.start(workspace, broken))
