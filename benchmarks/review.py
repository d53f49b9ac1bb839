"""Review over a workspace of a million pairs: what each interaction waits for.

    python benchmarks/review.py --pairs 1000000

Measured are the functions that the running page calls, all queries of one run of it together (the
datasets, the list with its count, its page, the chosen pair, its place), each after a save, so that
nothing is remembered that a person could not have had; and what the frame above it counts when the
page is opened. Beside them stands the naive way, in a process of its own on the same file.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

# Called outside a page, Streamlit says so each time.
os.environ.setdefault("STREAMLIT_LOGGER_LEVEL", "error")

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks import crowd, naive, reviewer  # noqa: E402  # The path comes first.
from benchmarks.measure import Cost, measured  # noqa: E402

# (name, the most milliseconds at the 95th percentile, the naive peer)
GOALS = (
    ("filtered page", 100, "shallow page"),
    ("deep page", 100, "deep page"),
    ("deep page after a save", 100, "deep page"),
    ("Chinese search with its count", 300, "search"),
    ("English search with its count", 300, "search"),
    ("save: accept or reject", 10, ""),
    ("save: edit", 10, ""),
    ("save: tag", 10, ""),
    ("bulk change of 10,000", 1000, "bulk change with an index"),
    ("bulk tag of 10,000", 1000, "bulk change with an index"),
    ("undo of a bulk change", 1000, ""),
    ("choices of the filters", 100, ""),
    ("key A: save and the next page", 100, ""),
    ("frame above the page, when opened", 300, ""),
    ("whole script after a key", 1000, ""),
)


def main() -> int:
    """Build the workspace, measure both ways, print the table; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40, help="samples of each interaction")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip-naive", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # Each call of Streamlit's outside a browser would say that there is none.
        os.environ |= {"GRAFT_HOME": folder, "STREAMLIT_LOGGER_LEVEL": "error"}
        path = str(Path(folder) / "graft.duckdb")
        built = measured(build, path, arguments.pairs, arguments.seed)
        words = _sample(built.value)
        print(f"{arguments.pairs:,} pairs, built in {built.wall_s:.0f} s", flush=True)
        ours = measured(reviewer.review, path, words, arguments.rounds, arguments.seed)
        peer = None
        if not arguments.skip_naive:
            peer = measured(naive.asked, path, [*words["zh"][:6], *words["en"][:4]], 8)
    return report(ours, peer)


def build(path: str, count: int, seed: int) -> dict[str, list[str]]:
    """Fill the workspace and return its vocabulary."""
    from store.db import Database  # noqa: PLC0415  # Only the child opens the store.

    db = Database.open(Path(path))
    words = crowd.fill(db, count, seed=seed)
    db.close()
    return words


def report(ours: Cost, peer: Cost | None) -> int:
    """Print what was measured beside its goal and its peer."""
    told = ours.value
    times: dict[str, list[float]] = told["times"]  # type: ignore[index]
    naively = peer.value["times"] if peer else {}  # type: ignore[index]
    print(
        f"{'interaction':34}{'n':>4}{'median':>9}{'p95':>9}{'goal':>7}{'naive':>9}{'ratio':>7}  ms"
    )
    missed = 0
    for name, goal, other in GOALS:
        taken = sorted(times[name])
        median, p95 = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
        is_missed = p95 > goal
        missed += is_missed
        cpu = sorted(told["cpu"][name])[len(taken) // 2]  # type: ignore[index]
        line = f"{name:36}{len(taken):4}{median:9.1f}{p95:9.1f}{cpu:9.1f}{goal:9}"
        if other in naively:
            slow = sorted(naively[other])
            middle = slow[len(slow) // 2]
            line += f"{middle:9.1f}{middle / median:8.1f}×"
        print(line + ("   MISSED" if is_missed else ""))
    print(f"the copy for searching: {told['prepared_s']:.1f} s in the background")  # type: ignore[index]
    print(
        f"Graft: {ours.wall_s:.0f} s, {ours.cpu_s:.0f} s of processor time, "
        f"peak {ours.peak_bytes / 1e9:.2f} GB (of it the mapped copy of the texts)"
    )
    if peer:
        ilike = sorted(naively["search by ILIKE"])
        print(f"naive ILIKE search: median {ilike[len(ilike) // 2]:.0f} ms")
        counted = told["counts"]  # type: ignore[index]
        others = peer.value["counts"]  # type: ignore[index]
        wrong = {w: (counted[w], n) for w, n in others.items() if counted[w] != n}
        print(f"searches that count otherwise than the naive scan: {wrong or 'none'}")
        missed += bool(wrong)
    return 1 if missed else 0


def _sample(words: object) -> dict[str, list[str]]:
    """Words to search for, of every commonness; a Chinese one has two characters or more."""
    chosen = {}
    assert isinstance(words, dict)
    for language, known in words.items():
        known = [word for word in known if len(word) > 1]
        ranks = [int(1.5**n) for n in range(2, 40) if 1.5**n < len(known)]
        chosen[language] = [known[rank] for rank in ranks]
    return chosen


if __name__ == "__main__":
    began = perf_counter()
    code = main()
    print(f"all: {perf_counter() - began:.0f} s")
    sys.exit(code)
