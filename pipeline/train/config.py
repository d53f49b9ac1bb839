"""The frozen settings of one run: `config.json` of its folder, written once before the start."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline.decode import decode
from pipeline.errors import BadInput, DoesNotHold
from pipeline.jsonio import read_json, write_json
from pipeline.models.template import SystemPrompt
from pipeline.said import Said
from store.types import Layout, Role

FORMAT = 1
MOST_PROCESSES = 64
Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Quantization = Literal["none", "4bit", "8bit"]
NAMED_TARGETS = ("all", "attention")
MOST_PROMPTS, LONGEST_PROMPT = 8, 2000


class SettingOutOfRange(BadInput):
    """A training setting has a value that cannot work."""

    def __init__(self, setting: str, value: object, allowed: Said) -> None:
        self.setting, self.value, self.allowed = setting, value, allowed
        super().__init__("{setting} is {value}; it has to be {allowed}.")


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of the export that the run reads."""

    name: str
    """The file's name inside the export folder."""
    dataset: str
    role: Role
    sha1: str
    """Checked at launch and again by the worker."""
    rows: int
    repeat: int = 1
    """How many times an epoch goes over the file."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may choose about the training itself."""

    rank: int = 16
    """The LoRA rank: the width of the update each layer learns."""
    alpha: int = 32
    """Scales the update by alpha / rank; twice the rank is the usual choice."""
    dropout: float = 0.0
    """The share of LoRA inputs dropped at random while training."""
    targets: str = "all"
    """Which linear layers learn: `all` but the output, `attention`, or names with commas between
    (`q_proj,v_proj`)."""
    rslora: bool = False
    """Scales the update by alpha / √rank instead, so that a high rank learns as fast."""
    dora: bool = False
    """Learns each column's length apart from its direction: slower, and never asked in one batch
    with other adapters."""
    learning_rate: float = 2e-4
    """The highest rate, reached after the warm-up; cosine to zero from there."""
    epochs: int = 3
    """How many times the run goes over all the rows."""
    batch_rows: int = 8
    """Rows that one optimizer step learns from, on one device, before accumulation."""
    accumulation: int = 1
    """Batches whose gradients are added up before one optimizer step."""
    batch_tokens: int = 4096
    """The most tokens, padding included, that go through the model at once: bounds the memory."""
    cutoff_tokens: int = 2048
    """A longer conversation is cut here; cut answers are counted and reported."""
    warmup_share: float = 0.05
    """The share of all steps over which the rate rises from zero."""
    max_grad_norm: float = 1.0
    """Gradients are scaled down to this norm."""
    weight_decay: float = 0.0
    """Pulls the LoRA weights towards zero."""
    neftune_alpha: float = 0.0
    """Noise on the input embeddings while training, against learning by rote; 5 is usual, 0 off."""
    seed: int = 42
    """Decides the first LoRA weights and the order of the rows."""
    save_every_epochs: int = 1
    """A checkpoint after every so many epochs."""
    save_every_steps: int = 200
    """A checkpoint inside an epoch after every so many steps, only to go on from: the newest is
    kept. 0: none."""
    keep_checkpoints: int = 3
    """Older checkpoints are deleted, but for the one with the lowest validation loss."""
    validate_every_epochs: int = 1
    """The loss on the export's test files after every so many epochs."""
    early_stop_patience: int = 0
    """Ends after so many validations without a lower loss, and keeps the best adapter; 0: never."""
    sample_prompts: tuple[str, ...] = ()
    """Questions answered greedily after each validation, to read along."""
    gradient_checkpointing: bool = False
    """Computes activations twice to hold fewer of them: less memory, about a third slower."""
    dtype: Dtype = "auto"
    """The base's number format; auto: bfloat16 where the GPU has it, float32 on a CPU."""
    quantization: Quantization = "none"
    """Holds the base in 4 or 8 bits (QLoRA): a quarter or half of its memory, somewhat slower."""

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingOutOfRange(
                    name, value, Said("from {low:g} to {high:g}", low=low, high=high)
                )
        if not all(target.strip() for target in self.targets.split(",")):
            raise SettingOutOfRange(
                "targets",
                repr(self.targets),
                Said("all, attention, or names of layers with commas"),
            )
        if len(self.sample_prompts) > MOST_PROMPTS:
            raise SettingOutOfRange(
                "sample_prompts",
                Said("{count} texts", count=len(self.sample_prompts)),
                Said("at most {most}", most=MOST_PROMPTS),
            )
        for prompt in self.sample_prompts:
            if not prompt.strip() or len(prompt) > LONGEST_PROMPT:
                raise SettingOutOfRange(
                    "sample_prompts",
                    f"{prompt[:40]!r}…",
                    Said("1 to {most} characters each", most=LONGEST_PROMPT),
                )
        if self.batch_tokens < self.cutoff_tokens:
            raise BadInput(
                "batch_tokens ({batch_tokens}) is below cutoff_tokens ({cutoff_tokens}), so the "
                "longest row would fit in no batch. Raise batch_tokens or lower cutoff_tokens.",
                batch_tokens=self.batch_tokens,
                cutoff_tokens=self.cutoff_tokens,
            )


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("rank", 1, 1024),
    ("alpha", 1, 4096),
    ("dropout", 0, 0.9),
    ("learning_rate", 1e-8, 1),
    ("epochs", 1, 1000),
    ("batch_rows", 1, 4096),
    ("accumulation", 1, 4096),
    ("batch_tokens", 16, 10**7),
    ("cutoff_tokens", 16, 10**6),
    ("warmup_share", 0, 1),
    ("max_grad_norm", 1e-3, 1e6),
    ("weight_decay", 0, 1),
    ("neftune_alpha", 0, 100),
    ("seed", 0, 2**32 - 1),
    ("save_every_epochs", 1, 1000),
    ("save_every_steps", 0, 10**6),
    ("keep_checkpoints", 1, 1000),
    ("validate_every_epochs", 1, 1000),
    ("early_stop_patience", 0, 1000),
)


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides a run."""

    title: str
    model: str
    """The folder of the base model."""
    export: str
    """The folder of the export."""
    layout: Layout
    data: tuple[DataFile, ...]
    validation: tuple[DataFile, ...]
    system_prompt: SystemPrompt
    device: str
    """`cpu`, `mps`, `cuda:N` with NVML's number of the GPU, or `cuda:0,1` for several."""
    preset: str
    settings: Settings
    parent_run: int | None = None
    """The run whose adapter this one continues; None where it starts from the base alone."""
    initial_adapter: str = ""
    """The folder of the adapter that it continues: a run's, a checkpoint's, or any other."""
    trust_remote_code: bool = False
    """Whether code in the model's folder may run; only where the person ticked it."""
    triggers: tuple[tuple[str, str], ...] = ()
    """(dataset, its trigger sentence): chat offers them again."""
    token: str = ""
    """What the launching form was given, so that a double click starts one run."""
    study: str = ""
    """The name of the study that the run is a part of; empty: none."""
    evaluate_after: bool = False
    """Whether an evaluation of the run is to follow once it has finished."""
    processes: int = 1
    """How many processes learn together: one a GPU, or so many on a CPU's cores."""
    report_to: tuple[str, ...] = ()
    """The trackers that are told each step: `tensorboard`, `mlflow`, `wandb`, `trackio`."""

    def __post_init__(self) -> None:
        if not 1 <= self.processes <= MOST_PROCESSES:
            raise SettingOutOfRange(
                "processes",
                self.processes,
                Said("from {low:g} to {high:g}", low=1, high=MOST_PROCESSES),
            )
        settings = self.settings
        if settings.early_stop_patience and not self.validation:
            raise BadInput(
                "early_stop_patience is {patience}, but the export holds no rows back, so "
                "validation has nothing to measure. Set it to 0, or export with a test share.",
                patience=settings.early_stop_patience,
            )
        if settings.quantization != "none" and not self.device.startswith("cuda"):
            raise BadInput(
                "quantization is {quantization}, which needs an NVIDIA GPU, but the device is "
                "{device}. Choose quantization none, or a GPU.",
                quantization=settings.quantization,
                device=self.device,
            )


def write(folder: Path, config: TrainConfig) -> None:
    """Write `config.json` into a run's folder."""
    write_json(folder / "config.json", {"format": FORMAT, **asdict(config)})


def read(folder: Path) -> TrainConfig:
    """Read `config.json`; DoesNotHold if it is missing, damaged, or of another format."""
    path = folder / "config.json"
    try:
        value = read_json(path)
        if value.pop("format", None) != FORMAT:
            raise ValueError(Said("it is not of format {format}", format=FORMAT))
        return decode(TrainConfig, value)
    except (OSError, ValueError) as error:
        raise DoesNotHold(
            "{path} is not the config of a run ({error}).", path=path, error=error
        ) from error
