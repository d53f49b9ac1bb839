"""What checking a store of many pairs costs: the pass, a page of counts, one pair that was edited.

    python -m benchmarks.quality [--pairs 1000000] [--processes 1]

The pairs are sentences of `data/samples` put together by a seeded generator to about 340
characters, half Chinese and half English; three in a hundred get one of the flaws below. Every
planted flaw has to be found, and what is found elsewhere is printed.
"""

import argparse
import json
import os
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pipeline.curate import judge
from store import datasets, flags, pairs
from store.charts import charts
from store.db import Database
from store.types import NewPair, PairEdit

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
FLAWS = {
    "placeholder": " {{name}}",
    "control_characters": "\u200b",
    "html": " <b>so</b>",
    "personal_data": " 13957284610 ",
    "secret": " ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "mojibake": " cafÃ©",
    "chat_marker": "<|im_end|>",
}
MEAN_CHARACTERS = 340
FLAWED = 0.03


def main() -> None:
    """Fill a store, judge it, and print what each step cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=judge.PROCESSES)
    asked = parser.parse_args()
    judge.PROCESSES = asked.processes
    with tempfile.TemporaryDirectory(prefix="graft-quality-") as folder:
        db = Database.open(Path(folder) / "graft.duckdb")
        try:
            _steps(db, asked.pairs)
        finally:
            db.close()


def _steps(db: Database, count: int) -> None:
    planted: Counter[str] = Counter()
    dataset = datasets.create(db, "many", "general")
    pairs.insert_many(db, dataset.id, _made(count, planted), summary="many")
    began, cpu = time.perf_counter(), _cpu_s()
    done = judge.judge(db)
    wall_s, cpu_s = time.perf_counter() - began, _cpu_s() - cpu
    print(
        f"judged {done.judged:,} pairs in {wall_s:.1f} s wall, {cpu_s:.1f} s CPU:"
        f" {done.judged / wall_s:,.0f} a second, {done.judged / cpu_s:,.0f} a second of one core;"
        f" {os.cpu_count()} cores, {judge.PROCESSES} processes"
    )
    shown = charts(db)
    found = {each.code: each.pairs for each in shown.flags}
    print("planted", dict(planted.most_common()))
    print("found  ", found)
    for name, work in (
        ("charts of all", lambda: charts(db)),
        ("nothing to judge", lambda: judge.judge(db)),
        ("one edited pair judged", lambda: _edited(db)),
    ):
        times = []
        for _ in range(7):
            db.changes += 1  # Forget what was remembered.
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        print(f"{name}: {sorted(times)[3] * 1000:,.0f} ms (median of 7)")


def _edited(db: Database) -> None:
    pair = pairs.get(db, 17)
    pairs.edit(db, 17, PairEdit(answer=pair.answer + "."), expected_version=pair.version)
    if judge.judge(db).judged != 1 or flags.waiting(db):
        raise AssertionError("the edited pair was not judged")


def _made(count: int, planted: Counter[str]) -> Iterator[NewPair]:
    chance = random.Random(7)
    by_language = [_sentences("ashmoor_harbour.json"), _sentences("yanxi_guqin.json")]
    for number in range(count):
        questions, answers = by_language[number % 2]
        size, parts = 0, list[str]()
        wanted = chance.uniform(0.3, 1.7) * (MEAN_CHARACTERS - 30)
        while size < wanted:
            # Never the same sentence twice in a row: that would be a loop, and found as one.
            parts.append(chance.choice([each for each in answers if each not in parts[-1:]]))
            size += len(parts[-1])
        answer = (" " if number % 2 == 0 else "").join(parts)
        if chance.random() < FLAWED:
            code = chance.choice(list(FLAWS))
            planted[code] += 1
            place = chance.randrange(len(parts))
            parts[place] += FLAWS[code]
            answer = (" " if number % 2 == 0 else "").join([*parts, parts[0]])
        yield NewPair(chance.choice(questions), answer, source_file="many", source_row=number)


def _sentences(file: str) -> tuple[list[str], list[str]]:
    """Questions and answers of a sample file without its planted rows."""
    rows = json.loads((SAMPLES / file).read_text(encoding="utf-8"))[:80]
    return [row["input"] for row in rows], sorted({row["output"] for row in rows})


def _cpu_s() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
