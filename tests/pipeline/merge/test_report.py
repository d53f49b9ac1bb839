"""The equivalence report: what rounding explains, and what it does not."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.merge import report
from pipeline.merge.report import Equivalence, Row
from tests.dashboard import merge_seed

ROW = Row("Who?", "Lumen.", difference=0.001, from_base=9.0, is_same=True)


@pytest.mark.parametrize(
    ("changes", "row", "words"),
    [
        ({}, {}, ""),
        ({}, {"difference": 0.02}, "rounding to float32 explains 0.01"),
        ({"dtype": "bfloat16"}, {"difference": 0.5}, ""),
        ({"dtype": "bfloat16"}, {"difference": 0.5, "from_base": 0.6}, "too little of it is left"),
        ({}, {"is_same": False, "lead": 0.005}, ""),
        ({}, {"is_same": False, "lead": 0.5}, "1 of 1 prompts otherwise"),
        ({}, {"from_base": 0.0, "difference": 0.0}, "changes nothing"),
        ({"reads_alike": False}, {}, "reads the prompts otherwise"),
        ({"changed_weights": ("w",)}, {}, "not those that were merged"),
    ],
)
def test_a_report_is_refused_for_what_rounding_does_not_explain(
    changes: dict[str, object], row: dict[str, object], words: str
):
    found = Equivalence((replace(ROW, **row),), "float32", "float32", "cpu")  # type: ignore[arg-type]
    faults = replace(found, **changes).faults  # type: ignore[arg-type]
    assert len(faults) == bool(words)
    assert words in "".join(faults)


def test_a_report_is_read_back_as_it_was_written(tmp_path: Path):
    merged = merge_seed.origin(tmp_path)
    report.write(tmp_path, merged)
    assert report.read(tmp_path) == merged
    assert report.read(tmp_path / "models") is None
