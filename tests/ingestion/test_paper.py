"""arXiv's two forms of id, and a paper's derived texts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import InvalidArxivId
from ingestion.paper import parse_arxiv_id
from tests.papers import SOURDOUGH


@pytest.mark.parametrize(
    ("text", "expected", "year", "month"),
    [
        ("2005.11401", "2005.11401", 2020, 5),
        (" 2005.11401v4 ", "2005.11401v4", 2020, 5),
        ("arXiv:0704.0001", "0704.0001", 2007, 4),
        ("https://arxiv.org/abs/1706.03762v7", "1706.03762v7", 2017, 6),
        ("http://export.arxiv.org/pdf/1706.03762.pdf", "1706.03762", 2017, 6),
        ("hep-ph/9901001v1", "hep-ph/9901001v1", 1999, 1),
        ("math.GT/0309136", "math/0309136", 2003, 9),
        ("https://arxiv.org/abs/cond-mat/9211002", "cond-mat/9211002", 1992, 11),
    ],
)
def test_ids_are_read_in_every_form(text: str, expected: str, year: int, month: int) -> None:
    found = parse_arxiv_id(text)
    assert (str(found), found.year, found.month) == (expected, year, month)


@pytest.mark.parametrize(
    "text",
    [
        *("", "attention", "2005.114", "2005.114011", "2013.00001", "2005.11401v0"),
        *("2005.11401v100", "hep-ph/99010011", "HEP/9901001", "../2005.11401", "2005.11401/.."),
        *("２００５.11401", "2005.11401 rm -rf"),
    ],
)
def test_what_is_no_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidArxivId, match=r"2005\.11401"):
        parse_arxiv_id(text)


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_refused(text: str) -> None:
    try:
        found = parse_arxiv_id(text)
    except InvalidArxivId:
        return
    assert parse_arxiv_id(str(found)) == found
    assert ".." not in found.id
    assert found.id.isascii()


def test_address_and_text() -> None:
    assert SOURDOUGH.url == "https://arxiv.org/abs/2711.00001v2"
    assert replace(SOURDOUGH, version=0).url == "https://arxiv.org/abs/2711.00001"
    assert replace(SOURDOUGH, arxiv_id="local/0123456789ab", origin="pdf").url == ""
    assert SOURDOUGH.text == f"{SOURDOUGH.title}\n{SOURDOUGH.abstract}"
