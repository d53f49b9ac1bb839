"""A workspace full of made-up pairs, Chinese and English by turns: seeded, inserted in bulk.

Words follow Zipf's law over invented vocabularies, so that some are in most pairs and most in a
few; question and answer together have about 340 characters in both languages.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow

from store import datasets
from store.db import Database, allocate

CHUNK_PAIRS = 50_000
BATCH_PAIRS = 10_000
"""Pairs, spread over all, that have the tag `batch`: what a bulk change is measured on."""
LANGUAGES = ("en", "zh")
_SYLLABLES = (
    *("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su"),
    *("ta", "ve", "wi", "xo", "yu", "zan", "ster", "ing", "ion", "al"),
)
_CHARACTERS = bytes(
    byte for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFF) for byte in (row, cell)
).decode("gb2312")
_WORDS_QUESTION = {"en": 9, "zh": 42}
_WORDS_ANSWER = {"en": 35, "zh": 175}
Words = dict[str, list[str]]


def fill(db: Database, count: int, *, seed: int = 1) -> Words:
    """Make `count` pairs in six datasets, with what a workspace in use has beside its texts.

    Returns the vocabulary of each language, the commonest word first.
    """
    rng = np.random.default_rng(seed)
    words = {"en": _english(rng), "zh": _chinese(rng)}
    ids = [datasets.create(db, f"field {n}", "domain").id for n in range(1, 7)]
    for table in _tables(rng, words, count, ids):
        with db.write() as cursor:
            first = allocate(cursor, "pair", table.num_rows)
            cursor.register("incoming", table)
            cursor.execute(_INSERT, [first, first, max(1, count // BATCH_PAIRS)])
            cursor.unregister("incoming")
    with db.write() as cursor:
        for statement in _BESIDE:
            cursor.execute(statement)
    return words


def _tables(
    rng: np.random.Generator, words: Words, count: int, dataset_ids: list[int]
) -> Iterator[pyarrow.Table]:
    for start in range(0, count, CHUNK_PAIRS):
        size = min(CHUNK_PAIRS, count - start)
        texts: dict[str, list[str]] = {}
        for name, lengths in (("question", _WORDS_QUESTION), ("answer", _WORDS_ANSWER)):
            by_language = {
                language: _texts(rng, words[language], size // 2 + 1, lengths[language])
                for language in LANGUAGES
            }
            texts[name] = [by_language[LANGUAGES[n % 2]][n // 2] for n in range(size)]
        dataset = np.take(dataset_ids, np.arange(start, start + size) * 6 // count)
        yield pyarrow.table({**texts, "dataset_id": dataset, "n": np.arange(size)})


def _texts(rng: np.random.Generator, words: list[str], count: int, mean: int) -> list[str]:
    """Return texts of about `mean` words, the words by Zipf's law."""
    gap = " " if words[0].isascii() else ""
    stop = "." if gap else "。"
    lengths = rng.poisson(mean, count).clip(2)
    ends = np.cumsum(lengths)
    # The inverse of the distribution function of 1/rank.
    ranks = np.exp(rng.random(int(ends[-1])) * np.log(len(words))).astype(np.int64) - 1
    drawn = np.array(words, dtype=object)[ranks].tolist()
    return [
        gap.join(drawn[end - length : end]) + stop
        for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    ]


def _english(rng: np.random.Generator) -> list[str]:
    made = ("".join(rng.choice(_SYLLABLES, size)) for size in rng.integers(1, 5, 60_000))
    return list(dict.fromkeys(made))


def _chinese(rng: np.random.Generator) -> list[str]:
    characters = list(_CHARACTERS)
    rng.shuffle(characters)
    # Common characters are in more words than rare ones.
    drawn = np.exp(rng.random((40_000, 2)) * np.log(len(characters))).astype(np.int64) - 1
    singles = characters[:200]
    doubles = (characters[a] + characters[b] for a, b in drawn.tolist())
    return list(dict.fromkeys([*singles, *doubles]))


_INSERT = """
INSERT INTO pairs (id, dataset_id, question, answer, context, system, history, facts, status,
    duplicate_of, note, source_file, source_row, version, import_action_id, created_at, updated_at,
    tags, flags, language, quality, judged_version)
SELECT ? + n, dataset_id, question, answer, '', NULL, '[]', [],
    CASE WHEN h % 100 < 60 THEN 'unreviewed' WHEN h % 100 < 85 THEN 'accepted'
         WHEN h % 100 < 97 THEN 'rejected' ELSE 'removed' END,
    NULL, CASE WHEN h % 53 = 0 THEN 'look again' ELSE '' END,
    'file ' || h % 12 || '.json', n + 1, 1, 0, now(), now(),
    CASE WHEN (? + n) % ? = 0 THEN ['batch']
         WHEN h % 20 = 7 THEN ['urgent'] WHEN h % 20 = 9 THEN ['dose', 'urgent'] ELSE [] END,
    CASE WHEN h % 10 = 3 THEN ['copied_question'] ELSE [] END,
    CASE WHEN n % 2 = 0 THEN 'en' ELSE 'zh' END, (h % 1000) / 1000, 1
FROM (SELECT *, hash(n, dataset_id, question) // 7 AS h FROM incoming) ORDER BY n
"""
# Clusters, edits of the past and an export of half the pairs: what the other pages count.
_BESIDE = (
    """
    INSERT INTO clusters BY NAME
    SELECT i AS id, ['duplicate', 'paraphrase', 'conflict', 'lookalike'][i % 4 + 1] AS relation,
           0.9 AS score, i * 40 AS keeper_id
    FROM (SELECT unnest(range(1, max(id) // 40)) AS i FROM pairs)
    """,
    """
    INSERT INTO cluster_pairs BY NAME
    SELECT id AS cluster_id, keeper_id + k AS pair_id
    FROM clusters, (SELECT unnest(range(3)) AS k) ORDER BY id, k
    """,
    """
    INSERT INTO actions BY NAME
    SELECT i AS id, 'edit' AS kind, '' AS summary, 1 AS pair_count, now() AS made_at,
           ['question', 'answer'] AS fields
    FROM (SELECT unnest(range(1, max(id) // 50)) AS i FROM pairs)
    """,
    "INSERT INTO changes BY NAME SELECT id AS action_id, id * 50 AS pair_id FROM actions",
    "UPDATE counters SET next = next + (SELECT count(*) FROM actions) WHERE kind = 'action'",
    "UPDATE counters SET next = next + (SELECT count(*) FROM clusters) WHERE kind = 'cluster'",
    """
    INSERT INTO exports BY NAME
    SELECT 1 AS id, 'half-1' AS name, 'half-1' AS folder, '{}' AS recipe, '' AS manifest_sha1,
           0 AS pair_count, now() AS created_at
    """,
    """
    INSERT INTO export_pairs BY NAME
    SELECT 1 AS export_id, id AS pair_id, version, 'train' AS split FROM pairs WHERE id % 2 = 0
    """,
)
