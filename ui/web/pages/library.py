"""What the library holds, a search of it, and ways to add papers."""

from collections import Counter
from itertools import accumulate
from typing import Any, get_args

import streamlit as st

from ingestion.pipeline import past_ingests
from ingestion.store import Filters
from rag_agent.answer import Hit
from rag_agent.settings import Mode
from ui.web import adding, messages
from ui.web.navigation import go
from ui.web.plain import as_html, escaped, with_maths
from ui.web.program import program
from ui.web.texts import say

_SHOWN = 20
_LOOKED_AT = 100
_CATEGORIES = 12


def show_search() -> None:
    """Search with filters; the threshold only sorts what is found into passing and not."""
    assistant = program().assistant
    retrieval = assistant.settings.retrieval
    query = st.text_input(
        say("search_library"), key="query", icon=":material/search:", placeholder=say("keywords")
    )
    threshold = st.slider(say("threshold"), 0.0, 1.0, retrieval.threshold, 0.01, key="threshold")
    with st.container(horizontal=True):
        category = st.text_input(say("category"), key="category", placeholder="cs.CL", width=120)
        author = st.text_input(say("author"), key="author", width=180)
        years = st.slider(say("years"), 1991, 2030, (1991, 2030), key="years", width=240)
        modes = get_args(Mode)
        mode = st.selectbox(
            say("mode"), modes, index=modes.index(retrieval.mode), key="mode", width=140
        )
    if not query.strip():
        return
    first, last = (year if year not in (1991, 2030) else 0 for year in years)
    hits = assistant.search(
        query,
        k=_LOOKED_AT,
        mode=mode,
        threshold=threshold,
        filters=Filters(category.strip(), author.strip(), first, last),
    )
    if not hits:
        messages.small(say("nothing_found"))
        return
    messages.small(say("passing", n=sum(hit.passes for hit in hits), all=len(hits)))
    for hit in hits[:_SHOWN]:
        show_hit(hit)


def show_hit(hit: Hit) -> None:
    """One paper found, with a bar as long as its cosine; those below the threshold are faint."""
    paper = hit.paper
    kind = "" if hit.passes else "below"
    width_rem = max(0.0, hit.cosine) * 6
    below = "" if hit.passes else f" · {say('below')}"
    facts = " · ".join(
        filter(None, (str(paper.year or ""), " ".join(paper.categories), paper.origin))
    )
    with st.container(gap=None):
        st.html(
            f'<p class="hit small {kind}"><span class="bar" style="width:{width_rem:.2f}rem"></span> '
            f"{hit.cosine:.2f}{as_html(below)} · {as_html(facts)}</p>"
        )
        label = with_maths(paper.title) or escaped(paper.arxiv_id)
        if st.button(label, key=f"open-{paper.arxiv_id}", type="tertiary"):
            go("paper", id=paper.arxiv_id)


def show_statistics() -> None:
    """Counts, and charts by year, by category and over time."""
    assistant = program().assistant
    years: Counter[int] = Counter()
    categories: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    for year, names, origin in assistant.store.histogram():
        years[year] += 1
        categories[names[0] if names else "–"] += 1
        origins[origin] += 1
    with st.container(horizontal=True):
        st.metric(say("count"), f"{origins.total():,}")
        kinds = " · ".join(f"{origins[kind]:,}" for kind in ("arxiv", "starter", "pdf"))
        st.metric(say("source_kinds"), kinds)
    _chart(say("by_year"), {str(year): count for year, count in sorted(years.items()) if year})
    _chart(say("by_category"), dict(categories.most_common(_CATEGORIES)), sort=f"-{say('count')}")
    past = past_ingests(assistant.settings.home)
    if len(past) > 1:
        st.markdown(f"**{escaped(say('growth'))}**")
        papers = list(accumulate(one["new"] for one in past))
        rows = {"at": [one["at"] for one in past], say("count"): papers}
        st.line_chart(rows, x="at", y=say("count"), x_label="", height=200)


def _chart(title: str, counts: dict[str, int], sort: Any = True) -> None:
    if not counts:
        return
    st.markdown(f"**{escaped(title)}**")
    rows = {"x": list(counts), say("count"): list(counts.values())}
    st.bar_chart(rows, x="x", y=say("count"), x_label="", height=220, sort=sort)


st.markdown(f"## {escaped(say('library'))}")
sections = {
    say("search"): show_search,
    say("add"): adding.show_ways_to_add,
    say("statistics"): show_statistics,
}
section = st.segmented_control(
    say("library"),
    list(sections),
    default=say("search"),
    required=True,
    key="section",
    label_visibility="collapsed",
)
sections[section]()
