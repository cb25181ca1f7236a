"""The library without a query: sorted, filtered, page by page, all of it in the address."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import streamlit as st

from ingestion.bibliography.names import key_name
from ingestion.paper import Paper
from ingestion.store.collection import Filters
from ui.web import evidence, messages
from ui.web.papers import collecting
from ui.web.plain import as_html
from ui.web.program import program
from ui.web.texts import say
from ui.web.widgets import address

MOST = 50_000
"""Papers that are sorted at most; a larger library is told to be filtered or searched."""
_A_PAGE = 20


class Row(NamedTuple):
    """What the list shows of a paper, and sorts by."""

    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    date: str
    categories: tuple[str, ...]
    origin: str


_ORDERS: dict[str, tuple[Callable[[Row], object], bool]] = {
    "newest": (lambda row: (row.date, row.arxiv_id), True),
    "oldest": (lambda row: (row.date or "9", row.arxiv_id), False),
    "by_title": (lambda row: row.title.casefold(), False),
    "by_author": (lambda row: (key_name(row.authors[0]) if row.authors else "~", row.date), False),
}


def show(filters: Filters) -> None:
    """The list with its order and page; selected papers go into collections or questions."""
    order = address.choice(
        "order", list(_ORDERS), st.selectbox, label=say("order"), width=170, format_func=say
    )
    rows = ordered(program().assistant.library.store.count(), filters, order)
    if len(rows) == MOST:
        messages.notice(say("too_many", n=f"{MOST:,}"))
    messages.small(say("listed", n=f"{len(rows):,}"))
    pages = max(1, -(-len(rows) // _A_PAGE))
    selected, listed, below = st.container(), st.container(), st.container()
    number = 1
    if pages > 1:
        with below:
            number = address.page(pages, st.pagination, num_pages=pages)
    shown = rows[(number - 1) * _A_PAGE : number * _A_PAGE]
    with listed, st.container(key="listed"):
        for row in shown:
            _show(row)
    with selected:
        collecting.show_selection([row.arxiv_id for row in shown])


@st.cache_resource(max_entries=4, show_spinner=False)
def ordered(papers: int, filters: Filters, order: str) -> list[Row]:
    """The library's rows in an order; read anew once its number of papers has changed."""
    key, descending = _ORDERS[order]
    rows = _first(program().assistant.library.store.papers(filters))
    return sorted(rows, key=key, reverse=descending)  # type: ignore[arg-type]  # each order's own


def _first(papers: Iterable[Paper]) -> list[Row]:
    rows = []
    for paper in papers:
        date = paper.published[:10] or f"{paper.year or ''}"
        authors = paper.authors[:4]
        rows.append(Row(paper.arxiv_id, paper.title, authors, date, paper.categories, paper.origin))
        if len(rows) == MOST:
            break
    return rows


def _show(row: Row) -> None:
    facts = [evidence.authors(row.authors, 3), row.date, *row.categories]
    if row.origin == "starter":
        facts.append(say("starter"))
    facts += collecting.marked(row.arxiv_id)
    line = f'<p class="small">{as_html(" · ".join(filter(None, facts)))}</p>'
    collecting.show_paper(row.arxiv_id, row.title, line)
