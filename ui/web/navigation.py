"""The pages and the ways between them."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.web.texts import say

_PAGES = Path(__file__).parent / "pages"  # beside app.py Streamlit would serve them without it
_ICONS = {
    "chat": ":material/forum:",
    "library": ":material/menu_book:",
    "paper": ":material/article:",
    "watches": ":material/notifications:",
    "review": ":material/history_edu:",
    "table": ":material/table:",
    "sessions": ":material/history:",
    "settings": ":material/settings:",
}


def pages() -> list[StreamlitPage]:
    """All pages in the order of the menu; the first is the start page."""
    return [page(name) for name in _ICONS]


def page(name: str) -> StreamlitPage:
    """The page of a name, a file of that name in `ui/web/pages`."""
    return st.Page(
        _PAGES / f"{name}.py", title=say(name), icon=_ICONS[name], default=name == "chat"
    )


def go(name: str, **query: str) -> None:
    """Leave for another page with these parameters in its address; does not return."""
    st.switch_page(page(name), query_params=query)
