"""Several GPUs are one device of a run, with a process each."""

import pytest

from pipeline.errors import BadInput
from pipeline.train import cluster, launchers
from pipeline.train.devices import Device, Devices, environment, overlap

GPUS = Devices(
    (
        Device("cuda:0", "H100", 80, 70, "GPU-a"),
        Device("cuda:1", "H100", 80, 60, "GPU-b"),
        Device("cpu", "CPU", 8, 8),
    )
)


def test_several_gpus_are_one_device_that_sees_them_all():
    both = GPUS.get("cuda:0,1")
    assert both == Device("cuda:0,1", "2 × H100", 80, 60, "GPU-a,GPU-b")
    assert environment(both)["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"


@pytest.mark.parametrize(
    ("name", "said"), [("cuda:0,0", "named twice"), ("cuda:0,2", "no device 'cuda:2'")], ids=str
)
def test_gpus_that_are_not_there_are_refused_in_words(name: str, said: str):
    with pytest.raises(BadInput, match=said):
        GPUS.get(name)


def test_devices_overlap_where_they_share_a_gpu():
    assert overlap("cuda:0,1", "cuda:1")
    assert overlap("cpu", "cpu")
    assert not overlap("cuda:0,1", "cuda:2")
    assert not overlap("cpu", "cuda:0")


@pytest.mark.parametrize(
    ("device", "wanted", "count"),
    [("cpu", 1, 1), ("cpu", 3, 3), ("cuda:2", 1, 1), ("cuda:0,1", 1, 2), ("cuda:0,1", 2, 2)],
    ids=str,
)
def test_a_gpu_takes_one_process_and_a_cpu_as_many_as_wanted(device: str, wanted: int, count: int):
    assert launchers.processes(device, wanted) == count


def test_a_cluster_may_take_as_long_to_save_as_its_job_is_given_there():
    assert launchers.grace_s(launchers.REMOTE) >= cluster.STOP_PATIENCE_S
    assert launchers.grace_s(launchers.ONE) == launchers.grace_s(launchers.SEVERAL) == 30


def test_processes_that_contradict_the_device_are_refused_in_words():
    with pytest.raises(BadInput, match="processes is 3, but the device cuda:0,1 takes 2"):
        launchers.processes("cuda:0,1", 3)
