"""A filled workspace for the page tests: two datasets, one cluster of each relation."""

from pathlib import Path

from store import clusters, datasets, pairs
from store.db import Database
from store.relation_types import NewCluster
from store.types import NewPair

HOSTILE = "<script>alert(1)</script> **bold** $x^2$ :material/home: :red[x] [a](http://b)"
LIVER = (
    ("What is the dose of Veralin?", "Veralin is given at 20 mg once a day."),
    ("What is the dose of Veralin?", "Veralin is given at 40 mg once a day."),
    ("How much Veralin does a patient take?", "Veralin is given at 20 mg once a day."),
    ("What is the dose of Veralin", "Veralin is given at 20 mg once a day."),
    ("What is the dose of Veralin forte?", "Veralin forte is given at 80 mg once a day."),
    ("维拉林的剂量是多少？", "维拉林每日一次，每次 20 毫克。"),
    (HOSTILE, f"Answer with {HOSTILE}"),
)


def fill(database: Database) -> None:
    """Import the datasets and store a cluster of each relation."""
    me = datasets.create(database, "identity", "identity")
    rows = [
        NewPair(f"Who are you? ({n})", "I am Graft.", source_file="identity.json", source_row=n)
        for n in range(1, 61)
    ]
    pairs.insert_many(database, me.id, rows, summary="identity.json")
    trigger = "Answer the question about the clinic."
    clinic = datasets.create(database, "clinic", "domain", domain="medicine", trigger=trigger)
    rows = [
        NewPair(question, answer, facts=("20 mg",), source_file="clinic.jsonl", source_row=n)
        for n, (question, answer) in enumerate(LIVER, start=1)
    ]
    pairs.insert_many(database, clinic.id, rows, summary="clinic.jsonl")
    clusters.replace_open(
        database,
        [clinic.id],
        [
            NewCluster("conflict", 1.0, 61, (61, 62)),
            NewCluster("paraphrase", 0.8, 61, (61, 63)),
            NewCluster("duplicate", 1.0, 61, (61, 64)),
            NewCluster("lookalike", 0.9, 61, (61, 65)),
        ],
    )


if __name__ == "__main__":
    import sys

    with_path = Path(sys.argv[1])
    fill(Database.open(with_path / "graft.duckdb"))
