"""Over what curves are drawn: steps, tokens or time; kept in the address."""

import streamlit as st

from dashboard import address, curving
from dashboard.text import named, t
from pipeline.train.curve import AXES, Axis


def axis_choice() -> Axis:
    """Ask over what the curves are drawn, and return it."""
    address.restore(curving.AXIS, allowed=AXES, default=AXES[:1], is_single=True)
    words = named("runs.over", AXES)
    st.segmented_control(
        t("runs.over"),
        AXES,
        format_func=lambda axis: words[axis],
        required=True,
        key=curving.AXIS,
        label_visibility="collapsed",
        on_change=address.keep,
        args=(curving.AXIS,),
        kwargs={"default": AXES[:1]},
    )
    return curving.axis()
