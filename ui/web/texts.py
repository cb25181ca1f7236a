"""The page's language, and its texts in it."""

import streamlit as st

from rag_agent.answer import Language
from ui import texts

LANGUAGES = {"auto": "Auto", "en": "English", "zh": "中文"}


def language() -> Language:
    """The page's language: the one set, else the browser's."""
    chosen: str = st.session_state.get("language", "auto")
    if chosen == "auto":
        chosen = st.context.locale or ""
    return "zh" if chosen.lower().startswith("zh") else "en"


def say(name: str, **values: object) -> str:
    """A text of the page in its language, with `values` filled in. The values are not escaped."""
    return texts.text(language(), name, **values)


def step_name(name: str) -> str:
    """The name of an agent's step in the page's language."""
    return texts.step_name(language(), name)
