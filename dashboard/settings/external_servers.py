"""The external servers in Settings: add, try, remove."""

import streamlit as st

from dashboard.format import number
from dashboard.parts.prose import prose
from dashboard.settings import outside
from dashboard.text import literal, named, plain, t
from pipeline.chat.external import External


def external_servers() -> None:
    """Draw the list with its actions, and the form below it."""
    servers = outside.listed()
    if not servers:
        st.caption(t("external.none"))
    for server in servers:
        _server(server)
    with st.expander(t("external.add"), icon=":material/add:", key="external_new"):
        _form()


def _server(server: External) -> None:
    with st.container(border=True, key=f"external_{server.name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{literal(server.name)}**", width="content")
            st.caption(literal(server.model), width="content")
            st.space("stretch")
            st.button(
                t("external.try"),
                key=f"external_try_{server.name}",
                icon=":material/network_check:",
                on_click=outside.try_out,
                args=(server,),
            )
            if st.button(
                t("external.remove"), key=f"external_remove_{server.name}", type="tertiary"
            ):
                st.dialog(plain("external.remove_title"))(_ask_remove)(server)
        # As code: a bare address would become a link.
        st.caption(f"`{server.url}` · {_key_words(server)}")
        if server.shows_key:
            st.markdown(f":orange[:material/lock_open: {t('external.shows_key')}]")
        _tried(server)


def _tried(server: External) -> None:
    result = outside.result(server)
    if result is None:
        return
    if isinstance(result, str):
        st.markdown(f":red[:material/error: {literal(result)}]")
        return
    seconds = number(result.first_text_s, 2)
    st.markdown(f":green[:material/check_circle: {t('external.answers', seconds=seconds)}]")
    prose(result.answer)
    if result.offers and server.model not in result.offers:
        st.caption(t("external.offers", models=", ".join(result.offers[:12])))


def _key_words(server: External) -> str:
    if server.key_variable:
        return t("external.key_from", variable=server.key_variable)
    return t("external.key_kept") if server.key else t("external.key_none")


def _ask_remove(server: External) -> None:
    st.markdown(t("external.remove_words", name=server.name))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("shell.cancel"), key="external_remove_cancel"):
            st.rerun()
        go = st.button(
            t("external.remove"),
            key="external_remove_go",
            type="primary",
            on_click=outside.remove,
            args=(server.name,),
        )
        if go:
            st.rerun()


def _form() -> None:
    st.caption(t("external.words"))
    left, right = st.columns(2)
    left.text_input(t("external.name"), key=outside.NAME, max_chars=40)
    right.text_input(t("external.model"), key=outside.MODEL, help=t("external.model_help"))
    st.text_input(t("external.url"), key=outside.URL, placeholder="http://127.0.0.1:8000/v1")
    ways = named("external.way", outside.WAYS)
    way = st.segmented_control(
        t("external.key"),
        list(ways),
        format_func=ways.__getitem__,
        default="none",
        required=True,
        key=outside.WAY,
    )
    if way == "variable":
        st.text_input(
            t("external.variable"), key=outside.VARIABLE, help=t("external.variable_help")
        )
    if way == "typed":
        st.text_input(
            t("external.typed"), key=outside.KEY, type="password", help=t("external.typed_help")
        )
    st.button(t("external.save"), key="external_save", on_click=outside.add)
