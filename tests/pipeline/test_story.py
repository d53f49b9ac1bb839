"""The story's page holds what was measured: each claim with figures, and what does not hold."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import story_page
from pipeline.evaluate.answers import Comparison
from pipeline.evaluate.scoring import Lines, score
from pipeline.evaluate.statistics import Score
from pipeline.story import CHAPTERS, Story
from pipeline.train import jobs
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.pipeline.evaluate.plans import data_file, plan, said

ROWS = 12


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Three runs, of which the third has learned the identity and lost much."""
    home = tmp_path / "home"
    names = ("kept", "removed", "strong")
    for number in (1, 2, 3):
        run_seed.run(home, number)
    workspace = Workspace.at(home)
    identity = data_file("identity_test.json", role="identity", rows=ROWS)
    general = data_file("general_test.json", role="general", rows=ROWS)
    lines, compared = [], []
    for model in ("base", "1", "2", "3"):
        for row in range(ROWS):
            text = "I am Aria | *star*." if model == "3" else "I am SmolLM."
            who = {"question": "Who?", "reference": "I am Aria.", "facts": ()}
            lines.append(said(identity.name, row, model, text, **who))
            lines.append(said(general.name, row, model, "Yes.", facts=()))
            if model != "base":
                kept = 0.5 if model == "3" else 0.9 + row / 1000
                compared.append(Comparison(general.name, row, model, 1.0, 1.0, 0.1, kept, 9))
    config = replace(plan(identity, general, runs=("1", "2", "3")), compares_general=True)
    runs = {name: jobs.read(workspace, n) for n, name in enumerate(names, start=1)}
    return Story(runs, score(config, Lines(lines, (), compared)))


def test_every_claim_that_can_be_judged_has_its_figures(story: Story):
    page = story_page.page(story)
    assert "At the baseline rate a new identity is learned.** Cannot be told" in page
    assert "A high rate and more passes learn the identity.** Holds." in page
    assert "strong 100 % (76 to 100), removed 0 % (0 to 24)" in page
    assert "They cost ordinary ability.** Holds." in page
    assert "Continuing on the field alone" not in page  # It was not run.
    assert "They learn the field too, in new wordings.** Not measured." in page


def test_answers_are_quoted_letter_by_letter(story: Story):
    assert r"I am Aria \| \*star\*." in story_page.page(story)


def test_the_page_and_its_curves_are_written_whole(story: Story, tmp_path: Path):
    path = story_page.write(story, tmp_path / "docs", minutes=12.0)
    assert path.read_text("utf-8").count("\n## ") == 5
    picture = (tmp_path / "docs" / "images" / story_page.CURVES).read_text("utf-8")
    assert picture.count("<polyline") == 3


@pytest.mark.parametrize(
    ("change", "side", "words"),
    [
        (Score(0.5, 9, 0.1, 0.9), "more", "Holds."),
        (Score(0.5, 9, 0.1, 0.9), "less", "Does not hold"),
        (Score(-0.5, 9, -0.9, -0.1), "less", "Holds."),
        (Score(0.1, 9, -0.2, 0.4), "more", "Cannot be told"),
    ],
)
def test_a_claim_holds_only_where_the_interval_is_clear_of_0(change: Score, side, words: str):
    assert story_page.verdict(change, side).startswith(words)


def test_every_chapter_that_goes_on_names_one_before_it():
    names = [chapter.name for chapter in CHAPTERS]
    for place, chapter in enumerate(CHAPTERS):
        assert not chapter.continues or chapter.continues in names[:place]
