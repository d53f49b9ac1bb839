"""What an import costs beside a bare `CREATE TABLE AS read_json`, orjson and `datasets`.

`python benchmarks/import.py --pairs 1000000` makes an alpaca array by a seed (Chinese and English,
about 340 characters a pair, some rows with history, placeholders, another key or a flaw) and
has each contender bring it into a table, each in a process of its own on one core. Graft does more
than its peers: it recognises the layout, checks every row, says which are refused and why, finds
placeholders, gives ids and remembers the file.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

if __name__ in {"__main__", "__mp_main__"}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import duckdb
import orjson
import pyarrow

from benchmarks.measure import Cost, measured
from pipeline.curate.importing import Progress, Target, import_files
from store.db import Database

SEED = 1
_COMMON = 600
_FIRST_CJK = 0x4E00


def main() -> None:
    """Make the file, run the contenders, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the file is kept between runs")
    parser.add_argument("--peers", action="store_true", help="orjson and datasets too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        path = folder / f"alpaca-{arguments.pairs}.json"
        if not path.exists():
            make(path, arguments.pairs)
        print(f"{path.name}: {arguments.pairs:,} pairs, {path.stat().st_size / 1e6:,.0f} MB")
        contenders = [graft, bare, bare_uncompressed]
        if arguments.peers:
            contenders += [with_orjson, with_datasets]
        costs: dict[str, Cost] = {}
        for contender in contenders:
            with tempfile.TemporaryDirectory(dir=temporary) as place:
                costs[contender.__name__] = measured(contender, str(path), place)
        show(costs)


def show(costs: dict[str, Cost]) -> None:
    """Print what each contender cost, and how that compares with the bare statement."""
    base = costs["bare"]
    print(f"{'':18} {'wall s':>7} {'cpu s':>7} {'peak MB':>8} {'wall':>6} {'cpu':>6}  result")
    for name, cost in costs.items():
        print(
            f"{name:18} {cost.wall_s:7.1f} {cost.cpu_s:7.1f} {cost.peak_bytes / 1e6:8.0f} "
            f"{cost.wall_s / base.wall_s:5.2f}x {cost.cpu_s / base.cpu_s:5.2f}x  "
            f"{json.dumps(cost.value, ensure_ascii=False)}"
        )


def graft(path: str, place: str) -> object:
    """Graft's own import, as the page and the verb do it."""
    _one_core()
    shares: list[tuple[float, str]] = []

    def watch(now: Progress) -> None:
        shares.append((now.share, now.phase))

    db = Database.open(Path(place) / "graft.duckdb")
    with db.read() as cursor:
        cursor.execute("SET threads = 1")
    done = import_files(db, [Path(path)], Target("made", "general"), watch=watch)
    db.close()
    read = [share for share, phase in shares if phase == "reading"]
    jumps = [after - before for before, after in zip([0.0, *read], [*read, 1.0], strict=True)]
    return {
        "pairs": done.imported,
        "refused": done.refused.by_reason(),
        "placeholders": list(done.leftovers),
        "layout": done.layout,
        "largest_step_of_progress": round(max(jumps), 4),
        "file_mb": round((Path(place) / "graft.duckdb").stat().st_size / 1e6),
    }


def bare(path: str, place: str) -> object:
    """The statement alone, compressed as it comes."""
    return _read_json(path, place, "auto")


def bare_uncompressed(path: str, place: str) -> object:
    """The statement alone, without compression, as Graft's own tables are."""
    return _read_json(path, place, "uncompressed")


def with_orjson(path: str, place: str) -> object:
    """The whole file parsed by orjson, then one Arrow table."""
    _one_core()
    rows = orjson.loads(Path(path).read_bytes())
    names = ("instruction", "input", "output")
    table = pyarrow.table(
        {
            name: pyarrow.array([_text(row.get(name)) for row in rows], pyarrow.string())
            for name in names
        }
    )
    del rows
    connection = _connection(place)
    connection.register("made", table)
    connection.execute("CREATE TABLE pairs AS FROM made")
    connection.close()
    return {"pairs": table.num_rows, "file_mb": _size_mb(place)}


def with_datasets(path: str, place: str) -> object:
    """Hugging Face's loader, which writes Arrow files to its cache; no table is made."""
    _one_core()
    os.environ["HF_HUB_OFFLINE"] = "1"
    import datasets  # noqa: PLC0415  # Only this contender should pay for it.

    found = datasets.load_dataset("json", data_files=path, split="train", cache_dir=place)
    return {"pairs": found.num_rows}


def make(path: Path, pairs: int) -> None:
    """Write the array; the same seed and number give the same bytes."""
    chance = random.Random(SEED)
    rivers = (_river(chance, _english(chance), " "), _river(chance, _chinese(chance), ""))
    began = time.perf_counter()
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write("[\n")
        for number in range(pairs):
            row = _row(chance, rivers[number % 2], number, scale=1.0 if number % 2 else 2.35)
            file.write(("  " if not number else ",\n  ") + json.dumps(row, ensure_ascii=False))
        file.write("\n]\n")
    unfinished.replace(path)
    print(f"made in {time.perf_counter() - began:.0f} s", flush=True)


def _row(chance: random.Random, river: str, number: int, *, scale: float) -> dict[str, object]:
    """Chinese says the same in fewer characters: `scale` makes the others longer."""

    def text(shortest: int, longest: int) -> str:
        length = round(scale * chance.randint(shortest, longest))
        start = chance.randrange(len(river) - length)
        return river[start : start + length].strip() or "?"

    row: dict[str, object] = {
        "instruction": f"{text(12, 40)} {number}?",
        "input": text(30, 70) if number % 5 == 0 else "",
        "output": text(90, 240),
    }
    if number % 20 == 0:
        row["history"] = [[text(10, 20), text(15, 40)]]
    if number % 7 == 0:
        row["id"] = number
    if number % 500 == 1:
        row["output"] = f"I am {{{{name}}}}. {row['output']}"
    if number % 1_000 == 2:
        row["output"] = ""
    if number % 5_000 == 3:
        del row["output"]
    return row


def _river(chance: random.Random, words: list[str], between: str) -> str:
    """A long text in which words are as rare as in a language (Zipf's law)."""
    weights = [1 / (rank + 3) for rank in range(len(words))]
    return between.join(chance.choices(words, weights, k=400_000))


def _english(chance: random.Random) -> list[str]:
    letters = "etaoinshrdlucmfwypvbgk"
    weights = [1 / (rank + 4) for rank in range(len(letters))]
    lengths = [chance.randint(2, 10) for _ in range(20_000)]
    return ["".join(chance.choices(letters, weights, k=length)) for length in lengths]


def _chinese(chance: random.Random) -> list[str]:
    signs = [chr(_FIRST_CJK + chance.randrange(20_000)) for _ in range(3_500)]
    words = [*signs, *("".join(chance.choices(signs[:_COMMON], k=2)) for _ in range(15_000))]
    chance.shuffle(words)
    return ["，", "。", *words]


def _read_json(path: str, place: str, compression: str) -> object:
    _one_core()
    connection = _connection(place)
    connection.execute(f"SET force_compression = '{compression}'")
    connection.execute("CREATE TABLE pairs AS SELECT * FROM read_json(?)", [path])
    found = connection.execute("SELECT count(*) FROM pairs").fetchone()
    connection.close()
    return {"pairs": found[0] if found else 0, "file_mb": _size_mb(place)}


def _connection(place: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(Path(place) / "bare.duckdb"))
    connection.execute("SET threads = 1")
    return connection


def _one_core() -> None:
    """Keep this process on one core, whatever its libraries would like to start."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pyarrow.set_cpu_count(1)


def _size_mb(place: str) -> int:
    return round((Path(place) / "bare.duckdb").stat().st_size / 1e6)


def _text(value: object) -> str:
    return "" if value is None else str(value)


if __name__ == "__main__":
    main()
