"""Exported references are read back by a parser that others use."""

import re
from dataclasses import replace

import bibtexparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.bibliography import exported
from ingestion.cleaning import clean_text
from ingestion.paper import Paper
from tests.papers import LIGHTHOUSE, PAPERS, PONDS, SOURDOUGH

RAG = Paper(
    arxiv_id="2005.11401",
    title="Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks",
    abstract="",
    authors=("Patrick Lewis", "Ethan Perez", "Heinrich Küttler"),
    categories=("cs.CL", "cs.LG"),
    year=2020,
    month=5,
    version=4,
)


def parsed(*papers: Paper) -> list[dict[str, str]]:
    parser = bibtexparser.bparser.BibTexParser(common_strings=True)
    return bibtexparser.loads(exported(papers), parser=parser).entries


def typed(value: str) -> str:
    """The text behind an escaped value without formulas."""
    for command, sign in (("braceleft", "{"), ("braceright", "}"), ("asciitilde", "~")):
        value = value.replace(rf"\text{command}{{}}", sign)
    value = value.replace(r"\textasciicircum{}", "^").replace(r"\textbackslash{}", "\0")
    return re.sub(r"\\([&%#_$])", r"\1", value).replace("\0", "\\")


def title_of(entry: dict[str, str]) -> str:
    assert entry["title"][0] + entry["title"][-1] == "{}"
    return entry["title"][1:-1]


def test_an_entry_says_what_is_known() -> None:
    assert parsed(RAG) == [
        {
            "ENTRYTYPE": "misc",
            "ID": "lewis2020retrieval",
            "title": "{Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks}",
            "author": "Patrick Lewis and Ethan Perez and Heinrich Küttler",
            "year": "2020",
            "eprint": "2005.11401",
            "archiveprefix": "arXiv",
            "primaryclass": "cs.CL",
            "doi": "10.48550/arXiv.2005.11401",
            "url": "https://arxiv.org/abs/2005.11401v4",
        }
    ]


def test_a_published_paper_is_an_article_with_its_own_doi() -> None:
    (entry,) = parsed(replace(RAG, journal="Journ. Example & Co. 33, 9459 (2020)", doi="10.1/a_b"))
    assert entry["ENTRYTYPE"] == "article"
    assert entry["journal"] == r"Journ. Example \& Co. 33, 9459 (2020)"
    assert entry["doi"] == r"10.1/a\_b"


@pytest.mark.parametrize(
    ("title", "value"),
    [
        (r"Sorting in $\mathcal{O}(n_k)$ & less", r"Sorting in $\mathcal{O}(n_k)$ \& less"),
        (r"Sobolev W^{1,2}(X)", r"Sobolev W$^{1,2}$(X)"),
        (r"The set $\{x_1\}$ and \(a\%b\)", r"The set $\lbrace x_1\rbrace $ and \(a\%b\)"),
        ("100% of C# in a_b", r"100\% of C\# in a\_b"),
        (
            r"Shell $\immediate\write18{rm}$",
            r"Shell \$\textbackslash{}immediate\textbackslash{}write18\textbraceleft{}rm\textbraceright{}\$",
        ),
        ("Half a {brace", r"Half a \textbraceleft{}brace"),
        ("Half a formula $x", r"Half a formula \$x"),
        ("Broken $a}b{$ braces", r"Broken \$a\textbraceright{}b\textbraceleft{}\$ braces"),
        ("Schrödinger, 注意力 and “quotes”", "Schrödinger, 注意力 and “quotes”"),
    ],
)
def test_mathematics_is_kept_and_everything_else_escaped(title: str, value: str) -> None:
    assert title_of(*parsed(replace(RAG, title=title))) == value


@pytest.mark.parametrize(
    ("authors", "title", "key"),
    [
        (("Lukas Müller",), "A study of ponds", "muller2020study"),
        (("Łukasz Ørsted",), "The $\\mathcal{O}$ of it", "orsted2020it"),
        (("Laurens van der Maaten",), "Visualizing Data", "maaten2020visualizing"),
        (("Sammy Davis Jr.",), "On GPT-4", "davis2020gpt"),
        (("Lewis, Patrick",), "RAG", "lewis2020rag"),
        (("Cleo O'Example",), "BERT: x", "oexample2020bert"),
        (("The LIGO Scientific Collaboration",), "Waves", "ligo2020waves"),
        (("DeepSeek-AI",), "V3", "deepseekai2020v3"),
        ((), "", "anonymous202011401"),
        (("李明",), "注意力", "anonymous202011401"),
    ],
)
def test_keys_are_names(authors: tuple[str, ...], title: str, key: str) -> None:
    (entry,) = parsed(replace(RAG, authors=authors, title=title))
    assert entry["ID"] == key


def test_authors_are_split_as_they_were() -> None:
    names = ("Ada Example", "Sammy Davis Jr.", "Smith and Sons Group", "D'Ar & Co", "and others")
    (entry,) = parsed(replace(RAG, authors=names))
    assert entry["author"] == (
        r"Ada Example and Davis, Jr., Sammy and {Smith and Sons Group} and D'Ar \& Co and others"
    )


def test_keys_are_unique_in_a_file_whatever_the_order() -> None:
    twins = [replace(RAG, arxiv_id=f"2005.1140{n}") for n in (3, 1, 2)]
    entries = {entry["eprint"]: entry["ID"] for entry in parsed(*twins, RAG, RAG)}
    assert sorted(entries.values()) == ["lewis2020retrieval" + x for x in "abc"]
    assert entries == {e["eprint"]: e["ID"] for e in parsed(*reversed(twins))}
    many = [replace(RAG, arxiv_id=f"2005.{n:05}") for n in range(60)]
    assert len({entry["ID"] for entry in parsed(*many)}) == 60


def test_several_papers_and_one_that_is_not_on_arxiv() -> None:
    local = replace(PONDS, arxiv_id="local/0123456789ab", origin="pdf", year=0)
    entries = parsed(*PAPERS, local)
    assert [title_of(entry) for entry in entries] == [
        SOURDOUGH.title,
        LIGHTHOUSE.title,
        PONDS.title,
        PONDS.title,
    ]
    assert not {"eprint", "doi", "url", "year"} & entries[-1].keys()


_SIGNS = st.sampled_from(
    [*"\\{}$%&~^_#@=,\"'()[] aBn1", r"\(", r"\)", r"\{", r"\}", "_{", "é", "字"]
)


@settings(deadline=None)
@given(st.text(max_size=60) | st.lists(_SIGNS, max_size=25).map("".join))
def test_any_title_is_one_entry_that_parses(text: str) -> None:
    paper = replace(RAG, title=clean_text(text), authors=(clean_text(text), "Ada Example"))
    (entry,) = parsed(paper)
    assert entry["year"] == "2020"
    assert entry["eprint"] == "2005.11401"
    assert entry["author"].endswith("Ada Example")
    if not paper.title:
        return
    value, depth = title_of(entry), 0
    for sign in value:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="$", codec="utf-8"), max_size=60))
def test_prose_comes_back_as_it_was(text: str) -> None:
    title = clean_text(text)
    if not title or re.search(r"[_^]\{|\\[(\[]|\\begin", title):
        return  # a formula
    assert typed(title_of(*parsed(replace(RAG, title=title)))) == title
