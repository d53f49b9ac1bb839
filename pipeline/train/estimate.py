"""How much memory a run will need, reckoned before it starts. Pure, and without torch.

Each part is named, so that a person sees what to lower. The sums follow what transformers and
PEFT hold between forward and backward (counted with autograd's hooks over five architectures);
what the C library's allocator holds beside it on a CPU is fitted to measurements: docs/log.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.models.shape import Linear, ModelShape
from pipeline.publish.lengths import FileLengths
from pipeline.train.batching import pass_tokens, share_of, split_by_tokens, steps_of_epoch
from pipeline.train.config import Settings

SIZES = {"float32": 4, "float16": 2, "bfloat16": 2, "float64": 8}
MIB = 2**20
PROCESS_BYTES = {"cpu": 620 * MIB, "cuda": 560 * MIB, "mps": 560 * MIB}
"""Python, torch, transformers, PEFT and what they load; on a GPU its context and libraries."""
HOLES = {"cpu": 1.06, "cuda": 1.1, "mps": 1.1}
"""What is taken for a byte that the layers hold."""
PEFT_HOLES = {"cpu": 1.45}
"""The same where PEFT's own layers compute, as with dropout and DoRA: of the short-lived tensors
that they make, the holes in the heap do not fit the next tensor of the same size."""
HOLES_OF_LAYERS = {"cpu": 0.1}
"""With checkpointing, the share of all layers' tensors whose place stays taken though they are
gone."""
SIMULATED_ROWS, SIMULATED_EPOCHS = 20_000, 3


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that go through the model at once."""

    rows: int
    length: int
    """Tokens of the longest; the others are padded to it."""
    learned: int
    """Tokens that are learned, of all rows: only their logits are made."""

    @property
    def tokens(self) -> int:
        """Padded tokens."""
        return self.rows * self.length


@dataclass(frozen=True, slots=True)
class Estimate:
    """The memory of a run at its peak, by what takes it, in bytes."""

    weights: int
    adapter: int
    """LoRA's own weights."""
    gradients: int
    optimizer: int
    activations: int
    logits: int
    process: int
    part: Part
    """The rows at the peak."""

    @property
    def total(self) -> int:
        """All of it."""
        return (
            self.weights
            + self.adapter
            + self.gradients
            + self.optimizer
            + self.activations
            + self.logits
            + self.process
        )


@dataclass(frozen=True, slots=True)
class Machine:
    """What is computed on, and in which numbers."""

    device: str
    """`cpu`, `cuda` or `mps`."""
    dtype: str

    @property
    def number_bytes(self) -> int:
        """Bytes of a number that flows through the model."""
        return SIZES.get(self.dtype, 4)

    @property
    def is_mixed(self) -> bool:
        """Whether LoRA's float32 weights meet a base in half precision, under autocast."""
        return self.number_bytes < 4


def machine(device: str, settings: Settings) -> Machine:
    """Return what a run computes in on a device, as the worker chooses it."""
    kind = device.partition(":")[0]
    automatic = "float32" if kind == "cpu" else "bfloat16"
    return Machine(kind, automatic if settings.dtype == "auto" else settings.dtype)


def estimate(shape: ModelShape, settings: Settings, on: Machine, parts: Iterable[Part]) -> Estimate:
    """Return the memory of a run at its heaviest part; ValueError if there is none."""
    learned = adapter_weights(shape, settings)
    # Two steps of what the optimizer remembers, in float32 like the weights.
    fixed = (4 * learned, 4 * learned, 8 * learned)
    weights = weight_bytes(shape, settings, on)
    found = [
        Estimate(
            weights,
            *fixed,
            activations=activation_bytes(shape, settings, on, part),
            logits=logit_bytes(shape, on, part),
            process=PROCESS_BYTES.get(on.device, PROCESS_BYTES["cpu"]),
            part=part,
        )
        for part in sorted(set(parts), key=lambda part: (part.tokens, part.learned, part.rows))
    ]
    return max(found, key=lambda each: each.total)


def parts(
    files: Sequence[FileLengths],
    repeats: Sequence[int],
    settings: Settings,
    device: str = "cpu",
    processes: int = 1,
) -> list[Part]:
    """Return what goes through the model at once in the first epochs, as the worker splits it.

    Of several processes, what goes through any of them. Of more rows than can be gone through in a
    moment the longest and an even sample stand for all.
    """
    prompts: list[int] = []
    wholes: list[int] = []
    for file, repeat in zip(files, repeats, strict=True):
        prompts += file.prompts * repeat
        wholes += file.wholes * repeat
    found: set[Part] = set()
    epochs = SIMULATED_EPOCHS if len(wholes) <= SIMULATED_ROWS else 1
    for epoch in range(min(settings.epochs, epochs)):
        for step in steps_of_epoch(
            len(wholes),
            rows_a_step=settings.batch_rows * settings.accumulation,
            seed=settings.seed,
            epoch=epoch,
        ):
            for number in range(processes):
                mine = share_of(step, wholes, number=number, count=processes)
                for part in split_by_tokens(
                    wholes,
                    mine,
                    most_rows=settings.batch_rows,
                    most_tokens=settings.batch_tokens,
                    most_padding=pass_tokens(device),
                ):
                    found.add(_part(part, prompts, wholes))
    return sorted(found, key=lambda part: (part.tokens, part.learned, part.rows))


