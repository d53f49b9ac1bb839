"""The Launch page's place and reports: only what is there, and a part of whatever is prepared."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.launch import placing
from dashboard.said import sentences
from dashboard.text import Language, messages
from pipeline.errors import PipelineError
from pipeline.train import config, devices, jobs, tracking
from pipeline.train.cluster import ClusterSilent
from pipeline.train.devices import Device
from pipeline.workspace import Workspace
from tests.dashboard import run_seed
from tests.dashboard.conftest import assert_calm
from tests.template_models import make
from tests.workers.fake_cluster import FakeCluster, fake_cluster

GIB = 1 << 30
GPUS = [
    Device(f"cuda:{number}", "H100", 80 * GIB, (70 - 10 * number) * GIB, f"GPU-{number}")
    for number in range(2)
]


@pytest.fixture
def ready(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a model whose tokens and shape are known, and an export."""
    monkeypatch.setattr(jobs, "launch", partial(jobs.launch, worker="tests.dashboard.fake_trainer"))
    run_seed.weights(make("qwen2.5", home / "models" / "qwen"))
    run_seed.export(home)
    return home


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_gpus", lambda: (GPUS, ""))


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as made:
        yield made


def lines(page: AppTest) -> str:
    """What the page says, without what keeps Markdown from reading it."""
    said = [*page.markdown, *page.caption, *page.error]
    shown = "\n".join(str(element.value) for element in said)
    return shown.replace("\\", "").replace("\u2060", "")


def in_words(fact: PipelineError, language: Language) -> str:
    """What the page says of an error that has no words of its own there."""
    return sentences(language).get(str(fact), str(fact))


def config_of(page: AppTest) -> str:
    """What the page says that it will freeze, and the line for a terminal."""
    page.session_state["launch_command"] = True
    page.run()
    assert_calm(page)
    return "\n".join(str(each.value) for each in page.code)


def test_a_machine_without_gpus_offers_its_cpu_and_a_cluster(open_page, ready):
    page = open_page("launch")
    assert page.selectbox(key="launch_device").options == [
        devices.devices().get("cpu").title,
        str(messages("en")["launch.place_cluster"]),
    ]


def test_several_gpus_are_offered_where_there_are_several(
    open_page, ready, two_gpus, language: Language
):
    page = open_page("launch", language)
    page.selectbox(key="launch_device").select("several").run()
    assert in_words(placing.NoGpuChosen(), language) in lines(page)
    assert page.button(key="launch_start").disabled
    page.session_state["launch_gpus"] = ["cuda:1", "cuda:0"]
    page.run()
    assert_calm(page)
    assert '"device": "cuda:0,1"' in config_of(page)
    assert "--device cuda:0,1" in config_of(page)
    assert '"processes": 2' in config_of(page)


def test_memory_and_batch_are_told_for_each_gpu_as_it_will_be(open_page, ready, two_gpus):
    page = open_page("launch")
    page.selectbox(key="launch_device").select("several").run()
    page.session_state["launch_gpus"] = ["cuda:0", "cuda:1"]
    page.run()
    said = lines(page)
    assert "8 rows a step in all, about 4 on each of 2 processes" in said
    assert "of memory on each of 2 GPUs reckoned (±15 %); 60.0 GB are free on the fullest" in said
    assert "At the heaviest batch: 4 rows of" in said


def test_processes_of_a_cpu_need_their_memory_together(open_page, ready, monkeypatch):
    monkeypatch.setattr(placing, "cores", lambda: 4)
    page = open_page("launch")
    page.number_input(key="launch_processes").set_value(3).run()
    assert "of memory for 3 processes" in lines(page)
    assert "--processes 3" in config_of(page)
    assert page.session_state["launch_processes"] == 3


