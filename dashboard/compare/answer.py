"""One model's answer in a comparison: who speaks, the words, and the stamp of what made them."""

from collections.abc import Callable

import streamlit as st

from dashboard.compare import lineup
from dashboard.format import number
from dashboard.parts.prose import prose
from dashboard.text import literal, plain, t
from pipeline.chat import columns
from pipeline.chat.protocol import BASE, Final, Stamp

SHORT_HASH = 10


def speaker(model: str, place: int, *, is_hidden: bool) -> None:
    """Draw who answers: the base is grey, an adapter has the accent, another server a cloud."""
    if is_hidden:
        st.markdown(f":gray[:material/visibility_off: **{lineup.letter(place)}**]")
        return
    shown = literal(lineup.name(model))
    if model == BASE:
        st.markdown(f":gray[:material/crop_square: **{shown}**]")
    elif columns.is_external(model):
        st.markdown(f":gray[:material/cloud: **{shown}**]")
    else:
        st.markdown(f":primary[:material/layers: **{shown}**]")


def words(text: str, *, against: str | None = None) -> None:
    """Draw an answer letter by letter; `against` marks what the other answer does not share."""
    if text.strip():
        prose(text, against=against)
    else:
        st.markdown(f":gray[{t('compare.no_words')}]")


def stamp_line(final: Final | None) -> None:
    """Draw in small what made the answer; a foreign server gives no stamp."""
    st.caption(stamp_words(final))


def stamp_words(final: Final | None, *, is_plain: bool = False) -> str:
    """Return in one line what made an answer, as Markdown or plain."""
    say = plain if is_plain else t
    if final is None or final.stamp is None:
        return say("compare.no_stamp")
    return " · ".join(_parts(final, final.stamp, say))


def _parts(final: Final, stamp: Stamp, say: Callable[..., str]) -> list[str]:
    adapter = stamp.adapter_sha1[:SHORT_HASH] if stamp.adapter_sha1 else None
    parts = [
        say("compare.stamp_adapter", sha1=adapter) if adapter else say("compare.stamp_base"),
        system_words(stamp.system_prompt, say),
        say("compare.stamp_temperature", value=f"{stamp.temperature:g}"),
    ]
    if stamp.temperature > 0:
        parts.append(say("compare.stamp_seed", seed=str(stamp.seed)))
    if stamp.repetition_penalty != 1:
        parts.append(say("compare.stamp_penalty", value=f"{stamp.repetition_penalty:g}"))
    parts.append(say("compare.stamp_first", seconds=number(stamp.first_token_s, 1)))
    parts.append(
        say("compare.stamp_speed", count=stamp.tokens, speed=number(stamp.tokens_per_second, 1))
    )
    if final.finish_reason == "length":
        parts.append(say("compare.stamp_cut", count=stamp.max_tokens))
    if stamp.mode == "in turn":
        parts.append(say("compare.stamp_in_turn"))
    return parts


def system_words(prompt: str | None, say: Callable[..., str] = t) -> str:
    """Name the system prompt that was in front of the question, shortened."""
    if not prompt:
        return say("compare.stamp_no_system")
    shown = prompt if len(prompt) <= 48 else prompt[:47] + "…"
    return say("compare.stamp_system", text=shown)


def rendered(stamps: dict[str, Stamp]) -> None:
    """Draw the whole prompt as each model read it; once, where they are the same."""
    prompts = {stamp.prompt for stamp in stamps.values()}
    if len(prompts) == 1:
        st.caption(t("compare.prompt_same"))
        st.code(prompts.pop(), language=None, wrap_lines=True)
        return
    for column, (model, stamp) in zip(st.columns(len(stamps)), stamps.items(), strict=True):
        with column:
            st.caption(literal(lineup.name(model)))
            st.code(stamp.prompt, language=None, wrap_lines=True)
