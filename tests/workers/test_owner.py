"""One thread answers what waits, in order, whatever happens to a question."""

import threading
from collections.abc import Sequence

import pytest

from pipeline.chat.protocol import Final, Text
from pipeline.said import Said
from pipeline.workers.owner import Done, Failure, Owner, QueueFull, Ticket, Told
from tests.pipeline.chat.fakes import echo, explain, question, stamp, wait_until


class Asker:
    """Collects what it is told."""

    def __init__(self, text: str = "hi") -> None:
        self.told: list[Told] = []
        self.ticket = Ticket(question(text, models=("base",)), self.told.append)

    def is_done(self) -> bool:
        return Done() in self.told


def asked_of(tickets: Sequence[Ticket]) -> list[str]:
    return [ticket.question.messages[0].content for ticket in tickets]


def heard(text: str) -> list[Told]:
    return [Text("base", "base: "), Text("base", text), Final("base", "stop", stamp()), Done()]


def test_what_waits_together_is_answered_together_in_order_by_one_thread():
    threads: set[str] = set()
    batches: list[list[str]] = []
    go_on = threading.Event()

    def answer(tickets: Sequence[Ticket]) -> None:
        go_on.wait(5)
        threads.add(threading.current_thread().name)
        batches.append(asked_of(tickets))
        echo(tickets)

    owner = Owner(answer, explain, most_rows=3)
    askers = [Asker(str(number)) for number in range(6)]
    owner.submit(askers[0].ticket)
    wait_until(lambda: owner.waiting == 1)
    for asker in askers[1:]:
        owner.submit(asker.ticket)
    go_on.set()
    wait_until(lambda: all(asker.is_done() for asker in askers))
    owner.close()
    assert [asker.told for asker in askers] == [heard(str(number)) for number in range(6)]
    assert threads == {"model-owner"}
    assert [text for batch in batches for text in batch] == list("012345")
    assert max(map(len, batches)) == 3


def test_a_failure_is_told_to_its_asker_and_the_others_are_answered():
    go_on = threading.Event()

    def answer(tickets: Sequence[Ticket]) -> None:
        go_on.wait(5)
        if "bad" in asked_of(tickets):
            raise RuntimeError("no memory")
        echo(tickets)

    owner = Owner(answer, explain)
    first, bad, good = Asker("first"), Asker("bad"), Asker("good")
    for asker in (first, bad, good):
        owner.submit(asker.ticket)
    go_on.set()
    wait_until(good.is_done)
    owner.close()
    assert bad.told == [Failure("unknown", Said("no memory")), Done()]
    assert (first.told, good.told) == (heard("first"), heard("good"))


def test_a_cancelled_question_is_not_begun():
    owner = Owner(echo, explain)
    asker = Asker()
    asker.ticket.cancel()
    owner.submit(asker.ticket)
    wait_until(asker.is_done)
    owner.close()
    assert asker.told == [Done()]


def test_closing_stops_the_answer_and_takes_no_more():
    def patient(tickets: Sequence[Ticket]) -> None:
        wait_until(tickets[0].is_cancelled)

    owner = Owner(patient, explain)
    first, second = Asker(), Asker()
    owner.submit(first.ticket)
    owner.submit(second.ticket)
    owner.close()
    assert (first.told, second.told) == ([Done()], [Done()])
    with pytest.raises(QueueFull):
        owner.submit(Asker().ticket)
