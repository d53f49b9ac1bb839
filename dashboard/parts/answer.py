"""One model's answer in a comparison: who speaks, the words, and the stamp of what made them."""

import streamlit as st

from dashboard.format import number
from dashboard.parts.prose import prose
from dashboard.text import literal, plain, t
from pipeline.chat.protocol import BASE, Final, Stamp

SHORT_HASH = 10


def speaker(model: str, name: str) -> None:
    """Draw who answers: the base is grey, an adapter has the accent."""
    if model == BASE:
        st.markdown(f":gray[:material/crop_square: **{t('compare.base')}**]")
    else:
        shown = literal(name) if name else t("compare.run", run=model)
        st.markdown(f":primary[:material/layers: **{shown}**]")


def words(text: str, *, against: str | None = None) -> None:
    """Draw an answer letter by letter; `against` marks what the other answer does not share."""
    if text.strip():
        prose(text, against=against)
    else:
        st.markdown(f":gray[{t('compare.no_words')}]")


def stamp_line(final: Final | None) -> None:
    """Draw in small what made the answer; a foreign server gives no stamp."""
    if final is None or final.stamp is None:
        st.caption(t("compare.no_stamp"))
        return
    st.caption(" · ".join(_parts(final, final.stamp)))


def _parts(final: Final, stamp: Stamp) -> list[str]:
    adapter = stamp.adapter_sha1[:SHORT_HASH] if stamp.adapter_sha1 else None
    parts = [
        t("compare.stamp_adapter", sha1=adapter) if adapter else t("compare.stamp_base"),
        system_words(stamp.system_prompt),
        t("compare.stamp_temperature", value=f"{stamp.temperature:g}"),
    ]
    if stamp.temperature > 0:
        parts.append(t("compare.stamp_seed", seed=str(stamp.seed)))
    parts.append(
        t("compare.stamp_speed", count=stamp.tokens, speed=number(stamp.tokens_per_second, 1))
    )
    if final.finish_reason == "length":
        parts.append(t("compare.stamp_cut", count=stamp.max_tokens))
    return parts


def system_words(prompt: str | None) -> str:
    """Name the system prompt that was in front of the question, shortened."""
    if not prompt:
        return t("compare.stamp_no_system")
    shown = prompt if len(prompt) <= 48 else prompt[:47] + "…"
    return t("compare.stamp_system", text=shown)


def rendered(stamps: dict[str, Stamp]) -> None:
    """Draw the whole prompt as each model read it; once, where they are the same."""
    prompts = {stamp.prompt for stamp in stamps.values()}
    if len(prompts) == 1:
        st.caption(t("compare.prompt_same"))
        st.code(prompts.pop(), language=None, wrap_lines=True)
        return
    for column, (model, stamp) in zip(st.columns(len(stamps)), stamps.items(), strict=True):
        with column:
            name = plain("compare.base") if model == BASE else plain("compare.run", run=model)
            st.caption(name)
            st.code(stamp.prompt, language=None, wrap_lines=True)
