"""What the checks found in one pair: each finding with its reason, fix, and "Not a problem"."""

from itertools import groupby

import streamlit as st

from dashboard.check import checking
from dashboard.format import shortened
from dashboard.parts.chips import Colour
from dashboard.text import t
from pipeline.curate.checks.found import CODES, Found, Severity
from store.types import Pair

SEVERITY: dict[Severity, tuple[str, Colour]] = {
    "bad": ("error", "red"),
    "look": ("visibility", "orange"),
    "hint": ("info", "gray"),
}
_LONGEST_FACT = 60


def pair_flags(pair: Pair, findings: tuple[Found, ...]) -> None:
    """Draw the findings of a pair, one line a kind; nothing where there are none."""
    if findings:
        with st.container(border=True, gap="xsmall", key="pair_flags"):
            for code, group in groupby(findings, key=lambda each: each.code):
                _kind(pair, code, tuple(group))
    if dismissed := checking.dismissed_of(pair):
        st.button(
            t("check.restore", count=dismissed),
            key="pair_flags_restore",
            type="tertiary",
            icon=":material/undo:",
            on_click=checking.restore,
            args=(pair,),
        )


def severity_badge(code: str, severity: Severity) -> None:
    """Draw the name of a finding with the icon and colour of its severity."""
    icon, colour = SEVERITY[severity]
    st.badge(t(f"finding.{code}"), icon=f":material/{icon}:", color=colour)


def _kind(pair: Pair, code: str, found: tuple[Found, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        severity_badge(code, CODES[code].severity)
        st.space("stretch")
        if any(each.fix is not None for each in found):
            st.button(
                t("check.fix"),
                key=f"pair_fix_{code}",
                icon=":material/build:",
                type="tertiary",
                help=t(f"finding.{code}_fix"),
                on_click=checking.fix_pair,
                args=(pair, code),
            )
        st.button(
            t("check.dismiss"),
            key=f"pair_dismiss_{code}",
            type="tertiary",
            help=t("check.dismiss_help"),
            on_click=checking.dismiss,
            args=(pair, found),
        )
    st.markdown(f":small[{t(f'finding.{code}_why')}] {_facts(found)}")


def _facts(found: tuple[Found, ...]) -> str:
    """What was found, as text: the first, and how many more; the marks in the text show all."""
    first = shortened(found[0].fact, _LONGEST_FACT)
    if not first:
        return ""
    more = f" +{len(found) - 1}" if len(found) > 1 else ""
    return f":gray[:small[{t('check.fact', fact=first)}{more}]]"
