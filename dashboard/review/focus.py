"""Puts the cursor where the hand expects it after a key has opened a field.

Between the key and the field lies a round trip to the server. Letters typed meanwhile would be
keys of the page (an A in a tag would accept the pair), so they are held back until the field is
there, for at most two seconds.
"""

import json

import streamlit as st

_FOCUS = """<script>
(() => {
  let tries = 0, held = 0;
  // A dialog takes the cursor for itself while it opens: aim until the field has kept it.
  const aim = () => {
    const field = document.querySelector(FIELD);
    if (field && document.activeElement === field) held += 1;
    else if (field) {
      held = 0;
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
    }
    tries += 1;
    if (held < 3 && tries < 40) setTimeout(aim, 50);
    else window.graftHold = 0;
  };
  setTimeout(aim, 60);
})();
</script>"""
_HOLD = """<script>
window.graftOpeners = OPENERS;
if (!window.graftListens) {
  window.graftListens = true;
  window.addEventListener("keydown", (event) => {
    const isField = event.target.closest && event.target.closest("input, textarea");
    if (isField || event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (Date.now() < (window.graftHold || 0)) {
      event.stopImmediatePropagation();
      event.preventDefault();
    } else if (window.graftOpeners.includes(event.key.toUpperCase())) {
      window.graftHold = Date.now() + 2000;
    }
  }, true);
}
</script>"""


def focus(key: str) -> None:
    """Put the cursor at the end of the text field of this key, once it is drawn."""
    field = json.dumps(f".st-key-{key} input, .st-key-{key} textarea")
    st.html(_FOCUS.replace("FIELD", field), unsafe_allow_javascript=True)


def hold_keys(openers: str) -> None:
    """Hold letters back after one of these keys until the field that it opens has the cursor."""
    st.html(_HOLD.replace("OPENERS", json.dumps(openers)), unsafe_allow_javascript=True)
