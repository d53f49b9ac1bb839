"""What a person chose for a run, and the config it is frozen into: checked, not started."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import BadInput, DoesNotHold
from pipeline.models.catalog import refuse_adapter
from pipeline.models.template import SystemPrompt
from pipeline.publish import manifest
from pipeline.publish.manifest import ExportFile
from pipeline.publish.verify import MANIFEST, verify
from pipeline.queue.entry import Priority
from pipeline.said import Said
from pipeline.train import continuing, launchers, tracking
from pipeline.train.cluster import PREFIX
from pipeline.train.config import DataFile, Settings, TrainConfig
from pipeline.train.devices import refuse_quantization
from store.types import Layout

WITHOUT_DEFAULT = SystemPrompt("none")
"""The policy that lets an identity be learned: the template's own system prompt taken out."""


class ExportDamaged(DoesNotHold):
    """Files of an export are not what its manifest says, so nothing is trained on it."""

    def __init__(self, folder: Path, broken: tuple[str, ...]) -> None:
        self.folder, self.broken = folder, broken
        super().__init__(
            "The export {folder.name} is not what it was when it was made: {broken}. "
            "Export again, or put the files back; nothing was started."
        )


class ExportGone(BadInput):
    """The export's folder holds no export any more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            "The export {folder.name} is not there any more ({folder}): it was deleted or moved. "
            "Nothing was started. Put it back, or choose another."
        )


class ModelGone(BadInput):
    """The base model's folder holds no model any more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            "The model {folder.name} is not there any more ({folder}): it was deleted or moved. "
            "Nothing was started. Put it back, or choose another."
        )


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """What a person chose for a run."""

    export: Path
    """The export's folder."""
    model: Path
    """The base model's folder."""
    settings: Settings
    preset: str
    layout: Layout = "format3"
    device: str = "auto"
    system_prompt: SystemPrompt = WITHOUT_DEFAULT
    title: str = ""
    trust_remote_code: bool = False
    shares_device: bool = False
    """Start at once, even where another run is on the device."""
    priority: Priority = "normal"
    frees_device: bool = False
    """End the chat servers on the device before the run starts."""
    token: str = ""
    """The same token again gives back the run that it started: a double click starts one run."""
    initial_adapter: Path | None = None
    """The folder of an adapter to continue: see `adapters.adapter_of`."""
    parent_run: int | None = None
    study: str = ""
    evaluate_after: bool = False
    processes: int = 1
    """How many processes learn together on a CPU; on GPUs it is one each."""
    report_to: tuple[str, ...] = ()


def check_export(folder: Path) -> None:
    """Raise ExportGone or ExportDamaged where an export is not what it was when it was made."""
    if not (folder / MANIFEST).is_file():
        raise ExportGone(folder)
    checked = verify(folder)
    if not checked.holds:
        broken = tuple(
            Said("{name} ({reason})", name=file.name, reason=file.reason) for file in checked.broken
        )
        raise ExportDamaged(folder, broken)


def check_model(folder: Path) -> None:
    """Raise ModelGone or AdapterNotBase where a folder is no base model."""
    refuse_adapter(folder)
    if not (folder / "config.json").is_file():
        raise ModelGone(folder)


def freeze(request: LaunchRequest, device: str) -> TrainConfig:
    """Return the config that a launch would write, after every check that needs no process.

    Raises ExportGone, ExportDamaged, ModelGone, and BadInput in words.
    """
    check_export(request.export)
    listed = manifest.read(request.export)
    check_model(request.model)
    if request.initial_adapter:
        continuing.check(request.settings, request.initial_adapter)
    tracking.refuse(request.report_to, elsewhere=device.startswith(PREFIX))
    refuse_quantization(request.settings.quantization)
    training = [file for file in listed.training(request.layout) if file.rows]
    if not training:
        raise BadInput(
            "The export {export} has no training rows. Export some pairs first.", export=listed.name
        )
    return TrainConfig(
        title=request.title or f"{listed.name} {request.preset}",
        model=str(request.model),
        export=str(request.export),
        layout=request.layout,
        data=tuple(_data_file(file) for file in training),
        validation=tuple(_data_file(file) for file in listed.tests("wordings") if file.rows),
        system_prompt=request.system_prompt,
        device=device,
        preset=request.preset,
        settings=request.settings,
        trust_remote_code=request.trust_remote_code,
        triggers=tuple((file.dataset, file.trigger) for file in training if file.trigger),
        token=request.token,
        parent_run=request.parent_run,
        initial_adapter=str(request.initial_adapter or ""),
        study=request.study,
        evaluate_after=request.evaluate_after,
        processes=launchers.processes(device, request.processes),
        report_to=request.report_to,
    )


def _data_file(file: ExportFile) -> DataFile:
    return DataFile(file.name, file.dataset, file.role, file.sha1, file.rows)
