"""The question before all pairs of a list are changed: how many, which, and what takes it back."""

import streamlit as st

from dashboard.review import sweeping
from dashboard.review.filter_words import in_words
from dashboard.review.filtering import Asked
from dashboard.review.sweeping import SWEEPS, VALUE, Sweep
from dashboard.text import named, plain, t

ICONS: dict[Sweep, str] = {
    "accept": "check_circle",
    "reject": "cancel",
    "unreview": "radio_button_unchecked",
    "tag": "new_label",
    "untag": "label_off",
    "move": "drive_file_move",
}


def sweep_menu(asked: Asked, count: int, datasets: dict[str, int]) -> None:
    """Draw the menu for all pairs of the list; what is chosen there asks first."""
    words = named("review.sweep", SWEEPS)
    chosen = st.menu_button(
        t("review.all_of_list"),
        list(SWEEPS),
        format_func=lambda sweep: f":material/{ICONS[sweep]}: {words[sweep]}",
        icon=":material/checklist:",
        key="review_sweep",
        help=t("review.all_of_list_help", count=count),
    )
    if chosen:
        st.session_state.pop(VALUE, None)
        _ask(chosen, asked, count, datasets)


def _ask(sweep: Sweep, asked: Asked, count: int, datasets: dict[str, int]) -> None:
    """Open the dialog; its title is in the reader's language, so it is made here."""

    @st.dialog(plain("review.sweep_title"), icon=f":material/{ICONS[sweep]}:")
    def ask() -> None:
        names = {dataset_id: name for name, dataset_id in datasets.items()}
        st.markdown(t(f"review.ask_{sweep}", count=count))
        dataset = names.get(asked.matching.dataset_id or 0, "")
        st.caption(t("review.sweep_filter", filter=in_words(asked.matching, dataset)))
        is_ready = _value(sweep, asked, datasets)
        st.caption(t("review.sweep_undo"))
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(t("shell.cancel"), key="review_sweep_cancel"):
                st.rerun()
            go = st.button(
                t(f"review.do_{sweep}", count=count),
                key="review_sweep_go",
                type="primary",
                disabled=not is_ready,
                on_click=sweeping.apply,
                args=(sweep, asked, count, datasets),
            )
            if go:
                st.rerun()

    ask()


def _value(sweep: Sweep, asked: Asked, datasets: dict[str, int]) -> bool:
    """Ask for the tag or the dataset where one is needed; return whether it is there."""
    if not sweeping.needs_value(sweep):
        return True
    if sweep == "move":
        others = [name for name, i in datasets.items() if i != asked.matching.dataset_id]
        return bool(st.selectbox(t("review.dataset"), others, index=None, key=VALUE))
    given = st.text_input(t("review.tag"), max_chars=40, live="200ms", key=VALUE)
    return bool(given and given.strip() and "," not in given)
