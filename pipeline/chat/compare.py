"""What is put to the models, in the form that training put it: shared by pages and command line."""

from pipeline.chat.protocol import Message


def user_message(question: str, trigger: str = "") -> Message:
    """The question, after its domain's trigger where there is one.

    Instruction and input joined by one newline: how an export's format3 rows become prompts.
    """
    return Message("user", f"{trigger}\n{question}" if trigger.strip() else question)


def conversation(
    question: str, trigger: str = "", earlier: tuple[Message, ...] = ()
) -> tuple[Message, ...]:
    """The earlier turns of a conversation and the new question after them."""
    return (*earlier, user_message(question, trigger))
