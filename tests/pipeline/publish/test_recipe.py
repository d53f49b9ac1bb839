"""A recipe that cannot be followed is refused in words; one that can survives JSON."""

import json

import pytest

from pipeline.errors import BadInput
from pipeline.publish.recipe import Recipe, check_name


def test_a_recipe_survives_json():
    recipe = Recipe("诊所-3", ("身份", "clinic"), layout="format3", test_share=0.1, seed=7)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize("name", ["clinic-3", "诊所 三", "a.b", "Übung_1"])
def test_names_of_files_are_welcome_in_any_script(name: str):
    check_name(name, "export")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "..",
        ".hidden",
        "../up",
        "a/b",
        "a\\b",
        "C:x",
        "a,b",
        "a\0b",
        "a\nb",
        " a",
        "名" * 61,
    ],
)
def test_a_name_that_is_no_plain_file_name_is_refused(name: str):
    with pytest.raises(BadInput):
        Recipe(name, ("clinic",))


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"datasets": ()}, "no dataset"),
        ({"datasets": ("a", "b", "a")}, "'a' twice"),
        ({"layout": "format4"}, "format4"),
        ({"test_share": 0.9}, "0.9"),
        ({"test_share": float("nan")}, "nan"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_contradiction_is_named(fields: dict[str, object], word: str):
    with pytest.raises(BadInput, match=word):
        Recipe(**{"name": "x", "datasets": ("a",), **fields})  # type: ignore[arg-type]


def test_json_that_is_no_recipe_is_refused_in_words():
    with pytest.raises(BadInput, match="no recipe"):
        Recipe.from_json({"name": "x", "datasets": "a"})
