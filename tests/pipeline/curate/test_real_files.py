"""Public files as they are found, where they lie beside the repository; skipped elsewhere."""

import pytest

from pipeline.curate import ingest, placeholders
from pipeline.curate.finding import find
from pipeline.workspace import REPOSITORY

PLACES = [folder / "shared" / "real" for folder in REPOSITORY.parents[:2]]
REAL = next((folder for folder in PLACES if folder.is_dir()), PLACES[0])
here = pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
ROWS = {
    "alpaca_zh_demo.json": 1_000,
    "alpaca_en_demo.json": 999,
    "identity.json": 91,
    "glaive_toolcall_zh_demo.json": 300,
    "liver_cancer.json": 1_000,
    "toolformer-dedupe-only-dataset.json": 7_673,
}


@here
@pytest.mark.parametrize("name", ROWS)
def test_every_row_of_a_real_file_is_a_pair_or_explained(name: str):
    read = ingest.read(REAL / name)
    assert len(read.rows) + len(read.refused) == ROWS[name]
    assert all(each.reason and each.row for each in read.refused)
    left = placeholders.found(text for row in read.rows for text in placeholders.texts_of(row))
    assert left == (("name", "author") if name == "identity.json" else ())


@here
def test_a_real_registry_gives_the_sets_whose_files_are_here():
    found = find(REAL)
    assert {source.dataset for source in found.sources} == {
        *("identity", "alpaca_en_demo", "alpaca_zh_demo", "glaive_toolcall_zh_demo"),
    }
    assert all(each.reason for each in found.skipped)
