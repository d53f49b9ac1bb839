"""Other programs ask as they ask OpenAI: what they send is read, what they read is sent."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.pipeline.chat.fakes import TOKEN, serving


@pytest.fixture(scope="module")
def session() -> Iterator[httpx.Client]:
    """What OpenAI's own client is told: a base address ending in /v1, and a key."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        serving() as endpoint,
        httpx.Client(base_url=f"{endpoint.url}/v1", headers=headers, trust_env=False) as opened,
    ):
        yield opened


def ask(session: httpx.Client, **changes: object) -> httpx.Response:
    messages = [{"role": "user", "content": "hi"}]
    body: dict[str, object] = {"model": "7", "messages": messages, **changes}
    return session.post("/chat/completions", json=body)


def test_models_are_listed_as_openai_lists_them(session: httpx.Client):
    listed = session.get("/models").json()
    assert listed["object"] == "list"
    assert [(each["id"], each["object"]) for each in listed["data"]] == [
        ("base", "model"),
        ("7", "model"),
    ]


def test_a_streamed_answer_is_made_of_chunks_and_ends_as_openais(session: httpx.Client):
    reply = ask(session, stream=True, stream_options={"include_usage": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [line[6:] for line in reply.text.split("\n") if line.startswith("data: ")]
    assert events.pop() == "[DONE]"
    chunks = [json.loads(event) for event in events]
    assert {(each["object"], each["model"]) for each in chunks} == {("chat.completion.chunk", "7")}
    assert len({each["id"] for each in chunks}) == 1
    deltas = [each["choices"][0]["delta"] for each in chunks]
    assert deltas[0]["role"] == "assistant"
    assert "".join(each.get("content", "") for each in deltas) == "7: hi"
    assert [each["choices"][0]["finish_reason"] for each in chunks] == [None, None, "stop"]
    assert chunks[-1]["usage"]["total_tokens"] == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
        {
            "messages": [
                {"role": "developer", "content": "Be kind."},
                {"role": "user", "content": "hi"},
            ]
        },
        {"max_completion_tokens": 5, "seed": None, "n": 1, "stop": None, "user": "me"},
    ],
    ids=["content in parts", "developer", "fields of no weight"],
)
def test_what_openais_clients_send_is_understood(session: httpx.Client, changes: dict[str, object]):
    reply = ask(session, **changes)
    assert reply.json()["choices"][0]["message"] == {"role": "assistant", "content": "7: hi"}


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"n": 2}, 400, "n must be 1"),
        ({"stop": ["."]}, 400, "stop is not supported"),
        ({"model": "9"}, 404, "no model"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "be a text"),
        ({"temperature": "hot"}, 400, "temperature"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_cannot_be_done_is_refused_in_openais_form(
    session: httpx.Client, changes: dict[str, object], status: int, words: str
):
    reply = ask(session, **changes)
    assert reply.status_code == status
    assert words in reply.json()["error"]["message"]


def test_a_missing_token_and_a_foreign_page_are_refused(session: httpx.Client):
    with httpx.Client(base_url=session.base_url, trust_env=False) as stranger:
        assert stranger.get("/models").status_code == 401
        assert ask(stranger).status_code == 401
    foreign = {"Origin": "https://example.org"}
    assert session.get("/models", headers=foreign).status_code == 403
