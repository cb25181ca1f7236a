import pytest

from ingestion.sources.metadata_record import UnusableRecord, is_withdrawn, paper_of

ABSTRACT = "We measure the mass of the neutrino with a detector made of forty tons of heavy water."
PLAIN = {
    "id": "2005.11401v4",
    "title": "A mass\n  of neutrinos",
    "abstract": ABSTRACT,
    "authors": ["J\\\"org M\\'endez", "  ", "Li Wei"],
    "categories": ["cs.CL", "hep-ex"],
    "primary_category": "hep-ex",
    "published": "2020-05-22T21:34:34Z",
    "updated": None,
    "comment": "12 pages",
}
SNAPSHOT = {
    "id": "hep-ph/9901001",
    "title": "A mass",
    "abstract": f"  {ABSTRACT}\n",
    "authors": "J. M\\'endez (CERN, Geneva), Li Wei and X. Y",
    "authors_parsed": [["M\\'endez", "J.", "Jr", "CERN"], ["ATLAS Collaboration", "", ""]],
    "categories": "hep-ph hep-ex",
    "comments": "12 pages",
    "versions": [
        {"version": "v1", "created": "Fri, 1 Jan 1999 10:00:00 GMT"},
        {"version": "v3", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
    ],
    "update_date": "2008-01-01",
}


def test_a_plain_record() -> None:
    paper = paper_of(PLAIN)
    assert (paper.arxiv_id, paper.version, paper.year, paper.month) == ("2005.11401", 4, 2020, 5)
    assert paper.title == "A mass of neutrinos"
    assert paper.authors == ("Jörg Méndez", "Li Wei")
    assert paper.categories == ("hep-ex", "cs.CL")
    assert (paper.published, paper.updated, paper.comment) == ("2020-05-22", "", "12 pages")
    assert paper.origin == "arxiv"


def test_a_record_of_the_public_snapshot() -> None:
    paper = paper_of(SNAPSHOT)
    assert (paper.arxiv_id, paper.version, paper.year, paper.month) == (
        "hep-ph/9901001",
        3,
        1999,
        1,
    )
    assert paper.authors == ("J. Méndez Jr", "ATLAS Collaboration")
    assert paper.categories == ("hep-ph", "hep-ex")
    assert (paper.published, paper.updated, paper.comment) == (
        "1999-01-01",
        "2007-04-02",
        "12 pages",
    )


def test_authors_in_one_string() -> None:
    paper = paper_of({**SNAPSHOT, "authors_parsed": []})
    assert paper.authors == ("J. Méndez", "Li Wei", "X. Y")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"id": 704.0001}, "no id"),
        ({"id": "../../etc/passwd"}, "the id is not arXiv's"),
        ({"id": "2013.11401"}, "the id is not arXiv's"),
        ({"title": " \u200b "}, "no title"),
        ({"title": "x" * 1_001}, "title longer than 1,000 characters"),
        ({"abstract": None}, "no abstract"),
        ({"abstract": ["a list"]}, "no abstract"),
        ({"abstract": "Not available."}, "abstract shorter than 40 characters"),
        ({"abstract": "word " * 40_000}, "abstract longer than 10,000 characters"),
        ({"comment": "This paper has been withdrawn by the author"}, "withdrawn"),
        ({"abstract": "Withdrawn by the authors."}, "withdrawn"),
    ],
)
def test_what_makes_a_record_unusable(change: dict[str, object], reason: str) -> None:
    with pytest.raises(UnusableRecord) as raised:
        paper_of({**PLAIN, **change})
    assert raised.value.what == reason


@pytest.mark.parametrize("record", [None, 3, "text", ["id"], [[]]])
def test_other_json_is_unusable(record: object) -> None:
    with pytest.raises(UnusableRecord, match="not a JSON object"):
        paper_of(record)


def test_odd_optional_fields_do_not_cost_the_paper() -> None:
    odd = {
        "authors": {"a": 1},
        "categories": [None, 3, "cs.CL"],
        "primary_category": 7,
        "versions": ["v1", None],
        "published": "the day before",
        "comment": 12,
    }
    paper = paper_of({**PLAIN, **odd})
    assert (paper.authors, paper.categories, paper.comment) == ((), ("cs.CL",), "")
    assert (paper.published, paper.updated) == ("", "")


@pytest.mark.parametrize(
    "comment",
    [
        "Withdrawn",
        "9 pages. Paper withdrawn due to an error in Lemma 2",
        "4 pages, this preprint is withdrawn",
        "arXiv admin note: submission has been withdrawn by arXiv administrators",
        "We are withdrawing the manuscript until the gap is closed",
        "We kindly request the withdrawal of our submission",
    ],
)
def test_comments_that_withdraw_the_paper(comment: str) -> None:
    assert is_withdrawn(ABSTRACT, comment)


@pytest.mark.parametrize(
    ("abstract", "comment"),
    [
        ("Retracted papers go on being cited. We count withdrawn articles by field.", ""),
        ('We classify notes such as "This paper has been withdrawn by the author".', ""),
        ("Water withdrawn by the authorities rises. This paper studies withdrawals.", ""),
        ("Deformation retracts of spaces. The retracted arm moves.", ""),
        (ABSTRACT, "Theorem 5.5 has been withdrawn; see the erratum"),
        (ABSTRACT, "Submitted to a workshop (withdrawn before presentation)"),
        (ABSTRACT, "Supersedes an earlier version that was retracted"),
    ],
)
def test_papers_about_withdrawals_stay(abstract: str, comment: str) -> None:
    assert not is_withdrawn(abstract, comment)
