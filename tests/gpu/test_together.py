"""NCCL carries what the processes of a run tell each other: here one GPU, so a world of one."""

import os
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from pipeline.workers.ranks import MEETING, Ranks, join, leave


def test_sums_gradients_and_weights_go_through_nccl(
    tmp_path: Path, gpu: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(MEETING, f"file://{tmp_path / 'meeting'}")
    monkeypatch.setitem(os.environ, "WORLD_SIZE", "1")
    assert join(torch.device(gpu)) == Ranks()
    dist.init_process_group(
        "nccl", init_method=os.environ[MEETING], rank=0, world_size=1, device_id=torch.device(gpu)
    )
    try:
        # As the first of two, with nobody to add anything.
        ranks = Ranks(0, 2, gpu)
        assert ranks.sums([1.5, 2.25]) == [1.5, 2.25]
        assert ranks.any(True)
        assert not ranks.any(False)
        weights = [torch.ones(3, device=gpu, requires_grad=True) for _ in range(2)]
        weights[0].grad = torch.full((3,), 2.0, device=gpu)
        ranks.add_gradients(weights)
        ranks.agree(weights)
        assert [weight.grad.tolist() for weight in weights] == [[2.0] * 3, [0.0] * 3]
        assert weights[1].tolist() == [1.0] * 3
    finally:
        leave()
