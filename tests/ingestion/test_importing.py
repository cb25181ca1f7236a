"""Entries of reference managers become papers; broken ones are named, and spoil no other."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ingestion.bibliography import exported
from ingestion.errors import SourceError
from ingestion.importing import import_files, import_zotero
from ingestion.library import Library
from ingestion.settings import ZoteroSettings
from tests.papers import PAPERS, PONDS, SOURDOUGH, numbered

GOOD = r"""
@string{jmlr = "Journal of Made-up Results"}
@article{Mine20,
  title = {The {BERT} of ponds: G{\"o}del's $\alpha$ and 5\% more},
  author = {M{\"u}ller, Lukas and {The Pond Consortium} and Davis, Jr., Sammy and others},
  journal = jmlr, year = 2020, month = mar, doi = {10.1000/pond\_1},
}
@misc{lewis, title={Retrieval for ponds}, author={Ada Example}, eprint={2005.11401v4},
  archivePrefix={arXiv}, primaryClass={cs.CL}, journal={arXiv preprint arXiv:2005.11401}}
@inproceedings(paren, title = "In parentheses", author = "Bo Example", year = "1999", booktitle = {Proc. X})
"""
BROKEN = {
    "@article{open, title={never closed, year=2020\n\n": "not BibTeX",
    "@article{comma, title={x} year={2020}}\n": "not BibTeX",
    "@misc{macro, title = undefinedmacro}\n": "an abbreviation that the file does not define",
    "@misc{untitled, author={Ada Example}, year=2020}\n": "no title",
    "@misc{bare, title={Nobody, never}}\n": "neither author nor year nor id",
    "@article{, title={No key}, author={A B}}\n": "not BibTeX",
}


def written(folder: Path, text: str, name: str = "refs.bib") -> list[Path]:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return [file]


def test_an_entry_becomes_a_paper(filled: Library, tmp_path: Path) -> None:
    report = import_files(written(tmp_path, GOOD), filled)
    assert (report.counts.new, report.broken) == (3, [])
    first, second, third = filled.get(report.papers).values()
    assert first.title == r"The BERT of ponds: Gödel's $\alpha$ and 5% more"
    assert first.authors == ("Lukas Müller", "The Pond Consortium", "Sammy Davis Jr.", "and others")
    assert (first.journal, first.year, first.month) == ("Journal of Made-up Results", 2020, 3)
    assert (first.doi, first.origin, first.url) == ("10.1000/pond_1", "import", "")
    assert (second.arxiv_id, second.version, second.journal) == ("2005.11401", 4, "")
    assert (second.categories, second.month) == (("cs.CL",), 5)
    assert (third.title, third.journal) == ("In parentheses", "Proc. X")


@pytest.mark.long
def test_two_hundred_entries_with_broken_ones_among_them(filled: Library, tmp_path: Path) -> None:
    entries = [f"{entry}\n" for entry in exported(numbered(200 - len(BROKEN))).split("\n\n")]
    for number, piece in enumerate(BROKEN):
        entries.insert(20 * number + 5, piece)
    report = import_files(written(tmp_path, "\n".join(entries)), filled)
    assert (report.counts.read, report.counts.new) == (200, 200 - len(BROKEN))
    assert [each.reason for each in report.broken] == list(BROKEN.values())
    lines = "\n".join(entries).splitlines()
    for reject, piece in zip(report.broken, BROKEN, strict=True):
        assert lines[reject.line - 1] == piece.splitlines()[0]
    assert len(report.as_json()["broken"]) == len(BROKEN)


def test_a_paper_that_the_library_has_keeps_its_record(filled: Library, tmp_path: Path) -> None:
    text = (
        "@article{Starter, title={Sourdough Ripeness from the {Sound} of its Bubbles}, "
        "author={Example, Ada}, year=2028, journal={Bread}, doi={10.1000/bread}}"
        "@article{again, title={Another title}, author={A}, eprint={2711.00001}}"
    )
    report = import_files(written(tmp_path, text.replace("}@", "}\n@")), filled)
    assert report.papers == [SOURDOUGH.arxiv_id]
    assert [each.reason for each in report.broken] == ["the same paper as an earlier entry"]
    kept = filled.get([SOURDOUGH.arxiv_id])[SOURDOUGH.arxiv_id]
    assert replace(kept, journal="", doi="", keywords=()) == replace(SOURDOUGH, keywords=())
    assert (kept.journal, kept.doi) == ("Bread", "10.1000/bread")
    assert "@article{Starter," in filled.references([SOURDOUGH])


@pytest.mark.parametrize(
    ("form", "name"), [("bibtex", "a.bib"), ("biblatex", "a.bib"), ("ris", "a.ris")]
)
@pytest.mark.long
def test_what_is_exported_comes_back(filled: Library, tmp_path: Path, form: Any, name: str) -> None:
    papers = [replace(p, origin="import", arxiv_id=f"2801.0000{i}") for i, p in enumerate(PAPERS)]
    text = exported(papers, form)
    report = import_files(written(tmp_path, text, name), filled)
    back = filled.get(report.papers)
    assert [(back[p.arxiv_id].title, back[p.arxiv_id].authors) for p in papers] == [
        (p.title, p.authors) for p in papers
    ]
    assert [back[p.arxiv_id].year for p in papers] == [p.year for p in papers]


def test_a_broken_ris_record_spoils_no_other(filled: Library, tmp_path: Path) -> None:
    good = exported([replace(PONDS, arxiv_id="2801.00009")], "ris")
    text = f"TY  - JOUR\nTI  - never ended\n\n{good}\n\nTY  - JOUR\nAU  - A\nER  - \n"
    report = import_files(written(tmp_path, text, "refs.ris"), filled)
    assert next((each.line, each.reason) for each in report.broken) == (
        1,
        "a record without its end (ER)",
    )
    assert [each.reason for each in report.broken][1:] == ["no title"]
    assert report.papers == ["2801.00009"]


def test_files_that_hold_nothing(filled: Library, tmp_path: Path) -> None:
    report = import_files(written(tmp_path, "no entry here"), filled)
    assert [each.reason for each in report.broken] == ["the file holds no entry"]
    with pytest.raises(SourceError, match="There is no file"):
        import_files([tmp_path / "absent.bib"], filled)


ITEMS = [
    {
        "itemType": "preprint",
        "title": "Retrieval for ponds",
        "creators": [
            {"creatorType": "author", "firstName": "Ada", "lastName": "Example"},
            {"creatorType": "author", "name": "The Pond Group"},
            {"creatorType": "translator", "firstName": "No", "lastName": "Author"},
        ],
        "date": "May 2020",
        "archiveID": "arXiv:2005.11401",
        "repository": "arXiv",
        "abstractNote": "Ponds are retrieved.",
        "extra": "arXiv:2005.11401 [cs]\nCitation Key: pondRAG",
    },
    {"itemType": "attachment", "title": "PDF"},
    {"itemType": "journalArticle", "title": "", "creators": []},
]


def zotero(server: HTTPServer, **changes: Any) -> ZoteroSettings:
    given = {"library_id": "42", "api_key": SecretStr("k3y"), "url": server.url_for("").rstrip("/")}
    return ZoteroSettings(**{**given, **changes})


def test_a_zotero_library_is_read_page_by_page(filled: Library, httpserver: HTTPServer) -> None:
    many = [
        {"itemType": "journalArticle", "title": f"Pond {n}", "archiveID": f"arXiv:2801.{n:05}"}
        for n in range(130)
    ]
    asked = []

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("Authorization") or request.headers.get("Zotero-API-Key"))
        start = int(request.args["start"])
        items = [{"key": str(n), "data": data} for n, data in enumerate([*ITEMS, *many])]
        return Response(json.dumps(items[start : start + 100]), content_type="application/json")

    httpserver.expect_request("/users/42/items/top").respond_with_handler(answer)
    report = import_zotero(zotero(httpserver), filled)
    assert (report.counts.new, len(asked)) == (131, 2)
    assert all(key and "k3y" in key for key in asked)
    assert [(each.line, each.reason) for each in report.broken] == [(2, "no title")]
    paper = filled.get(["2005.11401"])["2005.11401"]
    assert paper.authors == ("Ada Example", "The Pond Group")
    assert (paper.year, paper.abstract) == (2020, "Ponds are retrieved.")
    assert "{pondRAG," in filled.references([paper])


def test_a_collection_of_a_local_group_library(filled: Library, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/groups/7/collections/ABCD/items/top").respond_with_json(
        [{"key": "1", "data": ITEMS[0]}]
    )
    settings = zotero(httpserver, library_id="7", library_type="group", local=True)
    assert import_zotero(settings, filled, "ABCD").papers == ["2005.11401"]


@pytest.mark.parametrize("status", [403, 404, 500])
@pytest.mark.long
def test_a_refusal_is_one_sentence_without_the_key(
    filled: Library, httpserver: HTTPServer, status: int
) -> None:
    httpserver.expect_request("/users/42/items/top").respond_with_data("no", status=status)
    with pytest.raises(SourceError) as caught:
        import_zotero(zotero(httpserver), filled)
    assert "k3y" not in str(caught.value)


def test_a_zotero_that_is_not_named_or_not_running(filled: Library, httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match="No Zotero library is named"):
        import_zotero(ZoteroSettings(), filled)
    with pytest.raises(SourceError, match="gives no answer"):
        import_zotero(ZoteroSettings(local=True, url="http://127.0.0.1:9"), filled)
