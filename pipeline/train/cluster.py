"""A Ray cluster's job server over plain REST: this machine needs no ray.

The server runs any command that it is sent, so that only one on the loopback is asked: Ray's own,
or the near end of a tunnel to it (`ssh -L 8265:127.0.0.1:8265 HEAD`).
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from pipeline.errors import BadInput, PipelineError

PREFIX = "ray:"
"""How a config names a cluster as its device: `ray:127.0.0.1:8265`."""
ENDED = ("SUCCEEDED", "FAILED", "STOPPED")
STOP_PATIENCE_S = 600
"""How long a job may take to save once it is stopped; Ray's own patience is three seconds."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_BRIEFLY = httpx.Timeout(3.0)
_TIMEOUT = httpx.Timeout(30.0, read=600.0, write=600.0)  # Adapters come back as one answer.


class NotLoopback(BadInput):
    """The cluster is to be asked over a network, where anybody could send it commands."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(
            "The cluster {address!r} is not on this machine's loopback. Its job port runs "
            "whatever it is sent: open a tunnel (ssh -L 8265:127.0.0.1:8265 HEAD) and name "
            "ray:127.0.0.1:8265."
        )


class ClusterSilent(PipelineError):
    """The cluster does not answer, or not as Ray's job server does."""

    def __init__(self, address: str, reason: object) -> None:
        self.address, self.reason = address, str(reason)
        super().__init__(
            "The Ray cluster at {address} does not answer ({reason}). See whether it runs "
            "(ray status) with ray[default], and whether the tunnel to it is open."
        )


class ClusterRefused(PipelineError):
    """The cluster answered that it will not do what it was asked."""

    def __init__(self, address: str, answer: httpx.Response) -> None:
        last = answer.text.strip().splitlines()[-1:] or [""]
        self.address, self.status, self.reason = address, answer.status_code, last[0]
        super().__init__("The Ray cluster at {address} refused ({status}): {reason}")


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the cluster tells of it now."""

    status: str
    """`PENDING`, `RUNNING`, or one of ENDED."""
    message: str

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class About:
    """What a cluster says of itself."""

    ray: str
    """Ray's version."""
    cpus: int | None = None
    """None where it does not say."""
    gpus: int | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A job server, by its address on the loopback."""

    address: str

    def __post_init__(self) -> None:
        host, _, port = self.address.rpartition(":")
        if host not in _LOOPBACK or not port.isdigit():
            raise NotLoopback(self.address)

    def about(self) -> About:
        """Return what the cluster is, asked briefly; ClusterSilent where none answers."""
        with self._client(_BRIEFLY) as client:
            version = self._told(client.get("/api/version"))
            if "ray_version" not in version:
                raise ClusterSilent(self.address, "what answers there is not Ray's job server")
            try:
                known = self._told(client.get("/api/cluster_status"))
            except (ClusterRefused, ClusterSilent):
                known = {}  # Its own page is not there, or not yet: it trains all the same.
        return About(str(version["ray_version"]), _total(known, "CPU"), _total(known, "GPU"))

    def upload(self, package: bytes) -> str:
        """Give the cluster a zip archive, where it has not got it yet, and return its URI."""
        name = f"_ray_pkg_{hashlib.sha256(package).hexdigest()[:32]}.zip"
        path = f"/api/packages/gcs/{name}"
        with self._client() as client:
            if client.get(path).status_code != httpx.codes.OK:
                self._checked(client.put(path, content=package))
        return f"gcs://{name}"

    def submit(self, job: str, command: str, package: str, environment: Mapping[str, str]) -> None:
        """Start a command in the package's folder, under a name that is ours."""
        request = {
            "entrypoint": command,
            "submission_id": job,
            "runtime_env": {
                "working_dir": package,
                "env_vars": {
                    # The cluster's supervisor of the job reads it here too: no setting of its own.
                    "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_PATIENCE_S),
                    **environment,
                },
            },
        }
        with self._client() as client:
            self._checked(client.post("/api/jobs/", json=request))

    def job(self, job: str) -> Job | None:
        """Return how a job is, None where the cluster knows of none."""
        with self._client() as client:
            answer = client.get(f"/api/jobs/{job}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        told = self._checked(answer).json()
        return Job(str(told["status"]), str(told.get("message") or ""))

    def stop(self, job: str) -> None:
        """Ask a job to end: it gets SIGTERM, and STOP_PATIENCE_S to save."""
        with self._client() as client:
            self._checked(client.post(f"/api/jobs/{job}/stop"))

    def printed(self, job: str) -> list[str]:
        """Return the whole lines that a job has printed so far, from the first one on."""
        with self._client() as client:
            told = self._checked(client.get(f"/api/jobs/{job}/logs")).json()
        return str(told["logs"] or "").split("\n")[:-1]

    @contextmanager
    def _client(self, timeout: httpx.Timeout = _TIMEOUT) -> Iterator[httpx.Client]:
        # A proxy of the environment must not see what goes to the loopback.
        with httpx.Client(
            base_url=f"http://{self.address}", timeout=timeout, trust_env=False
        ) as client:
            try:
                yield client
            except httpx.HTTPError as error:
                raise ClusterSilent(self.address, error) from error

    def _told(self, answer: httpx.Response) -> dict[str, object]:
        try:
            told = self._checked(answer).json()
        except ValueError as error:
            raise ClusterSilent(self.address, "it answered in no JSON") from error
        return told if isinstance(told, dict) else {}

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            raise ClusterRefused(self.address, answer)
        return answer


def _total(status: Mapping[str, object], resource: str) -> int | None:
    """Find how much of a resource a cluster has in what its page tells of it."""
    found: object = status
    for name in ("data", "clusterStatus", "loadMetricsReport", "usage"):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return None
    used_and_total = found.get(resource, (0, 0))
    return int(used_and_total[1]) if isinstance(used_and_total, list) else 0


def cluster_of(device: str) -> Cluster:
    """Return the cluster that a config's device names; NotLoopback where it is not one of ours."""
    return Cluster(device.removeprefix(PREFIX))
