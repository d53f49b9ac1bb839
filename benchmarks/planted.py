"""Question–answer pairs with planted copies, rewordings and look-alikes, in two languages.

Every pair states a made-up fact about a made-up name in words drawn as often as people use them
(wordfreq). Fixed before any contender was run on it; a seed gives the same pairs on every machine.
What a variant is:

- `exact`: the same but for case, width, white space and punctuation;
- `edited`: one to three typing mistakes (in Chinese: a character that sounds the same), filler
  words, dropped function words;
- `reworded`: the question in another wording, the answer's sentences in another order with other
  words for some;
- `lookalike`: another fact: another number, name, unit, date, or a negation; all else equal.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import wordfreq
from pypinyin import Style, lazy_pinyin

from benchmarks.planted_wording import (
    ENDINGS,
    GIVEN,
    PLACES,
    SURNAMES,
    SYLLABLES,
    WORDING,
)

Language = Literal["en", "zh"]
Kind = Literal["base", "exact", "edited", "reworded", "lookalike"]
SHARES: dict[Kind, float] = {"exact": 0.2, "edited": 0.25, "reworded": 0.2, "lookalike": 0.3}
"""How many variants of each kind a fact has on average."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A generated pair; pairs of one `fact` are the same, all others are different."""

    question: str
    answer: str
    fact: int
    kind: Kind
    language: Language


@dataclass(frozen=True, slots=True)
class Fact:
    """What a pair is about, before it is put into words."""

    intent: int
    name: str
    thing: str
    year: int
    month: int
    number: int
    unit: int
    value: int
    is_negated: bool
    details: tuple[tuple[int, tuple[str, ...], int], ...]
    """Of each further sentence: its template, its words, its number."""


