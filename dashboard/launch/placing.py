"""Where a run is to train and whom it tells: what the Launch page's two sections work with.

Holds session state under names that start with `launch_`; it draws nothing.
"""

import streamlit as st

from dashboard import serving
from dashboard.text import plain
from pipeline.errors import BadInput
from pipeline.train import reckoning, tracking
from pipeline.train.cluster import PREFIX
from pipeline.train.config import MOST_PROCESSES, TrainConfig
from pipeline.train.devices import cores, parts
from pipeline.train.facts import Asked
from pipeline.train.tracking import TRACKERS

PLACE, GPUS = "launch_device", "launch_gpus"
PROCESSES, ADDRESS, REMOTE_PROCESSES = "launch_processes", "launch_cluster", "launch_remote"
SEVERAL, CLUSTER = "several", "cluster"
"""The places that are no one device of this machine."""
DEFAULTS: dict[str, object] = {
    GPUS: [],
    PROCESSES: 1,
    ADDRESS: "",
    REMOTE_PROCESSES: 1,
    **{f"launch_report_{name}": False for name in TRACKERS},
}
REMEMBERED_S = 5


class NoGpuChosen(BadInput):
    """Several GPUs are to train, and fewer than two are chosen."""

    def __init__(self) -> None:
        super().__init__("Choose the GPUs that are to train together, two at least.")


class NoClusterNamed(BadInput):
    """A cluster is to train, and its address is not written."""

    def __init__(self) -> None:
        super().__init__("Write the address of the cluster's job port.")


def places() -> dict[str, str]:
    """Return what may be chosen, in words: each device there is, several GPUs, a cluster."""
    words = serving.device_names()
    if len(gpus()) > 1:
        words[SEVERAL] = plain("launch.place_several", count=len(gpus()))
    return words | {CLUSTER: plain("launch.place_cluster")}


def summary() -> str:
    """Return in a few words where the run is to train."""
    match st.session_state[PLACE]:
        case "several":
            chosen = sorted(st.session_state[GPUS])
            return ", ".join(chosen) or plain("launch.place_several", count=len(gpus()))
        case "cluster":
            return f"{plain('launch.place_cluster')} {address()}".rstrip()
        case "cpu" if processes() > 1:
            return plain("launch.place_processes", device=places()["cpu"], count=processes())
        case name:
            return places()[str(name)]


def gpus() -> dict[str, str]:
    """Return the GPUs of this machine, in words."""
    return {name: words for name, words in serving.device_names().items() if "cuda" in name}


def restore() -> None:
    """Set first values, and take back a place or a GPU that is no longer there."""
    for key, value in DEFAULTS.items():
        st.session_state.setdefault(key, value)
    known = places()
    if st.session_state.get(PLACE) not in known:
        st.session_state[PLACE] = next(iter(known))
    here = gpus()
    st.session_state[GPUS] = [name for name in st.session_state[GPUS] if name in here]


def device() -> str:
    """Return the device as a config names it; raises NoGpuChosen, NoClusterNamed."""
    place = str(st.session_state[PLACE])
    if place == SEVERAL:
        chosen = sorted(st.session_state[GPUS])
        if len(chosen) < 2:
            raise NoGpuChosen
        return "cuda:" + ",".join(name.removeprefix("cuda:") for name in chosen)
    if place == CLUSTER:
        if not address():
            raise NoClusterNamed
        return PREFIX + address()
    return place


def here() -> str:
    """Return the device of this machine that the run needs; empty where it needs none."""
    try:
        name = device()
    except BadInput:
        return ""
    return "" if name.startswith(PREFIX) else name


def address() -> str:
    """Return the cluster's address as it was written, without what a browser puts before it."""
    written = str(st.session_state[ADDRESS]).strip().removeprefix(PREFIX)
    return written.removeprefix("http://").rstrip("/")


def processes() -> int:
    """Return how many processes are to learn together; on GPUs of this machine it is one each."""
    match st.session_state[PLACE]:
        case "cpu":
            return int(st.session_state[PROCESSES])
        case "cluster":
            return int(st.session_state[REMOTE_PROCESSES])
        case _:
            return 1


def most_processes(asked: Asked | None = None) -> int:
    """Return how many processes may be asked for: the cores here, or the GPUs of a cluster."""
    if asked is None:
        return max(1, min(cores(), MOST_PROCESSES))
    return asked.about.gpus or MOST_PROCESSES


def asked() -> Asked | None:
    """Return what the cluster that is written said a moment ago; None where none is written."""
    return ask(PREFIX + address()) if address() else None


@st.cache_resource(ttl=REMEMBERED_S, show_spinner=False, max_entries=32)
def ask(name: str) -> Asked:
    """Ask a cluster what it is; remembered for some seconds."""
    return reckoning.ask_cluster(name)


def reports() -> tuple[str, ...]:
    """Return the trackers that are to be told."""
    return tuple(name for name in TRACKERS if st.session_state[report_key(name)])


def report_key(name: str) -> str:
    """Return the key under which the session holds whether a tracker is to be told."""
    return f"launch_report_{name}"


def missing() -> tuple[str, ...]:
    """Return the trackers that are not installed here; on a cluster that is not known."""
    return tracking.missing(TRACKERS, elsewhere=st.session_state[PLACE] == CLUSTER)


def take(config: TrainConfig) -> None:
    """Choose where a run trained and whom it told; what is not here now is left as it stands."""
    known, wanted = places(), parts(config.device)
    if config.device.startswith(PREFIX):
        st.session_state[PLACE] = CLUSTER
        st.session_state[ADDRESS] = config.device.removeprefix(PREFIX)
        st.session_state[REMOTE_PROCESSES] = config.processes
    elif len(wanted) > 1 and set(wanted) <= gpus().keys():
        st.session_state[PLACE], st.session_state[GPUS] = SEVERAL, list(wanted)
    elif config.device in known:
        st.session_state[PLACE] = config.device
        st.session_state[PROCESSES] = min(config.processes, most_processes())
    for name in TRACKERS:
        st.session_state[report_key(name)] = name in config.report_to