def test_a_cluster_is_tried_as_soon_as_it_is_written(open_page, ready, cluster, language: Language):
    page = open_page("launch", language)
    page.selectbox(key="launch_device").select("cluster").run()
    assert in_words(placing.NoClusterNamed(), language) in lines(page)
    page.text_input(key="launch_cluster").set_value(f" http://{cluster.address}/ ").run()
    told = str(messages(language)["launch.cluster_told"]).format(ray="2.60.0", gpus=3, cpus=2)
    assert told in lines(page)
    assert not page.button(key="launch_start").disabled
    page.number_input(key="launch_remote").set_value(2).run()
    assert f'"device": "ray:{cluster.address}"' in config_of(page)
    assert f"--device ray:{cluster.address}" in config_of(page)
    assert "--processes 2" in config_of(page)
    with pytest.raises(KeyError):
        page.button(key="launch_try")


def test_a_cluster_that_does_not_answer_stops_the_start_in_words(
    open_page, ready, language: Language
):
    page = open_page("launch", language)
    page.selectbox(key="launch_device").select("cluster").run()
    page.text_input(key="launch_cluster").set_value("127.0.0.1:9").run()
    assert_calm(page)
    sentence = ClusterSilent("127.0.0.1:9", "no matter").said.sentence
    said = sentences(language).get(sentence, sentence).partition("{reason}")[0]
    assert said.format(address="127.0.0.1:9") in lines(page)
    assert page.button(key="launch_start").disabled


def test_a_tracker_that_is_missing_says_how_it_is_installed(open_page, ready, monkeypatch):
    monkeypatch.setattr(tracking, "is_installed", lambda name: name == "mlflow")
    page = open_page("launch")
    assert any("-m pip install tensorboard wandb trackio" in each.value for each in page.code)
    page.checkbox(key="launch_report_wandb").check().run()
    assert page.button(key="launch_start").disabled
    page.checkbox(key="launch_report_wandb").uncheck().run()
    page.checkbox(key="launch_report_mlflow").check().run()
    assert not page.button(key="launch_start").disabled
    assert "--report-to mlflow" in config_of(page)


def test_a_study_runs_where_the_form_says(open_page, ready, monkeypatch):
    monkeypatch.setattr(placing, "cores", lambda: 4)
    monkeypatch.setattr(tracking, "is_installed", lambda _: True)
    page = open_page("launch")
    page.number_input(key="launch_processes").set_value(2).run()
    page.checkbox(key="launch_report_trackio").check().run()
    page.toggle(key="study_open").set_value(True).run()
    page.multiselect(key="study_rank").set_value(["8", "16"]).run()
    page.button(key="launch_start").click().run()
    assert_calm(page)
    made = jobs.listed(Workspace.at(ready))
    assert [(run.config.processes, run.config.report_to) for run in made] == [
        (2, ("trackio",)),
        (2, ("trackio",)),
    ]
    for run in made:
        jobs.discard(Workspace.at(ready), run.id)


def test_a_run_is_prepared_with_its_place_and_its_trackers(open_app, ready, two_gpus):
    folder = run_seed.run(ready, 1, "finished")
    was = config.read(folder)
    model = str(ready / "models" / "qwen")
    taken = replace(was, model=model, device="cuda:0,1", processes=2, report_to=("wandb",))
    config.write(folder, taken)
    page = open_app("en")
    page.query_params["from"] = "1"
    page.switch_page("app_pages/launch.py").run()
    assert page.session_state["launch_device"] == "several"
    assert page.session_state["launch_gpus"] == ["cuda:0", "cuda:1"]
    assert "which is not installed. Install it (" in lines(page)
    assert page.button(key="launch_start").disabled
    page.checkbox(key="launch_report_wandb").uncheck().run()
    assert "which is not installed. Install it (" not in lines(page)


def test_a_gpu_that_is_gone_is_chosen_no_more(open_page, ready, two_gpus, monkeypatch):
    page = open_page("launch")
    page.selectbox(key="launch_device").select("several").run()
    page.session_state["launch_gpus"] = ["cuda:0", "cuda:1"]
    page.run()
    monkeypatch.setattr(devices, "_gpus", lambda: (GPUS[:1], ""))
    page.run()
    assert_calm(page)
    assert page.session_state["launch_device"] == "cuda:0"
