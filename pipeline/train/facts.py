"""What is known before a run starts, and the form in which it is told: a check a line.

Pure data. Whoever launches gathers the facts (`gathering`), the checks judge them (`preflight`).
"""

from dataclasses import dataclass, field
from typing import Literal

from pipeline.errors import PipelineError
from pipeline.models.template import Policy
from pipeline.publish.seen import CutCount
from pipeline.said import Said
from pipeline.train.cluster import About
from pipeline.train.config import DataFile, Settings
from pipeline.train.estimate import Estimate
from pipeline.train.pace import Pace

Level = Literal["good", "look", "broken"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list: `launch.check_NAME_LEVEL` are its words, `values` its figures."""

    name: str
    level: Level
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatasetTokens:
    """What a dataset brings into an epoch."""

    dataset: str
    role: str
    rows: int
    tokens: float
    learned: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Rows of which training and chat were compared, token by token."""

    rows: int
    differing: int
    """Rows before whose answer chat would read something else."""
    ended: int
    """Rows whose answer is learned up to the end token."""
    end_text: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What a run needs beside what its device has."""

    estimate: Estimate
    free_bytes: int
    total_bytes: int
    measured_bytes: int | None = None
    """What one step took, where it was tried."""
    processes: int = 1
    """How many processes need as much each."""
    is_shared: bool = False
    """Whether all of them take it from the same memory; else each has a device of its own."""

    @property
    def each_bytes(self) -> int:
        """What one process needs: what was measured, else what is reckoned."""
        return self.measured_bytes or self.estimate.total

    @property
    def times(self) -> int:
        """How many times what a process needs is taken from the memory that is free."""
        return self.processes if self.is_shared else 1

    @property
    def needed_bytes(self) -> int:
        """What is taken from the memory that is free."""
        return self.each_bytes * self.times


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking a cluster, a moment ago: what it is, or why it did not say so."""

    address: str
    about: About = field(default=About(""))
    fault: PipelineError | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a launch would use, as it lies there now."""

    file_count: int
    changed_files: tuple[str, ...]
    """Files of the export that are not as they were hashed, or not there."""
    data: tuple[DataFile, ...]
    test_rows: int
    settings: Settings
    device: str
    policy: Policy
    system_text: str = ""
    default_prompt: str | None = None
    """The system prompt that the model's template hides."""
    model_fault: Said | None = None
    """Why the model's folder cannot be used; None if it can."""
    model_code: bool = False
    """Whether the model brings Python code that nobody allowed to run."""
    licence: str | None = None
    """The licence file of the model's folder; empty where there is none, None where unknown."""
    placeholder_rows: int = 0
    placeholder: str = ""
    """One of those that were left, to show."""
    cut: CutCount | None = None
    """What the cut-off cuts; None where the model's tokens cannot be read."""
    tokens: tuple[DatasetTokens, ...] = ()
    compared: Compared | None = None
    template_fault: Said | None = None
    """Why the model's chat template cannot be trained with as asked; None if it can."""
    busy_runs: tuple[int, ...] = ()
    """Runs that train on the same device now."""
    shares_device: bool = False
    """Whether to start beside them all the same."""
    pace: Pace | None = None
    memory: Memory | None = None
    """On a device of this machine."""
    processes: int = 1
    """How many share the rows of each step."""
    missing_trackers: tuple[str, ...] = ()
    """Trackers that are to be told and are not installed."""
    cluster: Asked | None = None
    """The cluster that is to train it."""
    cluster_estimate: Estimate | None = None
    """What each of its GPUs would hold."""
