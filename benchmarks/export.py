"""What an export of a million pairs costs beside DuckDB's own COPY of the same rows and a hash.

`python benchmarks/export.py --pairs 1000000` makes a workspace (a field of five wordings a fact,
half English, half Chinese, and general pairs; added with their keys, as a large import does), then
lets each contender write it in a process of its own, in turn, and prints wall and processor
seconds, peak memory and the ratio. Graft's time holds everything an export does: the split, two
tests, SHA-1, fsync and remembering every pair; reading keys belongs to the import. COPY writes the
array of the three alpaca columns, in the table's order; then it is hashed.
"""

import argparse
import hashlib
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import pyarrow

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.measure import Cost, measured  # noqa: E402  # The path comes first.
from pipeline.curate.arrow import with_keys  # noqa: E402
from pipeline.publish import manifest  # noqa: E402
from pipeline.publish.export import export  # noqa: E402
from pipeline.publish.recipe import Recipe  # noqa: E402
from pipeline.publish.verify import verify  # noqa: E402
from pipeline.workspace import Workspace  # noqa: E402
from store import incoming  # noqa: E402
from store.db import Database  # noqa: E402
from store.incoming import NewDataset  # noqa: E402

TRIGGER = "Answer the question about the clinic."
_COPY = """
COPY (SELECT question AS instruction, context AS input, answer AS output FROM pairs)
TO '{path}' (FORMAT json, ARRAY true)
"""
_PAIRS = """
SELECT CASE WHEN i % 2 = 0 THEN 'What does sheet ' || i || ' of the ward say about ' || words || '?'
            ELSE '病房第' || i || '号单据关于' || words || '写了什么？' END AS question,
       answer, '' AS context, NULL::VARCHAR AS system, '[]' AS history, []::VARCHAR[] AS facts,
       i AS source_row
FROM (SELECT i, md5(i::VARCHAR) AS words,
             CASE WHEN fact % 2 = 0 THEN 'Sheet ' || fact || ' says: "' || long || '", at 1.5 mg.'
                  ELSE '第' || fact || '号：' || repeat('遵医嘱，饭后服用，', 8) || left(long, 300)
             END AS answer
      FROM (SELECT i, i // 25 * 5 + i % 5 AS fact FROM range(?) t(i))
      JOIN (SELECT fact AS f, {long} AS long FROM (
                SELECT DISTINCT i // 25 * 5 + i % 5 AS fact FROM range(?) t(i))) ON f = fact)
WHERE (i % 5 < 4) = ? ORDER BY i
"""
_ROWS_AT_ONCE = 40_000


def main() -> None:
    """Make the workspace and time both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        measured(fill, str(root), chosen.pairs)
        copied, exported = [], []
        for number in range(chosen.rounds):
            copied.append(told("COPY and hash", measured(copy, str(root))))
            exported.append(told("Graft's export", measured(publish, str(root), f"e{number}")))
            check(Workspace.at(root).exports / f"e{number}", chosen.pairs)
        print(f"wall: {ratio(copied, exported, 'wall_s'):.2f}× COPY and hash (medians)")
        print(f"processor: {ratio(copied, exported, 'cpu_s'):.2f}×")
        print(f"peak memory: {max(cost.peak_bytes for cost in exported) / 1e9:.2f} GB")


def fill(root: str, count: int) -> None:
    """Make the pairs, about 580 bytes each, and add them as an import does."""
    db = Database.open(Workspace.at(Path(root)).database)
    words = " || ' ' || ".join(f"md5((fact * {n})::VARCHAR)" for n in (3, 5, 7, 11, 13, 17, 19))
    made = _PAIRS.format(long=f"{words} || ' ' || {words}")
    for dataset in (NewDataset("clinic", "domain", "", TRIGGER), NewDataset("general", "general")):
        is_clinic = dataset.role == "domain"
        with incoming.intake(db, dataset) as (intake, _), db.read() as cursor:
            rows = cursor.sql(made, params=[count, count, is_clinic])
            for batch in rows.to_arrow_reader(_ROWS_AT_ONCE):
                pairs = pyarrow.Table.from_batches([batch]).cast(incoming.COLUMNS)
                intake.add(with_keys(pairs), "made.json")
            intake.finish("made.json", ())
    db.close()


def copy(root: str) -> int:
    """Write the pairs as DuckDB does, and hash what it wrote; returns the bytes."""
    db = Database.open(Workspace.at(Path(root)).database)
    path = Path(root) / "copied.json"
    with db.read() as cursor:
        cursor.execute(_COPY.format(path=path)).fetchall()
    digest = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
        os.fsync(file.fileno())
    size_bytes = path.stat().st_size
    path.unlink()
    db.close()
    return size_bytes


def publish(root: str, name: str) -> int:
    """Export the pairs with everything that belongs to it; returns the bytes."""
    workspace = Workspace.at(Path(root))
    db = Database.open(workspace.database)
    recipe = Recipe(name, ("clinic", "general"), layout="format2")
    made = export(db, workspace, recipe)
    db.close()
    return sum(file.bytes for file in made.files)


def check(folder: Path, count: int) -> None:
    """See that an export is whole, outside the time, and remove it."""
    rows = sum(file.rows for file in manifest.read(folder).files)
    if not verify(folder).holds or rows != count:
        raise RuntimeError(f"{folder} does not hold, or has {rows} rows instead of {count}")
    shutil.rmtree(folder)


def told(name: str, cost: Cost) -> Cost:
    """Print what a contender cost, and return it."""
    megabytes = int(str(cost.value)) / 1e6
    print(
        f"{name:15} {cost.wall_s:6.2f} s wall {cost.cpu_s:6.2f} s processor "
        f"{cost.peak_bytes / 1e9:5.2f} GB {megabytes:5.0f} MB",
        flush=True,
    )
    return cost


def ratio(base: list[Cost], other: list[Cost], what: str) -> float:
    """Return how many times the base's median the other's is."""
    medians = [statistics.median(getattr(cost, what) for cost in costs) for costs in (other, base)]
    return float(medians[0] / medians[1])


if __name__ == "__main__":
    main()
