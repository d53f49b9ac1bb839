"""What is wrong with a dataset as a whole; each finding has a stable code and the fact found."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.curate.checks import languages
from pipeline.curate.checks.found import Code, Severity
from pipeline.curate.two_fields import two_fields
from pipeline.evaluate import names
from store import charts, clusters, flags
from store.charts import Charts
from store.db import Database
from store.types import DatasetSummary

FEWEST_PAIRS = 20
FEWEST_WORDINGS = 3
"""As for a split: a fact with fewer gives none up as a test."""
FEWEST_FACTS = 5
STRAY = 0.15
"""A language with a smaller share of the pairs is stray; with more, it is meant."""
FEWEST_STRAYS = 2
NAMED_BY = 0.1
"""A name counts as the dataset's from this share of the answers that give one."""
SAMPLE_PAIRS = 400
CODES: dict[str, Code] = {
    "small_dataset": Code("look"),
    "names_differ": Code("bad"),
    "two_domains": Code("look"),
    "mixed_languages": Code("look"),
    "few_wordings": Code("look"),
    "undecided": Code("look"),
}


@dataclass(frozen=True, slots=True)
class WholeFinding:
    """One thing that is said of a dataset."""

    code: str
    fact: str
    """A count, or the words that tell it."""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return CODES[self.code].severity


def of_dataset(db: Database, summary: DatasetSummary) -> Iterator[WholeFinding]:
    """Yield what is found of a dataset as a whole, from what was judged and a sample of texts."""
    if summary.usable < FEWEST_PAIRS:
        yield WholeFinding("small_dataset", str(summary.usable))
    counted = charts.charts(db, summary.dataset.id)
    role = summary.dataset.role
    if role == "identity":
        yield from _names_differ(db, summary.dataset.id)
    if role == "domain":
        yield from _two_domains(db, summary.dataset.id)
    yield from _mixed_languages(counted)
    if role != "general":
        yield from _few_wordings(counted)
    undecided = sum(clusters.counts(db, dataset_id=summary.dataset.id).values())
    if undecided:
        yield WholeFinding("undecided", str(undecided))


def _names_differ(db: Database, dataset_id: int) -> Iterator[WholeFinding]:
    """Find answers that introduce the model by more than one name, in one language."""
    by_language: dict[str, Counter[str]] = {"en": Counter(), "zh": Counter()}
    for answer in flags.sample(db, dataset_id, size=SAMPLE_PAIRS)["answer"].to_pylist():
        given = {name for name in names.introductions(answer) if "{{" not in name}
        by_language[names.language(answer)].update(given)
    for counts in by_language.values():
        least = max(2, NAMED_BY * counts.total())
        often = [name for name, n in counts.most_common() if n >= least]
        apart = [
            name
            for place, name in enumerate(often)
            if not any(_is_one_name(name, other) for other in often[:place])
        ]
        if len(apart) > 1:
            yield WholeFinding("names_differ", ", ".join(apart))


def _is_one_name(one: str, other: str) -> bool:
    """Whether one is the other and more: Lumen, Lumen AI."""
    one, other = one.casefold(), other.casefold()
    return one in other or other in one


def _two_domains(db: Database, dataset_id: int) -> Iterator[WholeFinding]:
    """Look at the texts in the commonest language: two languages share no words anyway."""
    sample = flags.sample(db, dataset_id, size=SAMPLE_PAIRS)
    # One text a fact: many wordings of one would look like a heap of their own.
    facts = dict(zip(sample["answer"].to_pylist(), sample["question"].to_pylist(), strict=True))
    by_language: dict[str, list[str]] = {}
    for answer, question in facts.items():
        by_language.setdefault(languages.language_of(answer), []).append(f"{question} {answer}")
    found = two_fields(max(by_language.values(), key=len, default=[]))
    if found is not None:
        fact = f"{', '.join(found.one)} / {', '.join(found.other)}"
        yield WholeFinding("two_domains", fact)


def _mixed_languages(counted: Charts) -> Iterator[WholeFinding]:
    total = sum(count for language, count in counted.languages if language)
    stray = [
        f"{language} {count}"
        for language, count in counted.languages
        if language and FEWEST_STRAYS <= count < STRAY * total
    ]
    if stray:
        yield WholeFinding("mixed_languages", ", ".join(stray))


def _few_wordings(counted: Charts) -> Iterator[WholeFinding]:
    """Say how many facts are asked in too few wordings, where that is most of them."""
    facts = sum(count for _, count in counted.wordings)
    few = sum(count for wordings, count in counted.wordings if wordings < FEWEST_WORDINGS)
    if facts >= FEWEST_FACTS and few * 2 > facts:
        yield WholeFinding("few_wordings", f"{few:,} / {facts:,}")
