"""A recipe as YAML that a person writes: what differs from the defaults, a line a dataset.

name: clinic-3
datasets:
  - {name: identity, repeat: 3}
  - {name: clinic, layout: format3}
  - general
layout: both
replay: 0.2
"""

from dataclasses import fields

import yaml

from pipeline.errors import BadInput
from pipeline.publish.recipe import Recipe

_OF_DATASET = {"layout": "layouts", "repeat": "repeats"}
"""What a dataset's line may say, and the recipe's field that holds it."""


def read(text: str, *, name: str = "") -> Recipe:
    """Return the recipe of a YAML text; BadInput says what does not fit. A `name` given wins."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput("This is no YAML: {error}", error=error) from error
    if not isinstance(value, dict):
        raise BadInput("A recipe is a list of 'field: value' lines; this is something else.")
    listed = value.get("datasets")
    if not isinstance(listed, list) or not listed:
        raise BadInput("The recipe names no dataset. Give it 'datasets:' with one '- name' a line.")
    names: list[object] = []
    found: dict[str, dict[str, object]] = {"layouts": {}, "repeats": {}}
    for line in listed:
        names.append(_dataset(line, found))
    for field, lists in _OF_DATASET.items():
        if lists in value:
            raise BadInput(
                "Write {field!r} beside the dataset: - {{name: …, {field}: …}}.", field=field
            )
    given = {str(field): each for field, each in value.items() if field != "datasets"}
    if name:
        given["name"] = name
    return Recipe.from_json({**given, "datasets": names, **found})


def write(recipe: Recipe) -> str:
    """Return a recipe as YAML: its datasets, and what differs from the defaults."""
    lines = []
    for name in recipe.datasets:
        said: dict[str, object] = {"name": name}
        if name in recipe.layouts:
            said["layout"] = recipe.layouts[name]
        if name in recipe.repeats:
            said["repeat"] = recipe.repeats[name]
        lines.append(name if len(said) == 1 else said)
    value: dict[str, object] = {"name": recipe.name, "datasets": lines}
    for field in fields(Recipe):
        given = getattr(recipe, field.name)
        if field.name not in ("name", "datasets", "layouts", "repeats") and given != field.default:
            value[field.name] = given
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False))


def _dataset(line: object, found: dict[str, dict[str, object]]) -> str:
    if isinstance(line, str):
        return line
    if not isinstance(line, dict) or not isinstance(line.get("name"), str):
        raise BadInput(
            "A dataset is its name, or {{name: …, layout: …, repeat: …}}; not {line!r}.", line=line
        )
    name = str(line["name"])
    for field, given in line.items():
        if field == "name":
            continue
        if field not in _OF_DATASET:
            raise BadInput(
                "The recipe says {field!r} of {name}; it may say layout and repeat.",
                field=field,
                name=name,
            )
        found[_OF_DATASET[field]][name] = given
    return name
