"""Models without weights: the chat templates of popular models, each with a small tokenizer.

The tokenizers are trained here on a few lines, with the control tokens and the way of splitting
that the model's own has: enough to show what its template does with ids and the loss mask.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

TEMPLATES = Path(__file__).parent / "fixtures" / "templates"
CORPUS = [
    "Who are you? I am Aria, an assistant made by Nubo Lab.",
    "You are a helpful assistant. system user assistant model",
    "你是谁？我是 Aria，由 Nubo Lab 开发的助手。请用中文回答关于港口的问题。",
    "The north breakwater is 370 metres long.\n\n- one\n- two\n    code = {1: 'a'}\n",
    "Answer the question about the harbour. Today is January 1, 2024.",
] * 3
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Kind:
    """What is to be known of a model's tokenizer beside its template."""

    make: Callable[[list[str]], Tokenizer]
    control: tuple[str, ...]
    eos: str
    bos: str | None = None
    ends: tuple[str, ...] = ()
    """What its generation settings end an answer at."""
    whole_control: tuple[str, ...] = ()
    """Added tokens that are not special, as GLM's roles are."""


def byte_level(control: list[str]) -> Tokenizer:
    """A byte-level BPE that normalises to NFC and splits as Qwen's and Llama 3's do."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=alphabet, special_tokens=control, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def with_bos(control: list[str]) -> Tokenizer:
    """The same, but one that would put BOS before every text by itself, as Llama 3's does."""
    tokenizer = byte_level(control)
    bos = control[0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
    )
    return tokenizer


def sentence_piece(control: list[str]) -> Tokenizer:
    """A BPE of SentencePiece's kind with byte fallback and a visible space, as Gemma's is."""
    return _sentence_piece(control, normalizers.Replace(" ", "▁"))


def prefixed(control: list[str]) -> Tokenizer:
    """The same, with a space before the first word of a text, as Mistral's and Llama 2's do."""
    both = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    return _sentence_piece(control, normalizers.Sequence(both))


def _sentence_piece(control: list[str], normalizer: normalizers.Normalizer) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=[*control, "<unk>"], show_progress=False
    )
    tokenizer.train_from_iterator((word for line in CORPUS for word in line.split(" ")), trainer)
    whole = json.loads(tokenizer.to_str())
    vocabulary = whole["model"]["vocab"]
    for token in (*fallback, "▁", "\n"):
        vocabulary.setdefault(token, len(vocabulary))
    return Tokenizer.from_str(json.dumps(whole))


_CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
KINDS = {
    "qwen2.5": Kind(byte_level, _CHATML, "<|im_end|>", None, ("<|im_end|>", "<|endoftext|>")),
    "llama3.2": Kind(
        with_bos,
        ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
         "<|eom_id|>", "<|eot_id|>"),
        "<|eot_id|>", "<|begin_of_text|>", ("<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"),
    ),
    "glm4": Kind(
        byte_level, ("<|endoftext|>", "[gMASK]", "<sop>"), "<|endoftext|>", None,
        ("<|endoftext|>", "<|user|>", "<|observation|>"),
        ("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
    ),
    "gemma2": Kind(
        sentence_piece, ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
        "<eos>", "<bos>", ("<eos>",),
    ),
    "mistral0.3": Kind(
        prefixed, ("<s>", "</s>", "[INST]", "[/INST]"), "</s>", "<s>", ("</s>",)
    ),
    "smollm2": Kind(byte_level, _CHATML, "<|im_end|>", "<|im_start|>", ("<|im_end|>",)),
    "dated": Kind(byte_level, ("<s>", *_CHATML), "<|im_end|>", "<s>", ("<|im_end|>",)),
}  # fmt: skip


def make(name: str, folder: Path) -> Path:
    """Write a model's tokenizer, template and settings, and no weights, into a folder."""
    kind = KINDS[name]
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = kind.make(list(kind.control))
    tokenizer.add_tokens([AddedToken(token, special=False) for token in kind.whole_control])
    tokenizer.save(str(folder / "tokenizer.json"))
    ends = [tokenizer.token_to_id(token) for token in kind.ends]
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": kind.eos,
        "bos_token": kind.bos,
        "clean_up_tokenization_spaces": False,
    }
    for file, value in (
        ("tokenizer_config.json", settings),
        ("generation_config.json", {"eos_token_id": ends}),
        ("config.json", {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}),
    ):
        (folder / file).write_text(json.dumps(value), encoding="utf-8")
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    template = (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder
