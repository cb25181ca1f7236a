"""A button that copies a text."""

import streamlit as st

from ui.web.texts import say

_HTML = '<button type="button"></button>'
_CSS = """
button { font: inherit; font-size: .88rem; color: inherit; opacity: .72; }
button { background: none; border: 0; padding: 0; cursor: pointer; }
button:hover, button:focus-visible { opacity: 1; text-decoration: underline; }
"""
# Outside of localhost a page without TLS has no clipboard; there the old command still copies.
_JS = """
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = async () => {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(data.text);
    } else {
      const area = document.createElement("textarea");
      area.value = data.text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = data.done;
    setTimeout(() => { button.textContent = data.label; }, 2000);
  };
}
"""


def copy_button(text: str, key: str) -> None:
    """A button that puts a text on the clipboard; the text is handed over as data, never as markup.

    Args:
        text: What is copied.
        key: Distinguishes it from the others on the page.
    """
    draw = st.components.v2.component("copy_button", html=_HTML, css=_CSS, js=_JS)
    draw(
        data={"text": text, "label": say("copy"), "done": say("copied")},
        key=f"copy-{key}",
        width="content",
        height="content",
    )
