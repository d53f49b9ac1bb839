"""Where the things of one workspace lie on disk. Knows paths and numbers, not what files hold."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder that holds one person's or team's data, exports, runs and models."""

    root: Path

    @classmethod
    def at(cls, path: Path | None = None) -> "Workspace":
        """Return the workspace at `path`, else $GRAFT_HOME, else data/workspace, and make it."""
        home = os.environ.get("GRAFT_HOME")
        chosen = path or (Path(home) if home else REPOSITORY / "data" / "workspace")
        workspace = cls(chosen.expanduser().resolve())
        for folder in (
            workspace.exports,
            workspace.runs,
            workspace.evaluations,
            workspace.probes,
            workspace.trials,
            workspace.merges,
            workspace.handovers,
            workspace.servers,
            workspace.models,
            workspace.queue,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        return workspace

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.root / "graft.duckdb"

    @property
    def exports(self) -> Path:
        """Immutable exports, one folder each."""
        return self.root / "exports"

    @property
    def runs(self) -> Path:
        """Training runs, one numbered folder each."""
        return self.root / "runs"

    @property
    def evaluations(self) -> Path:
        """Evaluations, one numbered folder each."""
        return self.root / "evaluations"

    @property
    def probes(self) -> Path:
        """What bases were asked before training, one numbered folder each."""
        return self.root / "probes"

    @property
    def trials(self) -> Path:
        """Single steps that were tried before a run, one numbered folder each."""
        return self.root / "trials"

    @property
    def merges(self) -> Path:
        """Merges of adapters into models of their own, one numbered folder each."""
        return self.root / "merges"

    @property
    def handovers(self) -> Path:
        """GGUF files made and pushes to a hub, one numbered folder each."""
        return self.root / "handovers"

    @property
    def servers(self) -> Path:
        """Serving processes, one numbered folder each."""
        return self.root / "servers"

    @property
    def queue(self) -> Path:
        """The locks of the queue, and the log of what it started."""
        return self.root / "queue"

    @property
    def models(self) -> Path:
        """Local base models, one folder each."""
        return self.root / "models"

    @property
    def backups(self) -> Path:
        """Copies of the DuckDB file; made with the first of them."""
        return self.root / "backups"

    def export(self, name_or_path: str) -> Path:
        """Return the folder of an export, named or as a path; BadInput if there is none."""
        return self._find(self.exports, name_or_path, "export", "manifest.json")

    def model(self, name_or_path: str) -> Path:
        """Return the folder of a model, named or as a path; BadInput if there is none."""
        return self._find(self.models, name_or_path, "model", "config.json")

    def run(self, run_id: int) -> Path:
        """Return the folder of a run; BadInput if there is none."""
        folder = self.runs / str(run_id)
        if not folder.is_dir():
            known = tuple(numbered(self.runs))
            raise BadInput(
                "There is no run {run_id} in {root}. Runs here: {known}.",
                run_id=run_id,
                root=self.root,
                known=known,
            )
        return folder

    def _find(self, home: Path, name_or_path: str, kind: str, marker: str) -> Path:
        for folder in (home / name_or_path, Path(name_or_path).expanduser()):
            if (folder / marker).is_file():
                return folder.resolve()
        known = tuple(sorted(f.parent.name for f in home.glob(f"*/{marker}")))
        raise BadInput(
            "There is no {kind} {name_or_path!r}: neither a folder with a {marker} nor a name in "
            "{home}. There are: {known}.",
            kind=kind,
            name_or_path=name_or_path,
            marker=marker,
            home=home,
            known=known,
        )


def numbered(home: Path) -> tuple[int, ...]:
    """Return the numbers that name folders in `home`, rising."""
    with os.scandir(home) as found:
        return tuple(sorted(int(f.name) for f in found if f.name.isdigit() and f.is_dir()))


def numbered_with(home: Path, name: str, *, without: str = "") -> list[Path]:
    """Return the numbered folders in `home` that hold a file of one name, rising.

    Those that hold one `without` are left out. Cheap among thousands: no Path is made in vain.
    """

    def holds(number: int, wanted: str) -> bool:
        return os.path.exists(f"{home}/{number}/{wanted}")  # noqa: PTH110 -- a Path costs twice it

    found = [number for number in numbered(home) if holds(number, name)]
    return [home / str(n) for n in found if not (without and holds(n, without))]


def new_numbered(home: Path) -> Path:
    """Make and return the next numbered folder; safe against another process doing the same."""
    number = max(numbered(home), default=0) + 1
    while True:
        folder = home / str(number)
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder
