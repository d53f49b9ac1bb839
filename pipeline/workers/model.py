"""Loading a base model, its tokenizer and its adapters onto a device, from local folders only."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import torch
from peft import PeftModel
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedModel,
)
from transformers import PreTrainedTokenizerBase as Tokenizer

from pipeline.errors import BadInput
from pipeline.models.catalog import refuse_adapter
from pipeline.models.fitting import fit
from pipeline.models.stored_template import TRAINED
from pipeline.workers.memory import is_out_of_memory

Dtype = Literal["auto", "bfloat16", "float16", "float32"]


class NoSuchDevice(BadInput):
    """The device that was asked for is not on this machine, or torch cannot use it."""

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__(
            "The device {device!r} is not here. Devices that torch can use: {found}. (For a "
            "GPU torch must be a build for it, and the driver must be loaded.)",
            found=("cpu", *_accelerators()),
        )


class ModelUnreadable(BadInput):
    """A folder does not hold a model, tokenizer or adapter that can be loaded."""

    def __init__(self, folder: Path, reason: object) -> None:
        self.folder = folder
        super().__init__("The model in {folder} cannot be loaded: {reason}", reason=reason)


def choose_device(name: str = "auto") -> torch.device:
    """Return the device for `auto`, `cpu`, `cuda`, `cuda:0` or `mps`; NoSuchDevice if not here."""
    found = _accelerators()
    if name == "auto":
        return torch.device(found[0] if found else "cpu")
    if name == "cpu":
        return torch.device(name)
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in found:
        raise NoSuchDevice(name)
    return torch.device(wanted)


def choose_dtype(device: torch.device, wanted: str = "auto") -> torch.dtype:
    """Return the dtype of the weights: what was asked for, or what the device is good at.

    bfloat16 on GPUs that compute in it, float16 on older ones. float32 on CPUs: without bfloat16
    units they are many times slower in it.
    """
    if wanted not in get_args(Dtype):
        raise BadInput(
            "dtype is {wanted!r}; it must be one of {known}.", wanted=wanted, known=get_args(Dtype)
        )
    if wanted != "auto":
        chosen = getattr(torch, wanted)
    elif device.type == "cuda":
        has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
        chosen = torch.bfloat16 if has_bfloat16 else torch.float16
    elif device.type == "mps" and torch.backends.mps.is_macos_or_newer(14, 0):
        chosen = torch.bfloat16
    else:
        chosen = torch.float32
    if not isinstance(chosen, torch.dtype):
        raise BadInput("torch has no dtype {wanted!r}.", wanted=wanted)
    return chosen


def load_base(
    folder: Path,
    device: str | torch.device,
    dtype: str = "auto",
    trust_remote_code: bool = False,
    quantization: str = "none",
) -> tuple[PreTrainedModel, Tokenizer]:
    """Load the model of a local folder, ready to answer, and its tokenizer.

    Reads safetensors only and never asks a hub. With a quantization of `4bit` or `8bit` the base
    is held in so many bits. Raises ModelUnreadable, AdapterNotBase, NoSuchDevice.
    """
    refuse_adapter(folder)  # which transformers would load on whatever base it names
    place = choose_device(device) if isinstance(device, str) else device
    if place.type == "cuda":
        # It plans anew for each shape, and lengths differ from batch to batch: decision 0113.
        torch.backends.cuda.enable_cudnn_sdp(False)
    fewer_bits: dict[str, object] = {}
    try:
        if quantization != "none":
            bits = _bits(quantization, choose_dtype(place, dtype))
            fewer_bits = {"quantization_config": bits, "device_map": {"": place}}
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=choose_dtype(place, dtype),
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            **fewer_bits,
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        if is_out_of_memory(error):
            raise
        raise ModelUnreadable(folder, error) from error
    tokenizer = load_tokenizer(folder, trust_remote_code=trust_remote_code)
    # A base in fewer bits was loaded in its place, and must not be moved.
    return (model if fewer_bits else model.to(place)).eval(), tokenizer


def _bits(quantization: str, dtype: torch.dtype) -> BitsAndBytesConfig:
    """How bitsandbytes holds the base: as in QLoRA (arXiv 2305.14314), or in LLM.int8()."""
    if quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def load_tokenizer(
    folder: Path, *, trust_remote_code: bool = False, as_served: bool = False
) -> Tokenizer:
    """Load a tokenizer with its chat template: a base's, or the one saved with an adapter.

    The template comes fitted for learning, so that training, chat and evaluation read the same. An
    adapter's is the one of its training, or `as_served` the one that a person put in its place.
    """
    try:
        tokenizer: Tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=trust_remote_code
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelUnreadable(folder, error) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if not as_served and (trained := folder / TRAINED).is_file():
        tokenizer.chat_template = trained.read_text(encoding="utf-8")
    if isinstance(tokenizer.chat_template, str):
        tokenizer.chat_template = fit(tokenizer.chat_template, special_tokens(tokenizer)).template
    return tokenizer


def special_tokens(tokenizer: Tokenizer) -> dict[str, str]:
    """The tokens that a template may name (`bos_token` …), as text."""
    return {name: str(token) for name, token in tokenizer.special_tokens_map.items()}


def attach_adapters(model: PreTrainedModel, adapters: Mapping[str, Path]) -> PreTrainedModel:
    """Return the model with the adapters attached under their names, frozen; none is no change.

    The base's own weights are left as they are. An adapter's tokenizer and chat template are
    beside its weights: `load_tokenizer(folder)`.
    """
    attached = model
    for name, folder in adapters.items():
        try:
            if isinstance(attached, PeftModel):
                attached.load_adapter(folder, adapter_name=name, torch_device=str(model.device))
            else:
                attached = PeftModel.from_pretrained(
                    model, folder, adapter_name=name, torch_device=str(model.device)
                )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            raise ModelUnreadable(folder, error) from error
    return attached.eval()


def _accelerators() -> list[str]:
    """The accelerators that torch can use, the first one first."""
    found = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return [*found, "mps"] if torch.backends.mps.is_available() else found
