"""In what runs differ: only that, in the words of the pages."""

from dataclasses import replace
from pathlib import Path

from pipeline.models.template import SystemPrompt
from pipeline.train.differences import Difference, differences
from tests.dashboard import run_seed


def test_only_what_differs_is_told_settings_last(tmp_path: Path):
    one = run_seed.plan(tmp_path)
    two = replace(
        one,
        title="another",
        study="formats",
        layout="format2",
        system_prompt=SystemPrompt("text", "Be brief."),
        parent_run=3,
        settings=replace(one.settings, rank=8),
    )
    assert differences([one, two, one]) == (
        Difference("layout", ("format3", "format2", "format3")),
        Difference("system", ("none", "Be brief.", "none")),
        Difference("parent", ("", 3, "")),
        Difference("rank", (16, 8, 16)),
    )


def test_equal_plans_differ_in_nothing(tmp_path: Path):
    one = run_seed.plan(tmp_path)
    assert differences([one, one]) == ()


def test_the_name_of_an_export_says_more_than_its_files(tmp_path: Path):
    one = run_seed.plan(tmp_path)
    changed = replace(one, data=one.data[:1])
    assert [each.name for each in differences([one, changed])] == ["data"]
    moved = replace(changed, export="/exports/clinic-4")
    assert [each.name for each in differences([one, moved])] == ["export"]
