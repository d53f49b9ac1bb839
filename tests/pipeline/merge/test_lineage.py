"""The tree of bases, adapters and merged models: each once, below what it was made of."""

from dataclasses import replace
from pathlib import Path

from pipeline.merge import lineage, report
from pipeline.models import catalog
from pipeline.train import config, jobs
from pipeline.workspace import Workspace
from tests.dashboard import merge_seed, run_seed


def drawn(home: Path) -> list[str]:
    """The tree as lines, indented by depth."""
    workspace = Workspace.at(home)
    models = catalog.listed(workspace)
    merged = {model.folder: of for model in models if (of := report.read(model.folder))}
    nodes = lineage.tree(models, jobs.listed(workspace), merged)
    return [f"{'  ' * node.depth}{node.key}" for node in nodes]


def trained_on(home: Path, number: int, model: str) -> None:
    folder = run_seed.run(home, number)
    config.write(folder, replace(config.read(folder), model=str(home / "models" / model)))


def test_a_merged_model_that_is_trained_on_again_has_runs_below_it(tmp_path: Path):
    run_seed.model(tmp_path)
    run_seed.model(tmp_path, "other")
    run_seed.run(tmp_path, 1)
    merge_seed.merged(tmp_path)
    trained_on(tmp_path, 2, "lumen-1")
    assert drawn(tmp_path) == [
        "base:other",
        "base:tinylm-1m",
        "  run:1",
        "    merged:lumen-1",
        "      run:2",
    ]


def test_two_models_of_one_name_are_told_apart_by_their_folders(tmp_path: Path):
    here, there = (catalog.read(run_seed.model(tmp_path / place)) for place in ("here", "there"))
    nodes = lineage.tree([here, there], [], {})
    assert [(node.name, node.place) for node in nodes] == [
        (here.name, str(here.folder.parent)),
        (here.name, str(there.folder.parent)),
    ]
    assert len({node.key for node in nodes}) == 2


def test_what_was_merged_of_a_run_that_is_gone_stands_below_its_base(tmp_path: Path):
    run_seed.model(tmp_path)
    merge_seed.merged(tmp_path, run=9)
    assert drawn(tmp_path) == ["base:tinylm-1m", "  merged:lumen-1"]


def test_what_was_merged_of_a_base_that_is_gone_stands_by_itself(tmp_path: Path):
    Workspace.at(tmp_path)
    merge_seed.merged(tmp_path)
    assert drawn(tmp_path) == ["merged:lumen-1"]
