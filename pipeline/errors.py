"""What can go wrong in the pipeline; every class is a fact and says what to do.

Each part of the pipeline derives its own errors beside the code that raises them.
"""

from pipeline.said import Said


class PipelineError(Exception):
    """The base of everything the pipeline raises on purpose; its text is fit for a person.

    The facts are attributes, and the sentence names them:
    `BadInput("There is no file {path.name}.", path=path)`. A class with facts of its own sets them
    before it calls this with its sentence.
    """

    said: Said

    def __init__(self, sentence: str, /, **facts: object) -> None:
        known = {**vars(self), **facts}
        said = sentence if isinstance(sentence, Said) else Said(sentence, **known)
        vars(self).update(facts)
        self.said = said
        super().__init__(said)


class BadInput(PipelineError):
    """What the person gave cannot be used: a file, a name, a setting. Exit code 2."""


class DoesNotHold(PipelineError):
    """The thing asked about is not so: a hash differs, a run failed. Exit code 1."""


class Cancelled(PipelineError):
    """The person cancelled what was under way; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__("It was cancelled. Nothing of it was kept.")
