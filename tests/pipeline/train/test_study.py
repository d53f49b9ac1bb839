"""Several runs from one request, and the line for a terminal that gives the same run."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.__main__ import parser
from pipeline.cli.request import requested
from pipeline.errors import BadInput
from pipeline.models.template import SystemPrompt
from pipeline.train.command import PROGRAM, assignments, line, train_command
from pipeline.train.config import SettingOutOfRange, Settings
from pipeline.train.presets import preset
from pipeline.train.request import LaunchRequest
from pipeline.train.study import MOST_RUNS, StudyTooLarge, Varied, requests, varied
from pipeline.workspace import Workspace
from tests.dashboard import run_seed

BASE = LaunchRequest(
    export=Path("/work/clinic 3"),
    model=Path("/models/tiny"),
    settings=preset("strong").settings,
    preset="strong",
    device="cpu",
    token="form",
)


def test_each_combination_is_a_run_named_after_what_is_its_own():
    made = requests(BASE, "rates", [varied("learning_rate=1e-4,3e-4"), varied("epochs=2,4")])
    assert [(each.settings.learning_rate, each.settings.epochs) for each in made] == [
        (1e-4, 2),
        (1e-4, 4),
        (3e-4, 2),
        (3e-4, 4),
    ]
    assert made[0].title == "rates: learning_rate 1e-4, epochs 2"
    assert {each.study for each in made} == {"rates"}
    assert len({each.token for each in made}) == 4


def test_format2_against_format3_is_a_study_of_two():
    made = requests(BASE, "layouts", [varied("layout=format2,format3")])
    assert [each.layout for each in made] == ["format2", "format3"]
    assert {each.settings for each in made} == {BASE.settings}


def test_a_preset_sets_everything_but_what_was_changed_by_hand():
    base = replace(BASE, settings=replace(BASE.settings, seed=7))
    gentle, identity = requests(base, "presets", [varied("preset=gentle,identity")])
    assert gentle.settings == replace(preset("gentle").settings, seed=7)
    assert identity.settings == replace(preset("identity").settings, seed=7)


def test_alpha_keeps_its_ratio_to_a_rank_that_varies_unless_it_is_told():
    made = requests(BASE, "ranks", [varied("rank=8,64")])
    assert [(each.settings.rank, each.settings.alpha) for each in made] == [(8, 16), (64, 128)]
    told = requests(BASE, "ranks", [varied("rank=8,64"), varied("alpha=32")])
    assert [each.settings.alpha for each in told] == [32, 32]


def test_combinations_that_come_to_the_same_are_one_run():
    assert len(requests(BASE, "same", [])) == 1
    assert len(requests(BASE, "same", [varied("seed=1,1,2")])) == 2


@pytest.mark.parametrize("text", ["rank", "rank=", "colour=red", "=3"])
def test_what_varies_has_to_be_named_with_its_values(text):
    with pytest.raises(BadInput, match="name=value"):
        varied(text)


def test_a_value_that_cannot_work_is_refused_before_anything_starts():
    with pytest.raises(SettingOutOfRange):
        requests(BASE, "ranks", [varied("rank=8,0")])
    with pytest.raises(BadInput, match="layout"):
        requests(BASE, "layouts", [varied("layout=format9")])


def test_a_grid_that_is_a_mistake_is_refused_with_its_count():
    seeds = Varied("seed", tuple(str(n) for n in range(MOST_RUNS + 1)))
    with pytest.raises(StudyTooLarge) as fact:
        requests(BASE, "seeds", [seeds])
    assert fact.value.count == MOST_RUNS + 1


def test_a_command_names_only_what_differs_from_the_preset():
    request = replace(BASE, settings=replace(BASE.settings, learning_rate=3e-4, targets="q_proj"))
    assert assignments(request) == ("targets=q_proj", "learning_rate=0.0003")
    assert assignments(BASE) == ()


def test_a_command_survives_the_shell():
    prompt = SystemPrompt("text", 'You are "Aria", it\'s said.')
    command = train_command(replace(BASE, system_prompt=prompt), Path("/work space"))
    assert tuple(shlex.split(line(command))) == command


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"layout": "format2", "title": "a title, with 'signs'", "evaluate_after": True},
        {"system_prompt": SystemPrompt("text", "You are Aria.")},
        {
            "preset": "identity",
            "settings": Settings(
                rank=4, targets="q_proj,v_proj", dora=True, sample_prompts=("Who are you?",)
            ),
        },
    ],
    ids=["preset alone", "layout and title", "system prompt", "many settings"],
)
def test_the_line_that_is_shown_asks_for_exactly_the_same(tmp_path, changes):
    workspace = Workspace.at(tmp_path)
    asked = replace(
        BASE,
        export=run_seed.export(tmp_path),
        model=run_seed.model(tmp_path),
        token="",
        **changes,
    )
    command = train_command(asked, tmp_path)
    arguments = parser().parse_args(list(command[len(PROGRAM) :]))
    assert arguments.workspace == tmp_path
    assert requested(arguments, workspace) == asked
