"""A cell of a table as evidence, in a real browser."""

from pathlib import Path
from typing import Any

import pytest

from tests.papers import SOURDOUGH
from tests.ui.browsing import ask, opened_tab, picture, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.enable_socket]

_ROWS = (
    ("Rye", "5.2", "6.1", "0.91"),
    ("Spelt", "6.4", "4.8", "0.84"),
    ("Wheat", "7.9", "7.3", "0.77"),
)


def page() -> str:
    """A paper of LaTeXML's whose finding stands in a table and an equation."""
    cells = ["".join(f'<td class="ltx_td">{cell}</td>' for cell in row) for row in _ROWS]
    heads = ("Flour of the starter", "Peak of bursts (h)", "Rise of the loaf (cm)", "Correlation")
    head = "".join(f'<th class="ltx_td ltx_th">{each}</th>' for each in heads)
    rows = "".join(f'<tr class="ltx_tr">{row}</tr>' for row in (head, *cells))
    return (
        f'<html><body><article class="ltx_document"><h1 class="ltx_title ltx_title_document">{SOURDOUGH.title}</h1>'
        '<section class="ltx_section"><h2 class="ltx_title ltx_title_section">1 Results</h2>'
        '<div class="ltx_para"><p class="ltx_p">We compare three flours in the jar with the microphone.</p></div>'
        f'<figure class="ltx_table"><table class="ltx_tabular">{rows}</table><figcaption class="ltx_caption">Table 1: '
        "Bursts and loaves by the flour of the starter. Means of twelve jars.</figcaption></figure></section>"
        "</article></body></html>"
    )


def test_the_cell_that_carries_the_answer_is_marked_in_its_table(
    browser: Any, tmp_path: Path
) -> None:
    assets = tmp_path / "home" / "pdfs"
    assets.mkdir(parents=True)
    (assets / f"{SOURDOUGH.arxiv_id}v2.html").write_text(page())
    with serving(tmp_path / "home") as served, opened_tab(browser, served) as tab:
        ask(
            tab,
            f"{SOURDOUGH.arxiv_id}: what is the rise of the loaf with spelt flour of the starter?",
        )
        tab.get_by_text("Sources", exact=True).wait_for()
        tab.get_by_role("button", name="[1]").first.click()
        tab.locator("figure.quoted mark").first.wait_for()
        marked = tab.locator("figure.quoted mark").all_inner_texts()
        picture(tab, "table-cell")
        assert marked == ["4.8"]