def _part(rows: Sequence[int], prompts: Sequence[int], wholes: Sequence[int]) -> Part:
    length = max(wholes[row] for row in rows)
    learned = sum(wholes[row] - prompts[row] for row in rows)
    return Part(len(rows), length, learned)


def adapter_weights(shape: ModelShape, settings: Settings) -> int:
    """Return how many weights LoRA adds."""
    chosen = targeted(shape, settings)
    plain = sum(settings.rank * (each.inputs + each.outputs) for each in chosen)
    return plain + (sum(each.outputs for each in chosen) if settings.dora else 0)


def targeted(shape: ModelShape, settings: Settings) -> list[Linear]:
    """Return the linear layers, of all blocks, on which LoRA is put."""
    if settings.targets == "all":
        return list(shape.linears)
    if settings.targets == "attention":
        return [each for each in shape.linears if "att" in each.name.partition(".")[0]]
    names = [name.strip() for name in settings.targets.split(",")]
    return [
        each
        for each in shape.linears
        if any(f".{each.name}".endswith(f".{name}") for name in names)
    ]


def weight_bytes(shape: ModelShape, settings: Settings, on: Machine) -> int:
    """Return what the base's own weights take."""
    if settings.quantization == "none":
        return shape.parameters * on.number_bytes
    # bitsandbytes: half a byte or one a weight, and its scales; the rest in half precision.
    small = 0.53 if settings.quantization == "4bit" else 1.01
    rest = shape.parameters - shape.linear_weights
    return int(shape.linear_weights * small) + rest * on.number_bytes


def logit_bytes(shape: ModelShape, on: Machine, part: Part) -> int:
    """Return what the logits take at their peak: themselves in float32, their log-softmax, and its
    gradient; in half precision those of the model's own format, and their gradient, too."""
    own = 2 * on.number_bytes if on.is_mixed else 0
    return part.learned * shape.vocabulary * (3 * 4 + own)


def activation_bytes(shape: ModelShape, settings: Settings, on: Machine, part: Part) -> int:
    """Return what the layers take at their peak, with what the allocator leaves unused."""
    held = held_bytes(shape, settings, on, part)
    holes = HOLES.get(on.device, HOLES["cpu"])
    if _is_by_peft(settings):
        holes = PEFT_HOLES.get(on.device, holes)
    if not settings.gradient_checkpointing:
        return int(held * holes)
    # One layer in full, while it is computed again.
    one = _layer_bytes(shape, settings, on, part)
    return int((held + one) * holes + one * shape.layers * HOLES_OF_LAYERS.get(on.device, 0))


def held_bytes(shape: ModelShape, settings: Settings, on: Machine, part: Part) -> int:
    """Return what the layers hold between the forward and the backward pass."""
    if settings.gradient_checkpointing:
        return shape.layers * shape.hidden * on.number_bytes * part.tokens
    return shape.layers * _layer_bytes(shape, settings, on, part)


def _layer_bytes(shape: ModelShape, settings: Settings, on: Machine, part: Part) -> int:
    """Return what one block holds: each tensor by its width in numbers a token, and copies."""
    chosen = _first_layer(shape, settings)
    rank, inputs, outputs = settings.rank, _sum(chosen, "inputs"), _sum(chosen, "outputs")
    numbers = _attention(shape) + (4 if shape.is_gated else 2) * shape.inner + rank * len(chosen)
    exact = shape.queries + shape.keys if shape.has_head_norms else 0
    marks = inputs if settings.dropout else 0
    copies = 0
    if on.is_mixed:
        # A norm computes in float32 whatever goes in; LoRA's weights are copied for autocast.
        exact += shape.norms * shape.hidden
        copies = rank * (inputs + outputs)
        # What attention and the other half learn from; PEFT has a copy for each of their layers.
        numbers += inputs - shape.inner if _is_by_peft(settings) else 2 * shape.hidden
    else:
        numbers += 2 * shape.norms * shape.hidden
        exact += marks
    if settings.dora:
        numbers += 2 * outputs  # the layer's answer as it is, and as long as it should be
    return part.tokens * (numbers * on.number_bytes + 4 * exact + marks) + copies * on.number_bytes


def _attention(shape: ModelShape) -> int:
    """Return the numbers a token that attention holds."""
    # Rotated queries and what comes out of attention; rotated keys, and values.
    numbers = 2 * shape.queries + 2 * shape.keys
    if any(each.outputs == shape.queries + 2 * shape.keys for each in shape.linears):
        numbers += shape.queries + shape.keys  # made in one piece, which the values hold as a whole
    return numbers


def _is_by_peft(settings: Settings) -> bool:
    """Whether PEFT's own layers compute, and not those of `pipeline.workers.linear`."""
    return bool(settings.dropout) or settings.dora


def _sum(layers: Iterable[Linear], side: str) -> int:
    return sum(int(getattr(each, side)) for each in layers)


def _first_layer(shape: ModelShape, settings: Settings) -> list[Linear]:
    chosen = targeted(shape, settings)
    return chosen[: len(chosen) // max(shape.layers, 1)]
