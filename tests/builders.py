"""Small makers of test data, with everything defaulted that a test does not speak about."""

from store.types import NewPair


def new_pair(question: str = "Who are you?", answer: str = "I am Graft.", **fields) -> NewPair:
    return NewPair(question=question, answer=answer, **fields)
