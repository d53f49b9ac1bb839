"""Finds planted near duplicates with Graft and its peers, in one run, and says what it cost.

`python benchmarks/dedup.py --pairs 100000` makes pairs by a seed (`planted`), Chinese and English,
and gives them to each contender in a process of its own. Every two pairs in one group count:
precision, recall and F1 over them, in each language. The look-alikes count as different.

`--labelled FILE` (text, text, 1 or 0, separated by tabs) instead measures on real labelled pairs
how often the guards are right where two texts overlap much: data that they were not made on.

Needs requirements-bench.txt. Compiling Graft's passes, once on a machine, is not counted.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

if __name__ in {"__main__", "__mp_main__"}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from benchmarks import peers
from benchmarks.measure import ContenderFailed, Cost, measured
from benchmarks.planted import planted
from pipeline.curate.joining import joined
from pipeline.curate.near import find_links, prepare
from pipeline.curate.normalise import tokens

SEED = 7
HIGH_OVERLAP = 0.7
_DUPLICATE, _PARAPHRASE, _LOOKALIKE = 0, 1, 3
Groups = NDArray[np.int64]


def main() -> None:
    """Make the data, run the contenders, print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="contenders, separated by commas (default: all)")
    parser.add_argument("--folder", type=Path, help="where the data is kept between runs")
    parser.add_argument("--labelled", type=Path, nargs="+", default=[])
    arguments = parser.parse_args()
    prepare()
    for path in arguments.labelled:
        show_labelled(path)
    if arguments.labelled:
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = make(arguments.folder or Path(temporary), arguments.pairs, arguments.seed)
        for name, contender in CONTENDERS.items():
            if arguments.only and name not in arguments.only.split(","):
                continue
            groups = Path(temporary) / f"{name}.npy"
            try:
                show(name, measured(contender, str(path), str(groups)), path, groups)
            except ContenderFailed as failure:
                print(f"{name}: failed\n{failure}")


def make(folder: Path, count: int, seed: int) -> Path:
    """Write the planted pairs where they are not yet, and return the file."""
    path = folder / f"planted-{count}-{seed}.parquet"
    if not path.exists():
        rows = list(planted(count, seed))
        names = ("question", "answer", "fact", "kind", "language")
        table = pyarrow.table({name: [getattr(row, name) for row in rows] for name in names})
        pyarrow.parquet.write_table(table, path)
    lengths = [len(q) + len(a) for q, a in zip(*_texts(path), strict=True)]
    print(f"{count:,} pairs, {sum(lengths) / count:.0f} characters each, seed {seed}")
    return path


def graft(path: str, out: str) -> object:
    """Graft: links, joined by falling score where no look-alike stands between."""
    rows = _read(path)
    links = find_links(_with_empty_columns(rows))
    is_same = np.isin(links.relation, (_DUPLICATE, _PARAPHRASE))
    start = np.arange(rows.num_rows, dtype=np.int64)
    np.save(out, joined(links.chosen(is_same), links.chosen(~is_same), start))
    return len(links)


def graft_exact(path: str, out: str) -> object:
    """Graft: only what is identical after normalisation."""
    from pipeline.curate.near.finding import exact_links  # noqa: PLC0415  # Loads numba.
    from pipeline.curate.near.rows import read_keys  # noqa: PLC0415

    rows = _with_empty_columns(_read(path))
    links = exact_links(read_keys(rows))
    groups = np.arange(rows.num_rows, dtype=np.int64)
    groups[links.other] = links.one
    np.save(out, groups)
    return len(links)


def peer(find: Callable[[list[str]], Groups], path: str, out: str) -> object:
    """Give a peer question and answer as one text, which is how it sees a pair."""
    questions, answers = _texts(Path(path))
    np.save(out, find([f"{q}\n{a}" for q, a in zip(questions, answers, strict=True)]))
    return None


def rensa(path: str, out: str) -> object:
    """Peer rensa."""
    return peer(peers.rensa, path, out)


def rensa_wide(path: str, out: str) -> object:
    """Peer rensa, as wide as it takes to find nine of ten."""
    return peer(peers.rensa_wide, path, out)


def datasketch(path: str, out: str) -> object:
    """Peer datasketch."""
    return peer(peers.datasketch, path, out)


def text_dedup(path: str, out: str) -> object:
    """Peer text-dedup's method."""
    return peer(peers.text_dedup, path, out)


