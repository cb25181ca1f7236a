"""The steps as tools, for a model that drives by itself."""

import json

import pytest

from ingestion.errors import ModelUnavailable
from rag_agent.asking.tools import Toolbox, run_tools
from tests.papers import LIGHTHOUSE, SOURDOUGH
from tests.rag_agent.asking.desk import Shelf, asked, desk
from tests.rag_agent.grounding.pieces import PEAK


def test_search_returns_sentences_with_their_papers_and_keeps_them() -> None:
    box = Toolbox(desk())
    rows = json.loads(box.search("rate of bubble bursts"))
    assert PEAK in [row["text"] for row in rows]
    assert {row["arxiv_id"] for row in rows} == {SOURDOUGH.arxiv_id}
    assert [found.text for found in box.evidence] == [row["text"] for row in rows]
    assert box.queries == ["rate of bubble bursts"]


def test_a_search_without_a_hit_says_so() -> None:
    assert "nothing passes" in Toolbox(desk()).search("zeppelin hulls")


def test_read_returns_the_sentences_of_one_paper() -> None:
    box = Toolbox(desk())
    assert PEAK in box.read(SOURDOUGH.arxiv_id, "When does the rate peak?")
    assert "cannot be had" in box.read("2711.00099", "When?")


def test_fetch_returns_ids() -> None:
    box = Toolbox(desk(shelf=Shelf(papers=(), on_arxiv=(LIGHTHOUSE,)), fetch=True))
    assert json.loads(box.fetch("lighthouse lenses")) == [LIGHTHOUSE.arxiv_id]
    assert box.fetched == [LIGHTHOUSE.arxiv_id]
    assert "nothing" in box.fetch("zeppelin")


def test_code_without_a_model_is_told() -> None:
    services = desk(no_model=True)
    assert Toolbox(services).write("attention") == "no program was written"
    assert services.notices


def test_each_tool_has_typed_arguments_and_a_description() -> None:
    tools = Toolbox(desk()).tools()
    assert [tool.name for tool in tools] == ["search", "fetch", "read", "code"]
    assert all(tool.description and tool.args for tool in tools)


def test_without_a_reader_the_tools_cannot_be_driven() -> None:
    with pytest.raises(ModelUnavailable):
        list(run_tools(asked("q"), desk(no_model=True)))
