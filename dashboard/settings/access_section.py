"""Who reaches this dashboard, how one does from another machine, and what never leaves this one."""

import getpass
import socket

import streamlit as st

from dashboard.text import t

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def access_section() -> None:
    """Draw the address, the tunnel's line, and what goes out."""
    address, port = st.get_option("server.address"), str(st.get_option("server.port"))
    if address in LOOPBACK:
        url = f"http://{address}:{port}"
        st.markdown(f":green[:material/lock:] {t('settings.local')} `{url}`")
        st.caption(t("settings.local_words"))
    else:
        st.warning(t("settings.open", address=str(address or "*")), icon=":material/lock_open:")
    st.markdown(t("settings.tunnel"))
    line = f"ssh -N -L {port}:127.0.0.1:{port} {_user()}@{socket.gethostname()}"
    st.code(line, language="sh", wrap_lines=True)
    st.markdown(f"{t('settings.tunnel_open')} `http://localhost:{port}`")
    st.caption(t("settings.tunnel_words"))
    st.markdown(f":material/shield: {t('settings.sent')}")


def _user() -> str:
    """The account that the dashboard runs under; containers have some without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "USER"
