"""Small makers of test data, with everything defaulted that a test does not speak about."""

from store.types import NewPair


def new_pair(question: str = "Who are you?", answer: str = "I am Graft.", **fields) -> NewPair:
    return NewPair(question=question, answer=answer, **fields)


def towers(count: int) -> list[NewPair]:
    """Facts of four wordings each that are close to one another."""
    asked = (
        "What colour is tower {n}?", "Which colour does tower {n} have?",
        "Tell me the colour of tower {n}.", "Tower {n}: what colour is it?",
    )  # fmt: skip
    return [
        new_pair(each.format(n=n), f"Tower {n} is cobalt blue.")
        for n in range(count)
        for each in asked
    ]
