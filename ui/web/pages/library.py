"""What the library holds, a search of it, and ways to add papers."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import accumulate
from operator import itemgetter
from typing import Any, get_args

import streamlit as st

from ingestion.pipeline import past_ingests
from ingestion.store.census import Census, take_census
from ingestion.store.collection import Filters
from rag_agent.asking.planning import language_of
from rag_agent.citation import Hit
from rag_agent.settings import Mode
from ui.web import adding, evidence, messages
from ui.web.navigation import go
from ui.web.papers import browsing, collecting
from ui.web.plain import as_html, escaped
from ui.web.program import program
from ui.web.texts import say
from ui.web.widgets import address

_SHOWN = 20
_LOOKED_AT = 100
_CATEGORIES = 12
_ORIGINS = ("arxiv", "starter", "pdf", "import")
_FIRST_YEAR = 1991  # arXiv began then


def show_search() -> None:
    """All papers, or those that a search finds; the threshold only parts what is found into passing and not."""
    assistant = program().assistant
    retrieval = assistant.settings.retrieval
    query = address.text(
        "query",
        st.text_input,
        label=say("search_library"),
        icon=":material/search:",
        placeholder=say("keywords"),
    )
    asked = bool(query.strip())
    threshold = st.slider(
        say("threshold"), 0.0, 1.0, retrieval.threshold, 0.01, key="threshold", disabled=not asked
    )
    passing = st.container()
    with st.container(horizontal=True):
        category = address.text(
            "category", st.text_input, label=say("category"), placeholder="cs.CL", width=110
        )
        author = address.text("author", st.text_input, label=say("author"), width=150)
        chosen = collecting.choose()
        mode = show_modes(retrieval.mode) if asked else retrieval.mode
        first, last = show_years()
    collecting.show_collection()
    if chosen.only == ():
        messages.small(say("listed", n=0))
        return
    filters = Filters(
        category.strip(), author.strip(), first, last, chosen.only or (), chosen.without
    )
    if not asked:
        browsing.show(filters)
        return
    english = in_english(query)
    hits = assistant.search(english, k=_LOOKED_AT, mode=mode, threshold=threshold, filters=filters)
    if language_of(query) != "en":
        told = "not_translated" if english == query else "translated"
        messages.notice(say(told, query=english))
    with passing:
        messages.small(say("passing", n=sum(hit.passes for hit in hits), all=len(hits)))
    show_hits(hits)


def show_modes(default: Mode) -> Mode:
    """How to search."""
    modes = get_args(Mode)
    chosen: Mode = st.selectbox(
        say("mode"), modes, index=modes.index(default), key="mode", width=130
    )
    return chosen


def in_english(query: str) -> str:
    """The query in English; one is translated once, however often the page is drawn."""
    asked, english = st.session_state.get("in_english", ("", ""))
    if asked != query:
        with st.spinner(say("working")):
            english = program().assistant.in_english(query)
        st.session_state["in_english"] = (query, english)
    return str(english)


def show_years() -> tuple[int, int]:
    """The first and last year to search; 0 at an end that is open."""
    this_year = date.today().year
    whole = (_FIRST_YEAR, this_year)
    first, last = address.span("years", *whole, st.slider, label=say("years"), width=230)
    return (0 if first == _FIRST_YEAR else first), (0 if last == this_year else last)


def show_hits(hits: Sequence[Hit]) -> None:
    """The best of those that pass, then of those that do not; above them what can be done with selected ones."""
    selected = st.container()
    for name, passes in (("above", True), ("below", False)):
        group = [hit for hit in hits if hit.passes is passes][:_SHOWN]
        if group:
            with st.container(key=f"hits-{name}"):
                if not passes:
                    messages.small(say("below"))
                for hit in group:
                    show_hit(hit)
    with selected:
        collecting.show_selection([hit.paper.arxiv_id for hit in hits])


def show_hit(hit: Hit) -> None:
    """One paper found, with a bar as long as its cosine, and a box that selects it."""
    paper = hit.paper
    width_rem = max(0.0, hit.cosine) * 6
    facts = [evidence.authors(paper.authors, 3), str(paper.year or ""), *paper.categories]
    if paper.origin == "starter":
        facts.append(say("starter"))
    if hit.passes_by in ("title", "term"):
        facts.append(say("named"))
    said = " · ".join(filter(None, facts))
    line = (
        f'<p class="hit small"><span class="bar" style="width:{width_rem:.2f}rem"></span> '
        f"{hit.cosine:.2f} · {as_html(said)}</p>"
    )
    collecting.show_paper(paper.arxiv_id, paper.title, line, "top")


def show_statistics() -> None:
    """Counts, and charts by year, by category and over time."""
    with st.spinner(say("working")):
        census = counted(program().assistant.library.store.count())
    with st.container(horizontal=True):
        for origin in [name for name in _ORIGINS if census.origins[name] or name != "import"]:
            st.metric(say(f"from_{origin}"), f"{census.origins[origin]:,}")
        if elsewhere := census.papers - sum(census.origins[o] for o in ("arxiv", "starter", "pdf")):
            st.metric(say("from_elsewhere"), f"{elsewhere:,}")
    by_year = sorted(census.years.items())
    messages.small(say("bars_open"))
    years = {str(year): count for year, count in by_year if year}
    _chart("by_year", years, lambda year: {"years": f"{year}..{year}"})
    categories = dict(census.categories.most_common(_CATEGORIES))
    _chart("by_category", categories, lambda category: {"category": category})
    show_growth(census.papers)


@st.cache_resource(max_entries=1, show_spinner=False)
def counted(papers: int) -> Census:
    """The census of the library, taken anew once its number of papers has changed."""
    return take_census(program().assistant.library.store)


def show_growth(count: int) -> None:
    """Papers over time: what each ingest added, up to `count` today."""
    past = sorted(past_ingests(program().assistant.settings.home), key=itemgetter("at"))
    if not past:
        return
    st.markdown(f"**{escaped(say('growth'))}**")
    days = [*(datetime.fromisoformat(one["at"]) for one in past), datetime.now(UTC)]
    papers = [*accumulate(one["new"] for one in past), count]
    st.line_chart(
        {"at": days, say("count"): papers}, x="at", y=say("count"), x_label="", height=200
    )


def _chart(title: str, counts: dict[str, int], shows: Callable[[str], dict[str, str]]) -> None:
    """Bars; one that is clicked shows its papers: `shows` gives the list's address for a bar's name."""
    if not counts:
        return
    st.markdown(f"**{escaped(say(title))}**")
    name, count = {"field": "name", "type": "nominal", "title": None}, {"field": "count"}
    lies = title == "by_category"
    bars = {
        "mark": {"type": "bar", "cursor": "pointer", "tooltip": True},
        "params": [{"name": "clicked", "select": {"type": "point", "fields": ["name"]}}],
        "height": 70 + 26 * len(counts) if lies else 220,  # axes and their titles counted
        "encoding": {
            ("y" if lies else "x"): {**name, "sort": None},
            ("x" if lies else "y"): {**count, "type": "quantitative", "title": say("count")},
        },
    }
    rows = [{"name": each, "count": number} for each, number in counts.items()]
    chosen: Any = st.vega_lite_chart(rows, bars, on_select="rerun", key=f"chart-{title}")
    if clicked := chosen["selection"].get("clicked"):
        go("library", **shows(clicked[0]["name"]))


_SECTIONS = {
    "search": show_search,
    "add": adding.show_ways_to_add,
    "statistics": show_statistics,
}
_IN_ADDRESS = (
    "section query category author years collection tag reading order page_of_list".split()
)

address.come_back("library", _IN_ADDRESS)
st.markdown(f"## {escaped(say('library'))}")
messages.small(say("papers_in_library", n=f"{program().assistant.library.store.count():,}"))
section = address.choice(
    "section",
    list(_SECTIONS),
    st.segmented_control,
    label=say("library"),
    format_func=say,
    required=True,
    label_visibility="collapsed",
)
_SECTIONS[section]()
