"""One answer in the form of OpenAI's chat API. Knows neither HTTP nor who answers."""

import secrets
import time
from dataclasses import asdict

from pipeline.chat.protocol import Final, Piece, Text


class Completion:
    """One answer in the form of OpenAI's chat API; the stamp comes as a field of our own."""

    def __init__(self, model: str) -> None:
        self._model, self._created = model, int(time.time())
        self._id = f"chatcmpl-{secrets.token_hex(8)}"
        self._has_begun = False

    def event(self, piece: Piece) -> dict[str, object]:
        """A chunk of a streamed answer."""
        if isinstance(piece, Text):
            role = {} if self._has_begun else {"role": "assistant"}
            self._has_begun = True
            choice = {"index": 0, "delta": {**role, "content": piece.text}, "finish_reason": None}
            return {**self._head("chat.completion.chunk"), "choices": [choice]}
        choice = {"index": 0, "delta": {}, "finish_reason": _openai_reason(piece)}
        head = self._head("chat.completion.chunk")
        return {**head, "choices": [choice], **_stamp_and_usage(piece)}

    def whole(self, text: str, final: Final) -> dict[str, object]:
        """A whole answer."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": _openai_reason(final),
        }
        return {**self._head("chat.completion"), "choices": [choice], **_stamp_and_usage(final)}

    def _head(self, kind: str) -> dict[str, object]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._model,
        }


def _openai_reason(final: Final) -> str:
    return "length" if final.finish_reason == "length" else "stop"


def _stamp_and_usage(final: Final) -> dict[str, object]:
    if final.stamp is None:
        return {}
    prompt, answer = final.stamp.prompt_tokens, final.stamp.tokens
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
    }
    return {"usage": usage, "stamp": asdict(final.stamp)}
