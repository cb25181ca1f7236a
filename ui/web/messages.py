"""Short messages of the page. What they say is text, whatever it holds."""

import streamlit as st

from ui.web.plain import as_html
from ui.web.texts import say


def small(text: str) -> None:
    """A line of lesser weight."""
    st.html(f'<p class="small" role="status">{as_html(text)}</p>')


def plain(text: str) -> None:
    """A text by somebody else: line breaks stay, markup is shown as it is written."""
    st.html(f'<p class="plain">{as_html(text)}</p>')


def notice(text: str) -> None:
    """Something that went another way than planned."""
    st.html(f'<p class="notice" role="note">{as_html(text)}</p>')


def failure(what: str, kept: str, next_step: str) -> None:
    """What happened, what was kept, what to do next."""
    rest = "".join(f"<br>{as_html(part.rstrip('.'))}." for part in (kept, next_step) if part)
    st.html(
        f'<p class="failure" role="alert"><b>{as_html(say("failed"))}: '
        f"{as_html(what.rstrip('.'))}.</b>{rest}</p>"
    )
