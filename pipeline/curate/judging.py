"""Judging pairs in bulk: a table of texts in, a table of flags, languages and lengths out.

Patterns run over whole columns in Arrow's RE2 and letters are counted in NumPy, so that the checks
themselves, in Python, see only the pairs in which they may find something.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy
import pyarrow
import pyarrow.compute as pc

from pipeline.curate.checks import answers, languages, lengths, run
from pipeline.curate.checks.found import Frame, Texts
from pipeline.curate.checks.lengths import CUTOFF_TOKENS, NEAR, Ruler
from pipeline.curate.letters import Letters, count

Dismissed = Mapping[int, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Setting:
    """What judging needs to know beside the texts."""

    frames: Mapping[int, Frame] = field(default_factory=dict)
    """By dataset."""
    dismissed: Dismissed = field(default_factory=dict)
    ruler: Ruler = field(default_factory=Ruler)
    cutoff_tokens: int = CUTOFF_TOKENS


def judged(texts: pyarrow.Table, setting: Setting) -> pyarrow.Table:
    """Return what `store.flags.write` takes for a table that `store.flags.next_waiting` gave."""
    texts = texts.combine_chunks()
    columns = {name: _chunk(texts[name]) for name in texts.column_names}
    asked = pc.binary_join_element_wise(columns["question"], columns["context"], "\n")
    every = pc.binary_join_element_wise(
        asked, columns["answer"], columns["system"], columns["history"], "\n"
    )
    questions, replies = count(asked), count(columns["answer"])
    told, spoken = languages_of(asked, questions), languages_of(columns["answer"], replies)
    rows = _Rows.of(columns, setting)
    for check in run.CHECKS:
        column = every if check.column == "every" else columns[check.column]
        hits = pc.match_substring_regex(column, check.gate)
        rows.run(check, hits.to_numpy(zero_copy_only=False))
    wordless = (_wordless(asked), _wordless(columns["answer"]))
    measures = (questions, replies), (told, spoken), wordless
    for check, mask in _measured(rows.lists["answer"], *measures):
        rows.run(check, mask)
    tokens = _tokens(rows, (asked, columns["answer"]), (questions, replies))
    found = rows.found
    flags = [sorted(found.get(row, ())) for row in range(len(texts))]
    own = [reply or question for question, reply in zip(told, spoken, strict=True)]
    return pyarrow.table(
        {
            "id": columns["id"],
            "version": columns["version"],
            "flags": pyarrow.array(flags, pyarrow.list_(pyarrow.string())),
            "language": pyarrow.array(own, pyarrow.string()),
            "quality": pyarrow.array([run.quality(each) for each in flags], pyarrow.float32()),
            "question_tokens": pyarrow.array(tokens[0], pyarrow.int32()),
            "answer_tokens": pyarrow.array(tokens[1], pyarrow.int32()),
            "fact": facts(columns["answer"]),
        }
    )


def facts(replies: pyarrow.Array) -> pyarrow.Array:
    """Return a hash of each answer without case, width, white space and punctuation.

    Close to `normalise.key`, in bulk: what separates digits stays, so that 1.5 is not 15.
    """
    folded = pc.utf8_lower(pc.utf8_normalize(replies, form="NFKC"))
    kept = pc.replace_substring_regex(folded, r"([0-9])[.,:/]([0-9])", r"\1_\2")
    kept = pc.replace_substring_regex(kept, r"(^|[^\pL\pN])[-−]([0-9])", r"_\2")
    bare = pc.replace_substring_regex(kept, r"[^\pL\pN%‰#*@&/\\^_]+", "")
    numbers = [
        int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
        for text in bare.to_pylist()
    ]
    return pyarrow.array(numbers, pyarrow.int64())


@dataclass(frozen=True, slots=True)
class _Rows:
    """The pairs of a table, one by one, and the codes that were found so far, by row."""

    lists: Mapping[str, list[str]]
    ids: list[int]
    dataset_ids: list[int]
    setting: Setting
    found: dict[int, set[str]] = field(default_factory=dict)
    made: dict[int, Texts] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Mapping[str, pyarrow.Array], setting: Setting) -> "_Rows":
        names = ("question", "answer", "context", "system", "history")
        lists = {name: columns[name].to_pylist() for name in names}
        return cls(lists, columns["id"].to_pylist(), columns["dataset_id"].to_pylist(), setting)

    def run(self, check: run.Check, mask: "numpy.ndarray") -> None:
        """Run a check on the rows of a mask."""
        for row in numpy.flatnonzero(mask).tolist():
            frame = self.setting.frames.get(self.dataset_ids[row], _NO_FRAME)
            for each in check.run(self._texts(row), frame):
                self.note(row, each.code, each.fact)

    def note(self, row: int, code: str, fact: str) -> None:
        """Keep a code, unless a person has said that this fact is no problem."""
        if (code, fact) not in self.setting.dismissed.get(self.ids[row], ()):
            self.found.setdefault(row, set()).add(code)

    def _texts(self, row: int) -> Texts:
        if row not in self.made:
            question, answer, context, system, history = (each[row] for each in self.lists.values())
            self.made[row] = Texts(question, answer, context, system, turns(history))
        return self.made[row]


_NO_FRAME = Frame()


def _measured(
    texts: list[str],
    letters: tuple[Letters, Letters],
    spoken: tuple[Sequence[str], Sequence[str]],
    wordless: tuple["numpy.ndarray", "numpy.ndarray"],
) -> Iterator[tuple[run.Check, "numpy.ndarray"]]:
    """Yield the checks for which figures tell where they are worth it, with those rows."""
    questions, replies = letters
    trivial, empty, copied, repeats, other = run.MEASURED
    yield trivial, (replies.total < 12) | (replies.size <= 40) | wordless[1]
    yield empty, wordless[0]
    yield copied, numpy.abs(questions.size - replies.size) <= 64 + questions.size // 5
    yield other, numpy.array([a != b for a, b in zip(*spoken, strict=True)], dtype=bool)
    is_loop = numpy.zeros(len(texts), dtype=bool)
    for row in numpy.flatnonzero(replies.size >= answers.SHORTEST_LOOP).tolist():
        is_loop[row] = answers.loop(texts[row]) is not None
    yield repeats, is_loop


def _wordless(texts: pyarrow.Array) -> "numpy.ndarray":
    hits = pc.match_substring_regex(texts, r"[\p{L}\p{N}]")
    return numpy.asarray(~hits.to_numpy(zero_copy_only=False))


def turns(history: str) -> tuple[str, ...]:
    """Return the texts of earlier turns from how the store keeps them."""
    if len(history) <= 2:
        return ()
    return tuple(text for turn in json.loads(history) for text in turn)


def languages_of(texts: pyarrow.Array, letters: Letters) -> list[str]:
    """Return the language of each text; only where scripts do not tell it are words looked at."""
    is_english = pc.count_substring_regex(texts, languages.ENGLISH).to_numpy()
    told: list[str] = []
    listed: list[str] | None = None
    rows = zip(*(part.tolist() for part in letters.scripts), strict=True)
    for row, (han, kana, hangul, latin, other, accented) in enumerate(rows):
        language = languages.by_script(han, kana, hangul, latin, other)
        if (
            language == "?"
            and latin
            and not accented
            and not other
            and (is_english[row] * 40 >= latin)
        ):
            language = "en"
        if language == "?":
            listed = listed or texts.to_pylist()
            language = languages.language_of(listed[row])
        told.append(language)
    return told


def _tokens(
    rows: _Rows, sides: tuple[pyarrow.Array, pyarrow.Array], letters: tuple[Letters, Letters]
) -> tuple["numpy.ndarray", "numpy.ndarray"]:
    """Return the lengths of questions and answers, and flag those above the cut-off."""
    ruler, cutoff = rows.setting.ruler, rows.setting.cutoff_tokens
    both = []
    for code, texts, each in zip(lengths.CODES, sides, letters, strict=True):
        sizes = lengths.estimated(each.kinds, ruler)
        near = numpy.flatnonzero(sizes > NEAR * cutoff)
        if ruler.tokenizer_file and len(near):
            long = [texts[row].as_py() for row in near.tolist()]
            sizes[near] = lengths.counted(ruler.tokenizer_file, long)
        for row in numpy.flatnonzero(sizes > cutoff).tolist():
            rows.note(row, code, str(int(sizes[row])))
        both.append(sizes)
    return both[0], both[1]


def _chunk(column: pyarrow.ChunkedArray) -> pyarrow.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return (
        pyarrow.concat_arrays(column.chunks)
        if column.num_chunks
        else pyarrow.array([], column.type)
    )