@dataclass(slots=True)
class Maker:
    """Draws facts of one language and puts them into words."""

    language: Language
    random: random.Random
    words: list[str] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    sounds: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        listed = wordfreq.top_n_list(self.language, 30_000)
        is_word = str.isalpha if self.language == "en" else _is_chinese
        usual = [word for word in listed if len(word) > (3 if self.language == "en" else 1)]
        self.words = [word for word in usual if is_word(word)]
        self.weights = list(_accumulated(1 / (rank + 50) for rank in range(len(self.words))))
        if self.language == "zh":
            for character in {c for word in self.words for c in word}:
                sound = lazy_pinyin(character, style=Style.NORMAL)[0]
                self.sounds.setdefault(sound, []).append(character)
            for characters in self.sounds.values():
                characters.sort()

    def word(self) -> str:
        """Draw a word as often as people use it."""
        return self.random.choices(self.words, cum_weights=self.weights)[0]

    def name(self) -> str:
        """Make up a name."""
        if self.language == "en":
            syllables = [self.random.choice(SYLLABLES) for _ in range(self.random.randint(2, 4))]
            return "".join(syllables).capitalize()
        if self.random.random() < 0.5:
            given = "".join(self.random.choice(GIVEN) for _ in range(self.random.randint(1, 2)))
            return self.random.choice(SURNAMES) + given
        place = self.random.choice(PLACES) + self.random.choice(GIVEN)
        return place + self.random.choice(ENDINGS)

    def fact(self) -> Fact:
        """Draw a new fact."""
        draw, words = self.random, WORDING[self.language]
        details = tuple(
            (
                draw.randrange(len(words["details"])),
                tuple(self.word() for _ in range(4)),
                draw.randint(2, 4000),
            )
            for _ in range(draw.randint(3, 5))
        )
        return Fact(
            intent=draw.randrange(len(words["intents"])),
            name=self.name(),
            thing=f"{self.word()} {self.word()}" if self.language == "en" else self.word(),
            year=draw.randint(1850, 2025),
            month=draw.randrange(12),
            number=draw.randint(2, 900),
            unit=draw.randrange(len(words["units"])),
            value=draw.randint(2, 9000),
            is_negated=False,
            details=details,
        )

    def put(self, fact: Fact, wording: int = 0, order: tuple[int, ...] = ()) -> tuple[str, str]:
        """Write question and answer; `wording` and `order` choose how."""
        words = WORDING[self.language]
        asked, stated = words["intents"][fact.intent]
        slots = {
            "name": fact.name,
            "thing": fact.thing,
            "year": fact.year,
            "month": words["months"][fact.month],
            "number": fact.number,
            "unit": words["units"][fact.unit],
            "value": fact.value,
            "can": words["can"][fact.is_negated],
            "yes": words["yes"][fact.is_negated],
        }
        sentences = [stated[wording % len(stated)].format(**slots)]
        for place in order or range(len(fact.details)):
            template, drawn, number = fact.details[place]
            text = words["details"][template]
            if wording:
                for usual, other in words["synonyms"]:
                    text = text.replace(usual, other)
            sentences.append(text.format(*drawn, n=number, name=fact.name))
        joint = " " if self.language == "en" else ""
        return asked[wording % len(asked)].format(**slots), joint.join(sentences)

    def exact(self, text: str) -> str:
        """Change only what does not count: case, width, white space, punctuation."""
        choice = self.random.randrange(4)
        if self.language == "en":
            changed = (text.upper(), text.lower(), text.replace(" ", "  "), text.rstrip("?.") + " ")
            return changed[choice]
        wide = text.replace("，", ",").replace("。", ".").replace("？", "?")
        return (wide, text + "\n", text.replace("，", "， "), text.rstrip("？。"))[choice]

    def edited(self, text: str) -> str:
        """Make one to three small mistakes."""
        for _ in range(self.random.randint(1, 3)):
            text = self._mistaken(text) if self.random.random() < 0.6 else self._filled(text)
        return text

    def _mistaken(self, text: str) -> str:
        if self.language == "zh":
            places = [n for n, c in enumerate(text) if _is_chinese(c)]
            place = self.random.choice(places)
            sound = lazy_pinyin(text[place], style=Style.NORMAL)[0]
            return (
                text[:place]
                + self.random.choice(self.sounds.get(sound, [text[place]]))
                + text[place + 1 :]
            )
        words = text.split(" ")
        places = [n for n, word in enumerate(words) if len(word) > 5 and word.isalpha()]
        if not places:
            return text
        place = self.random.choice(places)
        word, at = words[place], self.random.randint(1, len(words[place]) - 2)
        letter = self.random.choice("abcdefghijklmnopqrstuvwxyz")
        changed = (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
        )
        words[place] = self.random.choice(changed)
        return " ".join(words)

    def _filled(self, text: str) -> str:
        if self.language == "zh":
            for character in self.random.sample(["的", "了", "是", "在"], 4):
                if character in text and self.random.random() < 0.5:
                    return text.replace(character, "", 1)
            return self.random.choice(["请问", "请问一下，", "您好，"]) + text
        words = text.split(" ")
        places = [n for n, word in enumerate(words) if word in {"the", "a", "of", "that", "by"}]
        if places and self.random.random() < 0.5:
            del words[self.random.choice(places)]
            return " ".join(words)
        return self.random.choice(["Please, ", "Hello, ", "Actually, "]) + text

    def lookalike(self, fact: Fact) -> Fact:
        """Change one thing that makes it another fact."""
        draw, words = self.random, WORDING[self.language]
        changed = {each: getattr(fact, each) for each in Fact.__dataclass_fields__}
        asked = words["intents"][fact.intent][0][0]
        possible = ["name"]
        possible += [slot for slot in ("year", "month", "number", "unit") if f"{{{slot}}}" in asked]
        possible += ["is_negated"] if "{can}" in asked else []
        what = draw.choice(possible)
        others: dict[str, Callable[[], object]] = {
            "name": self.name,
            "year": lambda: fact.year + draw.choice([-20, -3, -1, 1, 2, 10]),
            "month": lambda: (fact.month + draw.randint(1, 11)) % 12,
            "number": lambda: fact.number * 10 if draw.random() < 0.5 else fact.number + 1,
            "unit": lambda: (fact.unit + draw.randint(1, 3)) % len(words["units"]),
            "is_negated": lambda: True,
        }
        changed[what] = others[what]()
        if draw.random() < 0.7:
            changed["value"] = fact.value + draw.randint(1, 50)
        return Fact(**changed)


def planted(count: int, seed: int) -> Iterator[Planted]:
    """Yield `count` pairs, about half in each language, variants far from what they vary."""
    draw = random.Random(seed)
    makers = (Maker("en", random.Random(seed + 1)), Maker("zh", random.Random(seed + 2)))
    made: list[Planted] = []
    facts = 0
    while len(made) < count:
        family, facts = _family(draw, draw.choice(makers), facts)
        made += family
    del made[count:]
    draw.shuffle(made)
    yield from made


def _family(draw: random.Random, maker: Maker, number: int) -> tuple[list[Planted], int]:
    fact = maker.fact()
    question, answer = maker.put(fact)
    own = number
    made = [Planted(question, answer, own, "base", maker.language)]
    for kind, share in SHARES.items():
        if draw.random() >= share:
            continue
        if kind == "lookalike":
            number += 1
            texts = maker.put(maker.lookalike(fact))
            made.append(Planted(*texts, number, kind, maker.language))
            continue
        if kind == "exact":
            texts = maker.exact(question), maker.exact(answer)
        elif kind == "edited":
            texts = maker.edited(question), maker.edited(answer)
        else:
            order = list(range(len(fact.details)))
            draw.shuffle(order)
            texts = maker.put(fact, draw.randint(1, 3), tuple(order))
        made.append(Planted(*texts, own, kind, maker.language))
    return made, number + 1


def _accumulated(weights: Iterator[float]) -> Iterator[float]:
    total = 0.0
    for weight in weights:
        total += weight
        yield total


def _is_chinese(text: str) -> bool:
    return all("\u4e00" <= character <= "\u9fff" for character in text)
