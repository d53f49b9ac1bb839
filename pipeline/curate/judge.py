"""The judging pass: every pair that changed since it was judged, with progress and cancel.

Few pairs are judged here; many go to processes of their own, so that a dashboard stays quick and a
second core is used. What is written is whole chunks: a pass that is cancelled or killed goes on
where it was.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow

from pipeline.curate import blocks
from pipeline.curate.checks import lengths, run
from pipeline.curate.checks.found import Frame
from pipeline.curate.checks.lengths import Ruler
from pipeline.curate.judging import Setting, judged, languages_of
from pipeline.curate.letters import count
from pipeline.evaluate import names
from pipeline.workspace import REPOSITORY, Workspace
from store import datasets, flags, settings
from store.db import Database

SAMPLE_PAIRS = 300
"""Pairs of a dataset that tell its usual language, its names, and how long its tokens are."""
MOST = 0.7
"""The share of pairs in one language from which that is the dataset's."""
ALONE = 8_000
"""Up to this many pairs are judged in this process: starting others takes half a second."""
PROCESSES = min(2, os.cpu_count() or 1)
_GLANCE_S = 0.2
JUDGED_BY, WEIGHTS = "judged_by", "token_weights"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did."""

    judged: int
    left: int
    """Pairs that a cancelled pass did not come to."""
    seconds: float
    model: str
    """The model whose tokenizer gave the lengths; empty where they are estimates."""


def judge(
    db: Database,
    workspace: Workspace | None = None,
    *,
    progress: Progress = lambda done, total: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Pass:
    """Judge every pair that has to be, and return how many that were."""
    began = time.monotonic()
    ruler = lengths.ruler_of(workspace) if workspace else Ruler()
    _forget_what_others_judged(db, ruler)
    total = flags.waiting(db)
    setting = _setting(db, ruler) if total else Setting(ruler=ruler)
    done = 0
    if total:
        progress(0, total)
        processes = 0 if total <= ALONE else PROCESSES
        for chunk in _judged(db, setting, processes=processes, is_cancelled=is_cancelled):
            flags.write(db, chunk)
            done += len(chunk)
            progress(min(done, total), total)
    left = flags.waiting(db) if done < total else 0
    return Pass(done, left, time.monotonic() - began, ruler.model)


def frame_of(db: Database, dataset_id: int) -> Frame:
    """Return what the checks may know of a dataset, from a sample of its pairs."""
    return _frame(
        datasets.get(db, dataset_id).role, flags.sample(db, dataset_id, size=SAMPLE_PAIRS)
    )


def _frame(role: str, texts: pyarrow.Table) -> Frame:
    replies = pyarrow.array(texts["answer"].to_pylist(), pyarrow.string())
    spoken = Counter(filter(None, languages_of(replies, count(replies))))
    usual = next((name for name, n in spoken.items() if n >= MOST * spoken.total()), "")
    identity = names.infer(replies.to_pylist()) if role == "identity" else None
    known = (*identity.names, *identity.makers) if identity else ()
    return Frame(role, usual, known)  # type: ignore[arg-type]  # A role, as stored.


def _setting(db: Database, ruler: Ruler) -> Setting:
    frames, replies = {}, []
    roles = {summary.dataset.id: summary.dataset.role for summary in datasets.summaries(db)}
    for dataset_id in flags.waiting_datasets(db):
        texts = flags.sample(db, dataset_id, size=SAMPLE_PAIRS)
        frames[dataset_id] = _frame(roles[dataset_id], texts)
        replies += texts["answer"].to_pylist()[:SAMPLE_PAIRS]
    replies = [text for text in replies[: 4 * SAMPLE_PAIRS] if len(text) < 20_000]
    return Setting(frames, flags.dismissed(db), _fitted(db, ruler, replies))


def _fitted(db: Database, ruler: Ruler, replies: list[str]) -> Ruler:
    """Fit a tokenizer's weights once, and use them until another one comes."""
    if not ruler.tokenizer_file:
        return ruler
    kept = json.loads(settings.get(db, WEIGHTS) or "{}")
    if kept.get("model") == ruler.model:
        return replace(ruler, weights=tuple(kept["weights"]))
    kinds = count(pyarrow.array(replies, pyarrow.string())).kinds
    fitted = lengths.fitted(ruler, replies, kinds)
    if fitted.weights != ruler.weights:
        settings.put(
            db, WEIGHTS, json.dumps({"model": ruler.model, "weights": list(fitted.weights)})
        )
    return fitted


def _forget_what_others_judged(db: Database, ruler: Ruler) -> None:
    """Have all pairs judged again where other checks or another tokenizer judged them."""
    now = f"{run.VERSION} {ruler.model}".strip()
    before = settings.get(db, JUDGED_BY)
    if before != now:
        if before is not None:
            flags.forget(db)
        settings.put(db, JUDGED_BY, now)


def _judged(
    db: Database, setting: Setting, *, processes: int, is_cancelled: Callable[[], bool]
) -> Iterator[pyarrow.Table]:
    """Yield what is judged, a chunk at a time, until it is cancelled."""
    if not processes:
        for texts in _waiting(db):
            yield judged(texts, setting)
            if is_cancelled():
                return
        return
    # The processes end before the threads that wait for them: a chunk may take half a minute.
    with ThreadPoolExecutor(processes) as pool, _workers(setting, processes) as workers:
        free, due = deque(workers), deque[tuple[subprocess.Popen[bytes], Future[pyarrow.Table]]]()
        waiting = _waiting(db)
        while not is_cancelled():
            if free and (texts := next(waiting, None)) is not None:
                worker = free.popleft()
                due.append((worker, pool.submit(_ask, worker, texts)))
                continue
            if not due:
                return
            _, future = due[0]
            if wait([future], timeout=_GLANCE_S).done:
                free.append(due.popleft()[0])
                yield future.result()


def _waiting(db: Database) -> Iterator[pyarrow.Table]:
    last = -1
    while len(texts := flags.next_waiting(db, after_id=last)):
        last = texts["id"][-1].as_py()
        yield texts


@contextmanager
def _workers(setting: Setting, number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start processes that judge, and end them however this ends."""
    command = [sys.executable, "-m", "pipeline.curate.judging_process"]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(number):
            worker = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY
            )
            started.append(worker)
            if worker.stdin is not None:
                blocks.write_block(worker.stdin, blocks.packed_setting(setting))
        yield started
    finally:
        for worker in started:
            worker.kill()
            worker.wait()
            for stream in (worker.stdin, worker.stdout):
                if stream is not None:
                    stream.close()


def _ask(worker: subprocess.Popen[bytes], texts: pyarrow.Table) -> pyarrow.Table:
    if worker.stdin is None or worker.stdout is None:
        raise BrokenPipeError("the judging process has no pipes")
    blocks.write_block(worker.stdin, blocks.packed_table(texts))
    return blocks.table(blocks.read_block(worker.stdout))
