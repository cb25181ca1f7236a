"""RIS, CSL-JSON and BibLaTeX are read back by parsers and a citation processor that others use."""

import json
import warnings
from dataclasses import replace
from typing import Any

import bibtexparser
import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st

from ingestion.bibliography import FORMATS, FormatName, exported
from ingestion.bibliography.readable import readable
from ingestion.cleaning import clean_text
from ingestion.paper import Paper
from tests.ingestion.bibliography.test_bibtex import RAG
from tests.papers import PAPERS, PONDS

FULL = replace(
    RAG,
    title=r"Sorting Schrödinger's list in $\mathcal{O}(n)$ & $\alpha$-stable $x_1$",
    abstract="We sort.",
    authors=(
        "Laurens van der Maaten",
        "Sammy Davis Jr.",
        "The LIGO Collaboration",
        "李明",
        "and others",
    ),
    published="2020-05-22",
    journal="J. Examples 3, 14",
    doi="10.1000/ex_1",
    keywords=("sorting",),
)
RAG_2 = replace(RAG, arxiv_id="2005.11402", version=0)
LOCAL = replace(PONDS, arxiv_id="local/0123456789ab", origin="import", doi="10.1000/pond", month=0)


def record(paper: Paper) -> dict[str, Any]:
    (only,) = rispy.loads(exported([paper], "ris"))
    return dict(only)


def test_ris_says_what_is_known() -> None:
    assert record(FULL) == {
        "type_of_reference": "JOUR",
        "id": "maaten2020sorting",
        "title": "Sorting Schrödinger's list in 𝒪(n) & α-stable $x_1$",
        "authors": [
            "van der Maaten, Laurens",
            "Davis, Sammy, Jr.",
            "The LIGO Collaboration",
            "李明",
            "et al.",
        ],
        "year": "2020",
        "date": "2020/05/22",
        "journal_name": "J. Examples 3, 14",
        "doi": "10.1000/ex_1",
        "accession_number": "arXiv:2005.11401",
        "urls": ["https://arxiv.org/abs/2005.11401v4"],
        "abstract": "We sort.",
        "keywords": ["cs.CL", "cs.LG", "sorting"],
    }


def test_a_preprint_and_a_paper_that_is_not_on_arxiv() -> None:
    preprint, local = rispy.loads(exported([RAG, LOCAL], "ris"))
    assert (preprint["type_of_reference"], preprint["publisher"]) == ("UNPB", "arXiv")
    assert preprint["doi"] == "10.48550/arXiv.2005.11401"
    assert local["doi"] == "10.1000/pond"
    assert not {"urls", "accession_number", "publisher"} & local.keys()


def test_csl_is_set_by_a_citation_processor() -> None:
    from citeproc import (
        Citation,
        CitationItem,
        CitationStylesBibliography,
        CitationStylesStyle,
        formatter,
    )
    from citeproc.source.json import CiteProcJSON

    items = json.loads(exported([FULL, RAG_2, *PAPERS, LOCAL], "csl"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the style, which names fields that no item has
        source = CiteProcJSON(items)
        style = CitationStylesStyle("harvard-cite-them-right", validate=False)
        bibliography = CitationStylesBibliography(style, source, formatter.plain)
        for item in items:
            bibliography.register(Citation([CitationItem(item["id"])]))
        lines = [str(line) for line in bibliography.bibliography()]
    assert len(lines) == 6
    assert any("Maaten" in line and "2020" in line and "𝒪(n)" in line for line in lines)


def test_csl_takes_names_and_dates_apart() -> None:
    item, preprint = json.loads(exported([FULL, RAG_2], "csl"))
    assert item["author"] == [
        {"family": "Maaten", "given": "Laurens", "non-dropping-particle": "van der"},
        {"family": "Davis", "given": "Sammy", "suffix": "Jr."},
        {"literal": "The LIGO Collaboration"},
        {"literal": "李明"},
        {"literal": "et al."},
    ]
    assert (item["type"], item["container-title"]) == ("article-journal", "J. Examples 3, 14")
    assert item["issued"] == {"date-parts": [[2020, 5, 22]]}
    assert (preprint["type"], preprint["number"]) == ("article", "arXiv:2005.11402")
    assert preprint["issued"] == {"date-parts": [[2020, 5]]}


def test_biblatex_names_fields_its_own_way() -> None:
    parser = bibtexparser.bparser.BibTexParser(ignore_nonstandard_types=False)
    online, article = bibtexparser.loads(exported([RAG_2, FULL], "biblatex"), parser).entries
    assert online["ENTRYTYPE"] == "online"
    assert (online["eprinttype"], online["eprintclass"], online["date"]) == (
        "arXiv",
        "cs.CL",
        "2020-05",
    )
    assert article["ENTRYTYPE"] == "article"


def test_a_summary_of_ours_is_no_abstract() -> None:
    starter = replace(PONDS, origin="starter")
    assert "abstract" not in record(starter)
    assert "abstract" not in json.loads(exported([starter], "csl"))[0]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (r"$\alpha$-stable", "α-stable"),
        (r"$\frac{a}{b}$ of it", r"$\frac{a}{b}$ of it"),
        (r"costs 5$ or more", "costs 5$ or more"),
        (r"W^{1,2}", r"W^{1,2}"),
    ],
)
def test_simple_formulas_are_unicode(typed: str, shown: str) -> None:
    assert readable(typed) == shown


@given(st.text(max_size=60), st.sampled_from(list(FORMATS)))
@pytest.mark.long
def test_any_title_is_one_record(text: str, form: FormatName) -> None:
    paper = replace(FULL, title=clean_text(text), abstract=clean_text(text))
    written = exported([paper, RAG_2], form)
    if form == "ris":
        assert len(rispy.loads(written)) == 2
    elif form == "csl":
        assert len(json.loads(written)) == 2
    else:
        parser = bibtexparser.bparser.BibTexParser(ignore_nonstandard_types=False)
        assert len(bibtexparser.loads(written, parser).entries) == 2
