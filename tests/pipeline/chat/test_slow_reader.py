"""A client that asks for a stream and does not read it: nobody waits for it, and little is kept."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from pipeline.chat import client
from pipeline.chat.client import Endpoint
from pipeline.chat.protocol import Final, Text
from pipeline.workers.owner import Ticket
from tests.pipeline.chat.fakes import echo, question, serving, stamp, wait_until

LONG = "字" * 1000
FEW = 50


class Flood:
    """A fake model that says as much to the first question as it is let, and echoes the others."""

    def __init__(self, most: int = 100_000) -> None:
        self.most, self.told, self.is_over = most, 0, False

    def __call__(self, tickets: Sequence[Ticket]) -> None:
        (ticket,) = tickets
        if ticket.question.messages[-1].content != "much":
            echo(tickets)
            return
        while self.told < self.most and not ticket.is_cancelled():
            ticket.tell(Text("7", LONG))
            self.told += 1
        ticket.tell(Final("7", "cancelled" if ticket.is_cancelled() else "length", stamp("7")))
        self.is_over = True


@contextmanager
def unread(endpoint: Endpoint) -> Iterator[socket.socket]:
    """Ask for a stream as OpenAI's clients do, and leave what comes to lie there."""
    messages = [{"role": "user", "content": "much"}]
    body = json.dumps({"model": "7", "messages": messages, "stream": True}).encode()
    address = urlsplit(endpoint.url)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {endpoint.token}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.socket() as asker:
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asker.connect((address.hostname, address.port))
        asker.sendall(head.encode() + body)
        yield asker


def test_others_are_answered_while_an_answer_lies_unread():
    flood = Flood(most=500)
    with serving(flood) as endpoint, unread(endpoint):
        wait_until(lambda: flood.is_over)
        assert Text("7", "quick") in list(client.compare(endpoint, question("quick")))
    assert flood.told == 500


def test_an_answer_that_nobody_reads_is_given_up_before_it_fills_the_memory():
    flood = Flood()
    with serving(flood, most_unread=FEW) as endpoint, unread(endpoint) as asker:
        wait_until(lambda: flood.is_over, timeout_s=20)
        assert FEW < flood.told < flood.most
        assert client.health(endpoint).waiting == 0
        asker.settimeout(10)
        heard = b"".join(iter(lambda: asker.recv(1 << 20), b""))
    assert heard.count(b'"content"') < flood.told
    assert b'"type": "unread"' in heard
