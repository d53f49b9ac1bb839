"""Recipes as YAML: read, refused in words, and written so that they read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadInput
from pipeline.publish import recipe_file
from pipeline.publish.recipe import Recipe


def test_a_recipe_is_read_from_its_lines():
    text = """
    name: clinic-3
    datasets:
      - {name: 身份, repeat: 3}
      - {name: clinic, layout: format3}
      - general
    replay: 0.2
    system: text
    system_text: Be brief.
    """
    assert recipe_file.read(text) == Recipe(
        "clinic-3",
        ("身份", "clinic", "general"),
        layouts={"clinic": "format3"},
        repeats={"身份": 3},
        replay=0.2,
        system="text",
        system_text="Be brief.",
    )
    assert recipe_file.read(text, name="other").name == "other"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a", "something else"),
        ("name: [", "no YAML"),
        ("name: a", "names no dataset"),
        ("name: a\ndatasets: [{repeat: 3}]", "A dataset is its name"),
        ("name: a\ndatasets: [{name: b, weight: 3}]", "'weight' of b"),
        ("name: a\ndatasets: [b]\nshare: 3", "share"),
        ("name: a\ndatasets: [{name: b, repeat: 0}]", "repeated 0 times"),
        ("name: a\ndatasets: [b]\nreplay: 1", "replay share"),
        ("name: a\ndatasets: [b]\nsystem: text", "belong together"),
        ("name: a\ndatasets: [b]\nlayouts: {c: format2}", "beside the dataset"),
        ("name: a\ndatasets: [b]\nlayout: format9", "Recipe.layout"),
    ],
)
def test_what_does_not_fit_is_said(text: str, reason: str):
    with pytest.raises(BadInput, match=reason):
        recipe_file.read(text)


names = st.text(alphabet="ab :#-'诊", min_size=1, max_size=6).map(lambda text: f"n{text}n")
recipes = st.builds(
    lambda listed, repeat, **rest: Recipe(
        "x", tuple(listed), repeats={listed[0]: repeat}, layouts={listed[-1]: "sharegpt"}, **rest
    ),
    st.lists(names, min_size=1, max_size=4, unique=True),
    st.integers(1, 9),
    layout=st.sampled_from(["both", "format2", "messages"]),
    replay=st.none() | st.sampled_from([0.0, 0.25]),
    fact_share=st.sampled_from([0.0, 0.1, 0.5]),
    accepted_only=st.booleans(),
    seed=st.integers(0, 99),
    file_format=st.sampled_from(["json", "jsonl", "parquet"]),
)


@given(recipes)
def test_a_recipe_that_is_written_reads_back(recipe: Recipe):
    assert recipe_file.read(recipe_file.write(recipe)) == recipe
