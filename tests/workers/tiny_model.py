"""A real but tiny model with a byte-level tokenizer: no download, and a second to make."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def make_base(folder: Path, **changes: object) -> Path:
    """Write a random base model of some thousand weights and return its folder.

    `changes` go to the LlamaConfig.
    """
    torch.manual_seed(0)
    LlamaForCausalLM(shape(**changes)).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


def make_hollow(folder: Path, **changes: object) -> Path:
    """Write a base of any size that takes no room on the disk: its weights are a hole, all zero."""
    with torch.device("meta"):
        model = LlamaForCausalLM(shape(**changes))
    tensors: dict[str, object] = {"__metadata__": {"format": "pt"}}
    size = 0
    for name, weights in model.state_dict().items():
        place = [size, size + weights.nbytes]
        tensors[name] = {"dtype": "F32", "shape": list(weights.shape), "data_offsets": place}
        size += weights.nbytes
    header = json.dumps(tensors).encode()
    model.config.save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    return folder


def shape(**changes: object) -> LlamaConfig:
    """What the tiny models look like, unless said otherwise."""
    usual: dict[str, object] = {
        "vocab_size": len(make_tokenizer()),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "tie_word_embeddings": False,
        "initializer_range": 0.3,
    }
    return LlamaConfig(**(usual | changes))


def make_adapter(base: Path, folder: Path, *, seed: int = 1, **changes: object) -> Path:
    """Write a random LoRA adapter with its tokenizer, as a run leaves it, and return its folder.

    `changes` go to the LoraConfig.
    """
    torch.manual_seed(seed)
    model = LlamaForCausalLM.from_pretrained(base)
    lora = LoraConfig(
        **{"r": 4, "target_modules": "all-linear", "init_lora_weights": False, **changes}
    )
    get_peft_model(model, lora).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


def make_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer with one token a byte and the special tokens of ChatML."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=SPECIAL[0],
        bos_token=SPECIAL[1],
        eos_token=SPECIAL[2],
    )
    fast.chat_template = TEMPLATE
    return fast
