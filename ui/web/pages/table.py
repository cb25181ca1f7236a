"""Comparison tables: columns asked of papers, a grid whose cells open the passage that carries them."""

import streamlit as st

from rag_agent.tables import Table, columns_of, making, writing
from ui.web import evidence, messages
from ui.web.plain import escaped, with_maths
from ui.web.program import program
from ui.web.texts import say
from ui.web.works import beginning, showing

_COLUMNS = "data set; metric; main result; model size; code available"


def show_form() -> None:
    """Columns and papers, and the way to begin."""
    st.text_area(say("columns"), _COLUMNS, key="columns", height=90, help=say("columns_help"))
    chosen = st.query_params.get("papers", "")
    st.text_input(say("papers_of_work"), chosen, key="table-papers", placeholder="1512.03385, …")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(say("or_query"), key="table-query")
        st.number_input(say("max_papers"), 1, 100, 10, key="table-max", width=160)
    with st.container(horizontal=True):
        st.button(say("begin_table"), key="begin", type="primary", on_click=_begin)
        st.button(say("propose_columns"), key="propose", on_click=_propose)


def _begin() -> None:
    given = st.session_state
    papers = beginning.ids_in(given["table-papers"])
    asked = (given["columns"], papers, given["table-query"], int(given["table-max"]))
    beginning.begin(making.KIND, lambda: making.arguments(*asked))


def _propose() -> None:
    """Columns for the question typed; a person edits them before the table begins."""
    question = st.session_state["columns"]
    if not columns_of(question):
        names = program().assistant.columns(question)
        st.session_state["columns"] = "; ".join(names)


def show_table(table: Table) -> None:
    """The grid; a cell that is stated is a button that opens its passage."""
    messages.small(say("cells_open"))
    with st.container(key="grid", gap="small"):
        _heads(["", *table.columns])
        for number, row in enumerate(table.rows):
            places = st.columns(len(table.columns) + 1, border=True, gap="xsmall")
            with places[0]:
                st.markdown(f"**{with_maths(row.paper.title) or escaped(row.paper.arxiv_id)}**")
                messages.small(row.paper.arxiv_id)
            for column, (place, cell) in enumerate(zip(places[1:], row.cells, strict=True)):
                with place:
                    if not cell.citations:
                        messages.small(say("not_stated"))
                        continue
                    for citation in cell.citations[:1]:
                        evidence.source_button(cell.value, citation, f"cell-{number}-{column}")
    for notice in table.notices:
        messages.notice(notice)
    showing.show_downloads(
        [
            ("CSV", "table.csv", writing.as_csv(table)),
            ("Markdown", "table.md", writing.as_markdown(table)),
            ("LaTeX", "table.tex", writing.as_latex(table)),
            ("XLSX", "table.xlsx", writing.as_xlsx(table)),
        ]
    )


def _heads(names: list[str]) -> None:
    for place, name in zip(st.columns(len(names), gap="xsmall"), names, strict=True):
        with place:
            st.markdown(f"**{escaped(name)}**" if name else "")


st.set_page_config(layout="wide")  # five columns of text need the room
showing.show_works(making.KIND, show_form, lambda result: show_table(Table.from_json(result)))
