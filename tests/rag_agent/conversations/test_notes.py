"""Notes of papers: their quotes, their places, links between them; nothing of a paper acts as markup."""

import json
from dataclasses import replace

from rag_agent.answer import Answer
from rag_agent.citation import Citation, Claim
from rag_agent.conversations.notes import notes
from rag_agent.conversations.turn import Turn
from tests.papers import LIGHTHOUSE, PONDS, SOURDOUGH

KEYS = {
    SOURDOUGH.arxiv_id: "example2027sourdough",
    LIGHTHOUSE.arxiv_id: "../x:y",
    PONDS.arxiv_id: "p",
}
PEAK = Citation(1, SOURDOUGH, 3, "The rate peaks 5.2 hours after feeding.", 0, "", 0.9, "pdf")
CHIPS = Citation(2, LIGHTHOUSE, None, "Prisms have chips.", 0, "", 0.9)
ANSWER = Answer("When?", "en", True, (Claim("It peaks after 5.2 hours.", True, (PEAK, CHIPS)),))
TURNS = (Turn("When?", ANSWER), Turn("When not?", replace(ANSWER, claims=())))


def test_a_note_holds_quotes_with_their_place_and_links() -> None:
    found = notes([SOURDOUGH, LIGHTHOUSE, PONDS], KEYS, TURNS)
    assert list(found) == ["example2027sourdough.md", "___x_y.md", "p.md"]
    note = found["example2027sourdough.md"]
    assert "### When?\n\nIt peaks after 5.2 hours.\n" in note
    page = "https://arxiv.org/pdf/2711.00001v2#page=3"
    assert f"> “The rate peaks 5.2 hours after feeding.” ([p. 3]({page}))" in note
    assert "- [[___x_y]] Lighthouse lenses measured by phase retrieval" in note
    assert "When not?" not in note
    assert "## Quotes" not in found["p.md"]


def test_the_head_of_a_note_is_yaml() -> None:
    head = notes([SOURDOUGH], KEYS, ())["example2027sourdough.md"].split("---\n")[1]
    facts = {
        line.partition(": ")[0]: json.loads(line.partition(": ")[2]) for line in head.splitlines()
    }
    assert facts["citekey"] == "example2027sourdough"
    assert facts["authors"] == ["Ada Example", "Börje Müller"]
    assert facts["tags"] == ["paper", "eess-AS", "cs-SD"]


def test_what_a_paper_says_is_text() -> None:
    hostile = replace(
        PONDS,
        title="[[index]] #tag <script> $\\alpha$ $\\href{x}{y}$",
        abstract="![](http://evil) `x`\n---\n# head",
    )
    note = notes([hostile], KEYS, ())["p.md"]
    body = note.split("---\n", 2)[2]
    assert "# \\[\\[index\\]\\] \\#tag \\<script\\> $\\alpha$ \\$\\\\href" in body
    assert "> \\!\\[\\](http://evil) \\`x\\` --- \\# head" in body
