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
    """The page of a name, a file of that name in `ui/web/pages`.

    It has no icon of its own, which Streamlit would ask for at fonts.gstatic.com; `show_menu` draws them.
    """
    return st.Page(_PAGES / f"{name}.py", title=say(name), default=name == "chat")


def show_menu() -> None:
    """The ways to all pages, with icons of the font that this program serves."""
    with st.container(key="menu", gap=None):
        for name, icon in _ICONS.items():
            st.page_link(page(name), icon=icon)


def go(name: str, **query: str) -> None:
    """Leave for another page with these parameters in its address; does not return."""
    st.switch_page(page(name), query_params=query)


def arrive(chosen: StreamlitPage) -> None:
    """Note whether this run is the first on its page, coming from another or from outside: `arrived`."""
    st.session_state["arrived"] = st.session_state.get("page") != chosen.url_path
    st.session_state["page"] = chosen.url_path
