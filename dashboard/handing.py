"""What the hand-over part of the Models page reacts with: files written beside the weights."""

from dashboard import state
from dashboard.guard import reaction
from dashboard.parts.notices import done
from dashboard.text import t
from pipeline.handover import card, ollama
from pipeline.handover.ollama import Modelfile
from pipeline.handover.subject import Subject
from pipeline.jsonio import write_atomic


def modelfile(subject: Subject) -> Modelfile:
    """Return the Modelfile of a merged model."""
    return ollama.modelfile(subject)


@reaction
def write_modelfile(subject: Subject) -> None:
    """Write the Modelfile into the model's folder."""
    path = subject.folder / ollama.MODELFILE
    write_atomic(path, modelfile(subject).text.encode())
    done(t("models.written", file=str(path)))


@reaction
def write_card(subject: Subject) -> None:
    """Write the model card into the model's folder."""
    done(t("models.written", file=str(card.write(state.workspace(), subject))))
