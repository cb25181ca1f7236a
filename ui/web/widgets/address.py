"""What a page shows stands in its address: it can be shared, reloaded, left and come back to.

Streamlit's own binding writes the label of a choice, which changes with the language, and on the way back from
another page it finds that page's address first. Here the address alone is the truth, and holds values.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

_BETWEEN = ".."
_PAGE = "page_of_list"


def text(key: str, draw: Callable[..., str], **more: Any) -> str:
    """A text whose state is in the address; `draw` is given `key`, `on_change` and `args`."""
    st.session_state[key] = st.query_params.get(key, "")
    return draw(key=key, on_change=_keep, args=(key, ""), **more)


def choice(key: str, options: Sequence[str], draw: Callable[..., Any], **more: Any) -> str:
    """One of a few values, the first where the address says nothing; drawn with `options` first."""
    named = st.query_params.get(key, options[0])
    st.session_state[key] = named if named in options else options[0]
    return str(draw(options=options, key=key, on_change=_keep, args=(key, options[0]), **more))


def page(most: int, draw: Callable[..., Any], **more: Any) -> int:
    """The page of a list, the first where the address says nothing, and again once another part of it is changed."""
    named = st.query_params.get(_PAGE, "1")
    at = min(max(1, int(named)), most) if named.isdecimal() else 1
    drawn = f"{_PAGE}-{at}"  # a new one for each: Streamlit warns where a default and a state meet
    return int(draw(default=at, key=drawn, on_change=_keep, args=(_PAGE, 1, drawn), **more))


def span(key: str, least: int, most: int, draw: Callable[..., Any], **more: Any) -> tuple[int, int]:
    """A first and a last number; all of `least` to `most` where the address says nothing."""
    first, _, last = st.query_params.get(key, "").partition(_BETWEEN)
    whole = (least, most)
    if first.isdecimal() and last.isdecimal() and least <= int(first) <= int(last) <= most:
        st.session_state[key] = (int(first), int(last))
    else:
        st.session_state[key] = whole
    chosen = draw(
        min_value=least, max_value=most, key=key, on_change=_keep, args=(key, whole), **more
    )
    return int(chosen[0]), int(chosen[1])


def come_back(page: str, own: Sequence[str]) -> None:
    """Put the address as it was when this tab last showed the page, where it says nothing of its own.

    Args:
        page: Its name.
        own: The names that it keeps in the address; others are another page's, and go.
    """
    given = st.query_params.to_dict()
    kept = {name: value for name, value in given.items() if name in own}
    left: dict[str, str] = st.session_state.get(f"address-{page}", {})
    if not kept and st.session_state.get("arrived"):
        kept = left
    if kept != given:
        st.query_params.from_dict(kept)
    st.session_state[f"address-{page}"] = kept


def _keep(key: str, default: object, drawn: str = "") -> None:
    """Write what was chosen into the address; what goes without saying is left out."""
    chosen = st.session_state[drawn or key]
    if key != _PAGE:  # a page of another list
        st.query_params.pop(_PAGE, None)
    if chosen in (default, "", None):
        st.query_params.pop(key, None)
    else:
        is_span = isinstance(chosen, tuple)
        st.query_params[key] = _BETWEEN.join(map(str, chosen)) if is_span else str(chosen)
