"""Servers on loopback that play the places beside arXiv's search. Their papers are FakeArxiv's, which are invented."""

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.fake_arxiv import PAPERS, FakePaper
from tests.faulty_server import Answer, FaultyServer


def query_of(path: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}


def holding(papers: Sequence[FakePaper], words: str) -> list[FakePaper]:
    """Papers with all of the words, as a search that knows no syntax finds them."""
    wanted = re.findall(r"\w+", words.lower())
    texts = {paper.arxiv_id: f"{paper.title} {paper.abstract}".lower() for paper in papers}
    return [p for p in papers if all(word in texts[p.arxiv_id] for word in wanted)]


def as_json(value: object, status: int = 200) -> Answer:
    return Answer(json.dumps(value).encode(), status=status)


class FakeCatalogue(FaultyServer):
    """What they share.

    Attributes:
        papers: What it has; a test may change it.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.papers: list[FakePaper] = list(PAPERS)


@dataclass(frozen=True)
class OaiRecord:
    """A record of OAI-PMH: a paper, the day of its last change, and whether it is deleted."""

    paper: FakePaper
    datestamp: str
    deleted: bool = False


class FakeOai(FaultyServer):
    """arXiv's OAI-PMH.

    Attributes:
        records: In order of their datestamps; a test may append.
        page_size: Records in one answer.
        today: Day of its answers.
        forgets: Whether resumption tokens are not known any more.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.records = [
            OaiRecord(paper, paper.day) for paper in sorted(PAPERS, key=lambda p: p.day)
        ]
        self.page_size = 2
        self.today = "2027-11-06"
        self.forgets = False

    @property
    def oai_url(self) -> str:
        return f"{self.address}/oai"

    def answer(self, path: str, fault: str) -> Answer:
        query = query_of(path)
        since, set_, start = query.get("from", ""), query.get("set", ""), 0
        if token := query.get("resumptionToken"):
            if self.forgets:
                return self._xml('<error code="badResumptionToken">The token is gone</error>')
            since, set_, first = token.split("|")
            start = int(first)
        found = [
            each for each in self.records if each.datestamp >= since and _in_set(each.paper, set_)
        ]
        if not found:
            return self._xml('<error code="noRecordsMatch"/>')
        end = start + self.page_size
        more = f"{since}|{set_}|{end}" if end < len(found) else ""
        rows = "".join(_oai_record(each) for each in found[start:end])
        rows += f'<resumptionToken completeListSize="{len(found)}">{more}</resumptionToken>'
        return self._xml(f"<ListRecords>{rows}</ListRecords>")

    def _xml(self, inside: str) -> Answer:
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
            f"<responseDate>{self.today}T03:00:00Z</responseDate>"
            f'<request verb="ListRecords">{self.oai_url}</request>{inside}</OAI-PMH>'
        )
        return Answer(body.encode(), "text/xml")


def _in_set(paper: FakePaper, set_: str) -> bool:
    last = set_.split(":")
    archive, subject = last[1] if len(last) > 1 else "", last[2] if len(last) > 2 else ""
    wanted = f"{archive}.{subject}" if subject else archive
    return not set_ or any(c == wanted or c.startswith(f"{wanted}.") for c in paper.categories)


def _oai_record(record: OaiRecord) -> str:
    paper = record.paper
    status = ' status="deleted"' if record.deleted else ""
    header = (
        f"<header{status}><identifier>oai:arXiv.org:{paper.arxiv_id}</identifier>"
        f"<datestamp>{record.datestamp}</datestamp></header>"
    )
    if record.deleted:
        return f"<record>{header}</record>"
    versions = "".join(
        f'<version version="v{n}"><date>{_mail_date(paper.day)}</date></version>'
        for n in range(1, paper.version + 1)
    )
    return (
        f'<record>{header}<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">'
        f"<id>{paper.arxiv_id}</id><submitter>A. Example</submitter>{versions}"
        f"<title>{escape(paper.title)}</title><authors>{escape(', '.join(paper.authors))}</authors>"
        f"<categories>{' '.join(paper.categories)}</categories>"
        f"<comments>{escape(paper.comment)}</comments><abstract>  {escape(paper.abstract)}\n</abstract>"
        "</arXivRaw></metadata></record>"
    )


def _mail_date(day: str) -> str:
    return format_datetime(datetime.fromisoformat(day).replace(tzinfo=UTC))


class FakeOpenReview(FakeCatalogue):
    """OpenReview's search."""

    def answer(self, path: str, fault: str) -> Answer:
        query = query_of(path)
        found = holding(self.papers, query.get("term", ""))
        if query.get("group", "all") != "all":
            found = [paper for paper in found if paper.comment == query["group"]]
        start, size = int(query["offset"]), int(query["limit"])
        notes = [_note(paper) for paper in found[start : start + size]]
        return as_json({"notes": notes, "count": len(found)})


