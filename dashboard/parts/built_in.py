"""The words that Streamlit's own widgets write in English, and gives no way to choose."""

import streamlit as st

from dashboard.text import language, plain

_STYLE = """<style>
[data-testid="stFileUploaderDropzone"] button p {{ font-size: 0 }}
[data-testid="stFileUploaderDropzone"] button p::after {{ content: "{choose}"; font-size: 14px }}
[data-testid="stFileUploaderDropzoneInstructions"], [data-testid="InputInstructions"] {{
  display: none
}}
</style>"""


def in_the_readers_language() -> None:
    """Say "Upload" in the reader's language, and hide hints that our labels give themselves."""
    if language() != "en":
        st.html(_STYLE.format(choose=plain("shell.choose_file")))
