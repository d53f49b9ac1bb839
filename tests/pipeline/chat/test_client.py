"""The client and the web side together, over a fake model."""

import socket
import threading
from collections.abc import Iterator, Sequence

import httpx
import pytest

from pipeline.chat import client
from pipeline.chat.client import Endpoint
from pipeline.chat.errors import AnswerFailed, Refused, ServerBusy, ServerGone
from pipeline.chat.protocol import Final, Piece, Question, Settings, Text, question_json
from pipeline.errors import BadInput
from pipeline.workers.owner import Ticket
from tests.pipeline.chat.fakes import TOKEN, echo, question, serving, stamp, wait_until
from tests.pipeline.chat.foreign import Foreign, foreign


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with serving() as address:
        yield address


def test_compare_streams_each_models_pieces_and_its_stamp(endpoint: Endpoint):
    assert list(client.compare(endpoint, question())) == [
        Text("base", "base: "),
        Text("7", "7: "),
        Text("base", "水是什么？"),
        Final("base", "stop", stamp("base")),
        Text("7", "水是什么？"),
        Final("7", "stop", stamp("7")),
    ]


def test_chat_streams_one_model_in_openais_form(endpoint: Endpoint):
    asked = question("hi", models=("7",))
    assert list(client.chat(endpoint, asked)) == [
        Text("7", "7: "),
        Text("7", "hi"),
        Final("7", "stop", stamp("7")),
    ]


def test_a_whole_answer_has_openais_fields_and_our_stamp(endpoint: Endpoint):
    body = {"model": "7", "messages": [{"role": "user", "content": "hi"}]}
    reply = post(endpoint, "/v1/chat/completions", body).json()
    assert reply["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "7: hi"}, "finish_reason": "stop"}
    ]
    assert reply["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert reply["stamp"]["adapter_sha1"] == "ab" * 20


def test_models_and_health_say_what_the_server_holds(endpoint: Endpoint):
    assert client.models(endpoint) == ("base", "7")
    health = client.health(endpoint)
    assert (health.model, health.models, health.waiting) == ("/models/tiny", ("base", "7"), 0)


def post(endpoint: Endpoint, path: str, body: object, **headers: str) -> httpx.Response:
    given = {"Authorization": f"Bearer {endpoint.token}", **headers}
    with httpx.Client(base_url=endpoint.url, trust_env=False) as session:
        return session.post(path, json=body, headers=given)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Origin": "https://example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "example.org"}, 403),
        ({"Host": "127.0.0.1.example.org"}, 403),
        ({"Origin": "http://localhost:8501"}, 200),
        ({"Host": "localhost:1"}, 200),
    ],
    ids=lambda value: str(value),
)
def test_only_this_machine_with_the_token_is_answered(
    endpoint: Endpoint, headers: dict[str, str], status: int
):
    reply = post(endpoint, "/v1/compare", question_json(question()), **headers)
    assert reply.status_code == status


def test_health_too_needs_the_token(endpoint: Endpoint):
    with pytest.raises(Refused, match="token") as caught:
        client.health(Endpoint(endpoint.url, ""))
    assert caught.value.status == 401


def test_a_token_is_not_in_what_an_endpoint_prints():
    assert "secret" not in repr(Endpoint("http://127.0.0.1:1", "secret"))


def test_a_model_that_is_not_held_is_refused_with_those_that_are(endpoint: Endpoint):
    with pytest.raises(Refused, match=r"no model '9'.*base, 7"):
        list(client.compare(endpoint, question(models=("base", "9"))))


def test_a_wrong_setting_is_refused_by_name(endpoint: Endpoint):
    asked = Question(question().messages, ("base",), Settings(temperature=-1))
    with pytest.raises(Refused, match="temperature"):
        list(client.compare(endpoint, asked))


def test_a_prompt_that_the_model_cannot_read_is_a_refusal_in_its_words():
    def too_long(tickets: Sequence[Ticket]) -> None:
        raise BadInput("The prompt has 9 tokens and the model reads 8 at once.")

    with serving(too_long) as endpoint, pytest.raises(Refused, match="reads 8 at once"):
        list(client.compare(endpoint, question()))


def test_a_failure_in_the_middle_keeps_what_came_and_says_why():
    def breaks(tickets: Sequence[Ticket]) -> None:
        tickets[0].tell(Text("base", "half"))
        raise RuntimeError("the device is gone")

    got: list[Piece] = []
    with serving(breaks) as endpoint, pytest.raises(AnswerFailed, match="the device is gone"):
        got.extend(client.compare(endpoint, question()))
    with serving(breaks) as endpoint:
        assert next(client.compare(endpoint, question())) == Text("base", "half")


def test_nobody_listening_is_server_gone():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    with pytest.raises(ServerGone, match="nothing listens there"):
        list(client.compare(Endpoint(f"http://127.0.0.1:{port}", "t"), question()))


def test_proxies_of_the_environment_are_not_used(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert client.models(endpoint) == ("base", "7")


class Gate:
    """A fake model that answers only once it is let to, and notes who was cancelled."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.cancelled: list[str] = []

    def __call__(self, tickets: Sequence[Ticket]) -> None:
        (ticket,) = tickets
        text = ticket.question.messages[-1].content
        if text != "slow":
            echo(tickets)
            return
        ticket.tell(Text("base", "…"))
        self.entered.release()
        wait_until(ticket.is_cancelled)
        self.cancelled.append(text)


def test_a_client_that_vanishes_cancels_its_answer_and_blocks_nobody():
    gate = Gate()
    with serving(gate) as endpoint:
        vanishing = client.compare(endpoint, question("slow"))
        assert next(vanishing) == Text("base", "…")
        vanishing.close()  # type: ignore[attr-defined]
        assert Text("7", "quick") in list(client.compare(endpoint, question("quick")))
    assert gate.cancelled == ["slow"]


def test_a_full_queue_is_server_busy():
    gate = Gate()
    with serving(gate, most_waiting=1) as endpoint:
        first = client.compare(endpoint, question("slow"))
        next(first)
        with pytest.raises(ServerBusy):
            list(client.compare(endpoint, question("quick")))
        first.close()  # type: ignore[attr-defined]


def ask_foreign(status: int, body: str) -> list[Piece]:
    with foreign(Foreign(status, body)) as there:
        endpoint = Endpoint(there.url, api="")
        return list(client.chat(endpoint, question(models=("m",)), is_ours=False))


def test_any_openai_server_can_be_chatted_with():
    body = (
        ": a comment\n\n"
        'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n'
        'data:{"choices":[{"delta":{"content":"你好"}}]}\n\n'
        'data: {"choices":[{"delta":{},"finish_reason":"length"}]}\n\n'
        'data: {"choices":[],"usage":{}}\n\n'
        "data: [DONE]\n\n"
    )
    assert ask_foreign(200, body) == [Text("m", "你好"), Final("m", "length", None)]


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (400, '{"error": {"message": "too long"}}', Refused, "too long"),
        (404, "not here", Refused, "not here"),
        (500, "", Refused, "HTTP status 500"),
        (429, "", ServerBusy, "too many questions"),
        (503, "", ServerBusy, "too many questions"),
        (200, 'data: {"choices":[]}\n\n', ServerGone, "hung up in the middle"),
        (200, "data: <html>\n\n", ServerGone, "not as a model server"),
        (200, "data: 3\n\n", AnswerFailed, "no JSON object"),
        (200, 'data: {"error": {"message": "no memory"}}\n\n', AnswerFailed, "no memory"),
    ],
)
def test_what_goes_wrong_is_a_fact(status: int, body: str, error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        ask_foreign(status, body)
