"""A conversation as Markdown."""

from dataclasses import replace

from rag_agent.answer import Answer
from rag_agent.citation import Claim
from rag_agent.conversations.export import as_markdown
from rag_agent.conversations.turn import Turn
from tests.papers import SOURDOUGH
from tests.rag_agent.conversations.talk import CITATION, turn
from tests.rag_agent.test_schemas import CODE

SOURCE = replace(
    CITATION,
    paper=replace(SOURDOUGH, title="Sourdough & bubbles"),
    quote="It peaks\nafter 5.2 hours.",
)


def test_it_holds_quotes_programs_and_one_entry_a_paper() -> None:
    answer = Answer("When?", "en", True, (Claim("After 5.2 hours.", True, (SOURCE, SOURCE)),))
    program = Answer("Code?", "en", True, route="code", code=CODE)
    text = as_markdown("Bread", [Turn("When?", answer), Turn("Code?", program), turn("Why?")])
    assert text.startswith("# Bread\n")
    assert text.count("“It peaks after 5.2 hours.”") == 1
    assert ", p. 3" in text
    assert text.count("@misc{") == 1
    assert r"Sourdough \& bubbles" in text
    assert "```python\nx = 1\n```" in text
    assert "No answer was found." in text


def test_a_stopped_answer_is_exported_as_stopped() -> None:
    told = ("Stopped; this is what there was so far.",)
    claims = (Claim("After 5.2 hours.", True, (SOURCE,)),)
    begun = Turn("When?", Answer("When?", "en", True, claims, notices=told))
    empty = Turn("Why?", Answer("Why?", "en", False, notices=told))
    text = as_markdown("Bread", [begun, empty])
    assert text.count("*Stopped; this is what there was so far.*") == 2
    assert "No answer was found" not in text
    assert [turn.as_json()["answer"]["notices"] for turn in (begun, empty)] == [[*told], [*told]]


def test_a_summary_of_this_project_is_not_exported_as_the_authors_words() -> None:
    own = replace(SOURCE, kind="summary", page=None, quote="They listen to bread.")
    answer = Answer("How?", "en", True, (Claim("They listen.", True, (own,)),))
    text = as_markdown("Bread", [Turn("How?", answer)])
    assert "“" not in text
    assert "They listen to bread. (in this project's words)" in text


def test_what_is_no_answer_is_told_as_that() -> None:
    answer = Answer("How?", "en", False, nearest_sentences=(SOURCE,), missing=("the flour",))
    text = as_markdown("Bread", [Turn("How?", answer)])
    assert "The nearest sentences, not an answer:\n\n- [1] Sourdough" in text
    assert "Not found: the flour" in text
