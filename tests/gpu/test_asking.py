"""Chat, evaluation, merging and probing on a GPU: the right weights answer there too."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipeline.chat import client, server
from pipeline.chat.config import ServerConfig
from pipeline.chat.protocol import BASE, Settings
from pipeline.evaluate import answers
from pipeline.evaluate import config as evaluations
from pipeline.merge import report
from pipeline.probe import config as probes
from pipeline.workers import merge, predict, probe
from pipeline.workers.generate import Request, generate
from pipeline.workers.holding import hold
from pipeline.workspace import Workspace
from tests.workers import test_merge, test_predict, test_probe
from tests.workers.test_serve import ask, stamps, texts
from tests.workers.tiny_model import make_adapter, make_base

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
PROMPTS = ("hi", "水是什么？为什么？", "Name three colours, and say at length why.")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base with two adapters that can be mixed and one that cannot."""
    folder = tmp_path_factory.mktemp("tiny")
    base = make_base(folder / "base")
    make_adapter(base, folder / "7", seed=1)
    make_adapter(base, folder / "8", seed=2, r=8)
    make_adapter(base, folder / "dora", seed=3, use_dora=True)
    return folder


def config(tiny: Path, gpu: str, dtype: str = "auto") -> ServerConfig:
    adapters = {name: tiny / name for name in ("7", "8", "dora")}
    return ServerConfig(tiny / "base", adapters, device=gpu, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_base_and_adapters_share_a_batch_in_every_number_format(tiny: Path, gpu: str, dtype: str):
    held = hold(config(tiny, gpu, dtype))
    assert (held.self_test.can_mix, held.self_test.reason) == (True, "")
    assert held.self_test.base_difference == 0
    assert list(held.self_test.apart) == ["dora"]
    assert all(difference > 0 for difference in held.self_test.adapter_differences.values())


def test_each_row_of_a_mixed_batch_is_what_its_model_says_alone(tiny: Path, gpu: str):
    held = hold(config(tiny, gpu, "float32"))
    ids = [tuple(held.tokenizer(text).input_ids) for text in PROMPTS]
    asked = [Request(name, each) for each in ids for name in (BASE, "7", "8")]
    limit = Settings(max_tokens=12)
    together = generate(held.model, held.tokenizer, asked, limit, can_mix=True)
    for request, answer in zip(asked, together, strict=True):
        (alone,) = generate(held.model, held.tokenizer, [request], limit, can_mix=False)
        assert answer.text == alone.text, request.model
        assert answer.mode == "mixed"


def test_an_answer_that_fills_the_gpu_fails_and_the_next_is_answered(tiny: Path, gpu: str):
    held = hold(config(tiny, gpu))
    ids = tuple(held.tokenizer(PROMPTS[0]).input_ids)
    asked, limit = [Request("7", ids)], Settings(max_tokens=8)
    (before,) = generate(held.model, held.tokenizer, asked, limit)
    torch.cuda.empty_cache()
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(torch.cuda.memory_reserved() / whole)
    many = [Request("7", ids * 20)] * 256
    try:
        with pytest.raises(torch.OutOfMemoryError):
            generate(held.model, held.tokenizer, many, Settings(max_tokens=64))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    (after,) = generate(held.model, held.tokenizer, asked, limit)
    assert after.text == before.text


def test_a_server_takes_the_gpu_by_itself_and_says_so(served: Workspace, tiny: Path):
    wanted = replace(config(tiny, "auto"), adapters={"7": tiny / "7"})
    endpoint = server.wait_ready(server.start(served, wanted)).endpoint
    told = stamps(client.compare(endpoint, ask("hi", BASE, "7")))
    assert {(stamp.device, stamp.dtype) for stamp in told.values()} == {("cuda:0", "bfloat16")}
    assert texts(client.compare(endpoint, ask("hi", BASE, "7"))).keys() == {BASE, "7"}


def test_an_evaluation_finds_on_a_gpu_what_it_finds_on_a_cpu(tmp_path: Path, tiny: Path, gpu: str):
    found = []
    for device in ("cpu", gpu):
        home = tmp_path / device.partition(":")[0]
        folder = home / "1"
        folder.mkdir(parents=True)
        plan = test_predict.planned(home, tiny / "base", tiny / "7")
        evaluations.write(folder, replace(plan, device=device, dtype="float32"))
        assert predict.main(folder) == 0
        found.append({each.key: each for each in answers.read(folder)})
    assert found[0].keys() == found[1].keys()
    for key, wanted in found[0].items():
        assert found[1][key].answer == wanted.answer, key


@pytest.mark.parametrize("kind", test_merge.KINDS)
def test_an_adapter_is_merged_on_a_gpu_and_answers_as_before(kind: str, tmp_path: Path, gpu: str):
    base = make_base(tmp_path / "base")
    adapter = make_adapter(base, tmp_path / "adapter", **test_merge.KINDS[kind])
    home = test_merge.plan(base, adapter, tmp_path, device=gpu)
    assert merge.main(home) == 0
    merged = report.read(home)
    assert merged is not None
    assert (merged.equivalence.same_greedy_answers, merged.equivalence.faults) == (20, ())


def test_what_a_base_knows_is_asked_on_a_gpu(tmp_path: Path, tiny: Path, gpu: str):
    folder = tmp_path / "1"
    folder.mkdir()
    probes.write(folder, test_probe.planned(tiny / "base", device=gpu), test_probe.QUESTIONS)
    assert probe.main(folder) == 0
    assert len(test_probe.said(folder)) == 15