def semhash(path: str, out: str) -> object:
    """Peer SemHash."""
    return peer(peers.semhash, path, out)


CONTENDERS: dict[str, Callable[[str, str], object]] = {
    "graft": graft,
    "graft_exact": graft_exact,
    "rensa": rensa,
    "rensa_wide": rensa_wide,
    "datasketch": datasketch,
    "text_dedup": text_dedup,
    "semhash": semhash,
}


def show(name: str, cost: Cost, path: Path, out: Path) -> None:
    """Print what a contender cost and found."""
    groups = np.load(out)
    truth = pyarrow.parquet.read_table(path, columns=["fact", "language"])
    facts = truth["fact"].to_numpy()
    languages = np.array(truth["language"].to_pylist())
    found = []
    for language in ("en", "zh"):
        here = languages == language
        precision, recall, f1 = scores(facts[here], groups[here])
        found.append(f"{language} P {precision:.4f} R {recall:.4f} F1 {f1:.4f}")
    print(
        f"{name:12} {cost.wall_s:7.1f} s, {cost.cpu_s:7.1f} s of processor, "
        f"{cost.peak_bytes / 1e9:5.2f} GB   {'   '.join(found)}"
    )


def scores(facts: Groups, groups: Groups) -> tuple[float, float, float]:
    """Return precision, recall and F1 over the pairs of rows that stand in one group."""
    true, found = _pairs(facts), _pairs(groups)
    both = _pairs(facts.astype(np.int64) << 32 | groups)
    precision, recall = both / max(1, found), both / max(1, true)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def show_labelled(path: Path) -> None:
    """Print how often texts that overlap much are the same, and what the guards make of them.

    Each two texts are given one answer of their own, so that only what is asked decides. "Edited"
    is what Graft offers to remove, "reworded" what it keeps as another wording.
    """
    lines = [line.split("\t") for line in path.read_text("utf-8-sig").splitlines()]
    pairs = [(one, other, label == "1") for one, other, label in (p for p in lines if len(p) == 3)]
    high = [
        (one, other, label)
        for one, other, label in pairs
        if Indel.normalized_similarity(tokens(one), tokens(other)) >= HIGH_OVERLAP
    ]
    questions = [text for one, other, _ in high for text in (one, other)]
    answers = [f"answer {place // 2} of all" for place in range(len(questions))]
    rows = pyarrow.table({"question": questions, "answer": answers})
    links = find_links(_with_empty_columns(rows), floor=0.3)
    is_pair = (links.one % 2 == 0) & (links.other == links.one + 1)
    relation = dict(zip(links.one[is_pair] // 2, links.relation[is_pair], strict=True))
    label = np.array([label for _, _, label in high])
    named = np.array([relation.get(place, -1) for place in range(len(high))])
    print(f"{path.name}: {len(high):,} of {len(pairs):,} overlap by {HIGH_OVERLAP} or more;")
    print(f"  the same by label: {label.mean():.3f} of all", end="")
    for name, kinds in (
        ("edited", [_DUPLICATE]),
        ("edited or reworded", [_DUPLICATE, _PARAPHRASE]),
        ("look-alike", [_LOOKALIKE]),
    ):
        chosen = np.isin(named, kinds)
        share = label[chosen].mean() if chosen.any() else float("nan")
        print(f"; {share:.3f} of {chosen.sum():,} called {name}", end="")
    print()


def _pairs(groups: Groups) -> int:
    _, counts = np.unique(groups, return_counts=True)
    return int((counts.astype(np.int64) * (counts - 1) // 2).sum())


def _texts(path: Path) -> tuple[list[str], list[str]]:
    table = _read(path)
    return table["question"].to_pylist(), table["answer"].to_pylist()


def _read(path: str | Path) -> pyarrow.Table:
    """Read the texts in batches: a whole table at once holds its file and pages beside it."""
    file = pyarrow.parquet.ParquetFile(path, memory_map=True)
    names = ["question", "answer"]
    return pyarrow.Table.from_batches(
        file.iter_batches(1 << 16, columns=names, use_threads=False),
    )


def _with_empty_columns(rows: pyarrow.Table) -> pyarrow.Table:
    empty = pyarrow.repeat("", rows.num_rows)
    for name in ("context", "system", "history"):
        rows = rows.append_column(name, empty)
    return rows


if __name__ == "__main__":
    main()
