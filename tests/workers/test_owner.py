"""The owner runs one question at a time, in one thread, whatever happens to a question."""

import threading
from collections.abc import Callable

import pytest

from pipeline.chat.protocol import Final, Piece, Question, Text
from pipeline.workers.owner import Done, Failure, Owner, QueueFull, Ticket, Told
from tests.pipeline.chat.fakes import echo, explain, question, stamp, wait_until


class Asker:
    """Collects what it is told."""

    def __init__(self, text: str = "hi") -> None:
        self.told: list[Told] = []
        self.ticket = Ticket(question(text, models=("base",)), self.told.append)

    def is_done(self) -> bool:
        return Done() in self.told


def test_questions_are_answered_in_order_by_one_thread():
    threads: set[str] = set()

    def answer(asked: Question, tell: Callable[[Piece], None], stop: Callable[[], bool]) -> None:
        threads.add(threading.current_thread().name)
        echo(asked, tell, stop)

    owner = Owner(answer, explain)
    askers = [Asker(str(number)) for number in range(5)]
    for asker in askers:
        owner.submit(asker.ticket)
    wait_until(askers[-1].is_done)
    owner.close()
    assert [asker.told for asker in askers] == [
        [Text("base", "base: "), Text("base", str(n)), Final("base", "stop", stamp()), Done()]
        for n in range(5)
    ]
    assert threads == {"model-owner"}


def test_a_failure_is_told_and_the_next_question_answered():
    def answer(asked: Question, tell: Callable[[Piece], None], stop: Callable[[], bool]) -> None:
        if asked.messages[0].content == "bad":
            raise RuntimeError("no memory")
        echo(asked, tell, stop)

    owner = Owner(answer, explain)
    bad, good = Asker("bad"), Asker("good")
    owner.submit(bad.ticket)
    owner.submit(good.ticket)
    wait_until(good.is_done)
    owner.close()
    assert bad.told == [Failure("unknown", "no memory"), Done()]
    assert Text("base", "good") in good.told


def test_a_cancelled_question_is_not_begun():
    owner = Owner(echo, explain)
    asker = Asker()
    asker.ticket.cancel()
    owner.submit(asker.ticket)
    wait_until(asker.is_done)
    owner.close()
    assert asker.told == [Done()]


def test_closing_stops_the_answer_and_takes_no_more():
    def patient(asked: Question, tell: object, should_stop: Callable[[], bool]) -> None:
        wait_until(should_stop)

    owner = Owner(patient, explain)
    first, second = Asker(), Asker()
    owner.submit(first.ticket)
    owner.submit(second.ticket)
    owner.close()
    assert (first.told, second.told) == ([Done()], [Done()])
    with pytest.raises(QueueFull):
        owner.submit(Asker().ticket)