def _note(paper: FakePaper) -> dict[str, object]:
    year, month, day = map(int, paper.day.split("-"))
    milliseconds = ((year - 1970) * 365.25 + (month - 1) * 30.44 + day) * 86_400_000
    forum = paper.arxiv_id.replace("/", "").replace(".", "")
    content = {
        "title": {"value": paper.title},
        "abstract": {"value": paper.abstract},
        "authors": {"value": list(paper.authors)},
        "venue": {"value": "Pond Conference 2027 poster"},
    }
    return {"id": forum, "forum": forum, "cdate": milliseconds, "content": content}


class FakeAcl(FakeCatalogue):
    """The ACL Anthology's one file."""

    @property
    def acl_url(self) -> str:
        return f"{self.address}/anthology+abstracts.bib.gz"

    def answer(self, path: str, fault: str) -> Answer:
        entries = "\n".join(map(_bib, enumerate(self.papers, start=1)))
        return Answer(gzip.compress(f"% the Anthology\n\n{entries}\n".encode()), "application/gzip")


def _bib(numbered: tuple[int, FakePaper]) -> str:
    number, paper = numbered
    authors = "  and\n      ".join(", ".join(name.split(" ")[::-1]) for name in paper.authors)
    capitals = re.sub(r"\b([A-Z])", r"{\1}", paper.title)
    return (
        f'@inproceedings{{example-{number},\n    title = "{capitals}",\n    author = "{authors}",\n'
        f'    booktitle = "Proceedings of the Pond Conference",\n    month = nov,\n    year = "2027",\n'
        f'    url = "https://aclanthology.org/2027.pond-long.{number}/",\n'
        f'    doi = "10.18653/v1/2027.pond-long.{number}",\n    abstract = "{paper.abstract}"\n}}'
    )


class FakeSemanticScholar(FakeCatalogue):
    """Semantic Scholar's graph.

    Attributes:
        cited_by: Ids of the papers that cite a paper, by its id.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.cited_by: dict[str, list[str]] = {}

    def answer(self, path: str, fault: str) -> Answer:
        query, known = query_of(path), {paper.arxiv_id: paper for paper in self.papers}
        if named := re.search(r"/paper/ARXIV:(.+?)(/citations)?\?", unquote(path)):
            if named[1] not in known:
                return as_json({"error": "Paper not found"}, 404)
            if named[2]:
                citing = [known[id_] for id_ in self.cited_by.get(named[1], [])]
                return as_json({"data": [{"citingPaper": _s2(paper)} for paper in citing]})
            return as_json(_s2(known[named[1]]))
        if not query.get("query"):
            return as_json({"message": "Unacceptable query params: query is empty"}, 400)
        found = holding(self.papers, query["query"])
        if "sort" in query:
            found.sort(key=lambda paper: paper.day, reverse=True)
        if since := query.get("publicationDateOrYear", "").rstrip(":"):
            found = [paper for paper in found if paper.day >= since]
        start = int(query.get("offset", "0"))
        return as_json({"total": len(found), "data": [_s2(p) for p in found[start:]]})


def _s2(paper: FakePaper) -> dict[str, object]:
    return {
        "paperId": "f" * 40,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": [{"authorId": None, "name": name} for name in paper.authors],
        "year": int(paper.day[:4]),
        "publicationDate": paper.day,
        "venue": "arXiv.org",
        "externalIds": {"ArXiv": paper.arxiv_id, "CorpusId": 1},
    }


class FakeOpenAlex(FakeSemanticScholar):
    """OpenAlex' works."""

    def answer(self, path: str, fault: str) -> Answer:
        query, known = query_of(path), {paper.arxiv_id: paper for paper in self.papers}
        if named := re.search(r"/works/doi:10\.48550/arxiv\.(.+?)\?", unquote(path)):
            if named[1] not in known:
                return Answer(b"<html>404</html>", "text/html", 404)
            return as_json({"id": f"https://openalex.org/W{self._number(named[1])}"})
        filters = query.get("filter", "")
        found = holding(self.papers, query.get("search", ""))
        if cited := re.search(r"cites:W(\d+)", filters):
            own = self.papers[int(cited[1])].arxiv_id
            found = [known[id_] for id_ in self.cited_by.get(own, [])]
        if since := re.search(r"from_publication_date:(\S+)", filters):
            found = [paper for paper in found if paper.day >= since[1]]
        return as_json({"results": [_work(paper) for paper in found]})

    def _number(self, arxiv_id: str) -> int:
        return [paper.arxiv_id for paper in self.papers].index(arxiv_id)


def _work(paper: FakePaper) -> dict[str, object]:
    places: dict[str, list[int]] = {}
    for place, word in enumerate(paper.abstract.split(" ")):
        places.setdefault(word, []).append(place)
    return {
        "id": "https://openalex.org/W1",
        "doi": f"https://doi.org/10.48550/arxiv.{paper.arxiv_id}",
        "title": paper.title,
        "abstract_inverted_index": places,
        "authorships": [{"author": {"display_name": name}} for name in paper.authors],
        "publication_date": paper.day,
        "publication_year": int(paper.day[:4]),
        "primary_location": {"source": {"display_name": "arXiv"}},
        "locations": [{"landing_page_url": f"http://arxiv.org/abs/{paper.arxiv_id}"}],
    }
