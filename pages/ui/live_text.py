"""Long fields that save themselves: a text area commits when the writer pauses, and keeps focus and cursor.

Streamlit commits a text area when it loses focus. After a pause this tells it that focus went and came back,
without moving it. Single-line fields have `text_input(live=…)`; there is no such thing for text areas.
"""

import streamlit as st

PAUSE_MS = 900

_SCRIPT = f"""<script>
if (!window.studioLiveText) {{
  window.studioLiveText = true;
  let idle;
  document.addEventListener("input", event => {{
    const field = event.target;
    if (field.tagName !== "TEXTAREA" || field.closest("[data-testid=stChatInput]")) return;
    clearTimeout(idle);
    idle = setTimeout(() => {{
      if (document.activeElement !== field) return;
      field.dispatchEvent(new FocusEvent("focusout", {{bubbles: true}}));
      field.dispatchEvent(new FocusEvent("focusin", {{bubbles: true}}));
    }}, {PAUSE_MS});
  }});
}}
</script>"""


def commit_after_a_pause() -> None:
    """Make all text areas of this tab commit after a pause. Draw it once, outside of forms."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
