"""What is put to the models, in the form that training put it: shared by pages and command line."""

import json
from dataclasses import asdict

from pipeline.chat.protocol import Final, Message


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


def kept_stamp(final: Final | None) -> str:
    """The end and stamp of an answer as a kept comparison holds them: JSON, `{}` without one."""
    if final is None or final.stamp is None:
        return "{}"
    value = {"finish_reason": final.finish_reason, "stamp": asdict(final.stamp)}
    return json.dumps(value, ensure_ascii=False)
