"""A comparison in progress outlives whoever looks at it."""

import threading
from collections.abc import Iterator

from dashboard.compare.asking import Asking, View
from pipeline.chat import client
from pipeline.chat.client import Endpoint
from pipeline.chat.errors import ServerGone
from pipeline.chat.protocol import Final, Piece, Question, Text
from tests.pipeline.chat.fakes import question, serving, stamp

WAIT_S = 10.0


class Keeper:
    """Keeps what it is given and says that it is comparison 7."""

    def __init__(self) -> None:
        self.kept: list[View] = []

    def __call__(self, view: View) -> int:
        self.kept.append(view)
        return 7


def connect() -> Endpoint:
    return Endpoint("http://127.0.0.1:1", "token")


def until_over(asking: Asking) -> View:
    """Wait for the end as a page does, version by version."""
    view = asking.view()
    while not view.is_over:
        newer = asking.wait(view.version, WAIT_S)
        assert newer.version > view.version
        view = newer
    return view


def test_answers_are_read_to_the_end_and_kept():
    keeper = Keeper()
    with serving() as endpoint:
        asking = Asking(question("水是什么？"))
        asking.start(lambda: endpoint, keeper, client.compare)
        view = until_over(asking)
    assert view.phase == "done"
    assert view.comparison_id == 7
    assert view.texts == {"base": "base: 水是什么？", "7": "7: 水是什么？"}
    assert set(keeper.kept[0].finals) == {"base", "7"}


def test_a_vanished_server_is_told_as_a_fact_and_nothing_is_kept():
    asking = Asking(question())
    asking.start(connect, lambda view: 1, client.compare)
    view = until_over(asking)
    assert view.phase == "failed"
    assert isinstance(view.error, ServerGone)
    assert view.comparison_id is None


def test_what_has_no_words_gets_a_reference_to_the_log(caplog):
    def broken() -> Endpoint:
        raise RuntimeError("surprise")

    asking = Asking(question())
    asking.start(broken, lambda view: 1, client.compare)
    view = until_over(asking)
    assert view.phase == "failed"
    assert view.error is None
    assert view.reference in caplog.text


def test_stopping_ends_it_at_once_and_keeps_nothing():
    said, go_on = threading.Event(), threading.Event()
    keeper = Keeper()

    def slowly(endpoint: Endpoint, asked: Question) -> Iterator[Piece]:
        yield Text("base", "It is")
        said.set()
        go_on.wait(WAIT_S)
        yield Text("base", " over")
        yield Final("base", "stop", stamp())

    asking = Asking(question(models=("base",)))
    asking.start(connect, keeper, slowly)
    assert said.wait(WAIT_S)
    asking.stop()
    view = asking.view()
    go_on.set()
    assert (view.phase, view.texts) == ("stopped", {"base": "It is"})
    assert keeper.kept == []


def test_the_clock_stands_still_once_it_is_over():
    now = [0.0]
    asking = Asking(question(), clock=lambda: now[0])
    now[0] = 3.0
    assert asking.view().seconds == 3.0
    asking.stop()
    now[0] = 9.0
    assert asking.view().seconds == 3.0
