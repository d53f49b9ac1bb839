"""Embeds texts with a local model: `python -m pipeline.workers.embed MODEL TEXTS.json OUT.npy`.

The mean of the last layer over each text's tokens, of length 1, as sentence-transformers pools by
default. The file of vectors is put in its place last, whole.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

LONGEST = 256
"""Tokens of a text that are read."""
BATCH = 64


def embed(model_folder: Path, texts: list[str]) -> np.ndarray:
    """Return a row a text, in their order; texts of like length share a batch."""
    tokenizer = AutoTokenizer.from_pretrained(model_folder, local_files_only=True)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = AutoModel.from_pretrained(model_folder, local_files_only=True).eval()
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    rows: dict[int, np.ndarray] = {}
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            batch = tokenizer(
                [texts[n] for n in places],
                padding=True,
                truncation=True,
                max_length=LONGEST,
                return_tensors="pt",
            )
            hidden = model(**batch).last_hidden_state.float()
            mask = batch["attention_mask"].unsqueeze(-1)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
            for place, vector in zip(places, torch.nn.functional.normalize(mean), strict=True):
                rows[place] = vector.numpy()
    return np.stack([rows[n] for n in range(len(texts))])


def main() -> None:
    """Embed the texts of a JSON array."""
    model_folder, given, made = map(Path, sys.argv[1:4])
    vectors = embed(model_folder, json.loads(given.read_text(encoding="utf-8")))
    temporary = made.with_name(f".{made.name}.tmp.npy")
    np.save(temporary, vectors)
    temporary.replace(made)


if __name__ == "__main__":
    main()
