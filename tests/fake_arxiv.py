"""A server that plays arXiv on loopback: its API, its files in every form, and the ways in which they fail.

Tests use it as a fixture; people try the program offline with `python -m tests.fake_arxiv --port 8081`,
which prints the settings that point the program at it. Its papers are invented, and their ids stand in
a month to come, so that nobody takes them for real ones.
"""

import argparse
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from textwrap import wrap
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests.faulty_server import FAULTS, Answer, FaultyServer

OWN_FAULTS = ("cut-pdf", "empty-page", "malformed", "bad-date", "other-id")
"""What can be wrong with an answer of arXiv's beyond what `FAULTS` plays anywhere."""


@dataclass(frozen=True)
class FakePaper:
    arxiv_id: str
    title: str
    abstract: str
    authors: tuple[str, ...] = ("A. Example", "B. Example")
    categories: tuple[str, ...] = ("cs.LG",)
    day: str = "2027-11-02"
    version: int = 1
    comment: str = "4 pages"
    pdf: bytes = b""
    html: bytes = b""
    source: bytes = b""


PAPERS = (
    FakePaper(
        "2711.00001",
        "Sourdough ripeness from the sound of its bubbles",
        "A microphone in the lid of a jar hears the bubbles of a sourdough starter burst. We show that "
        "the rate of bursts peaks 5.2 hours after feeding at 24 degrees, and that this peak predicts "
        "the rise of the loaf better than the height of the dough. Code and recordings are public.",
        categories=("eess.AS", "cs.SD"),
        day="2027-11-03",
        version=2,
    ),
    FakePaper(
        "2711.00002",
        "Lighthouse lenses measured by phase retrieval",
        "The prisms of old lighthouse lenses have chips that scatter light. We recover their surface "
        "from three photographs out of focus by phase retrieval. The surface error of the lens under "
        "test was 0.8 micrometres, small enough to plan its repair without taking it down.",
        categories=("physics.optics",),
        day="2027-11-05",
    ),
    FakePaper(
        "2711.00003",
        "Tide tables for garden ponds",
        r"Even a pond has tides. With a float and an interferometer we measure the lunar tide of a pond of "
        r"$12\,\mathrm{m}$ to be 31 nanometres, in agreement with the theory of B\'ezout and \'Alvarez.",
        categories=("physics.geo-ph", "astro-ph.EP"),
        day="2027-11-01",
    ),
    FakePaper(
        "physics/2711004",
        "Knots in garden hoses",
        "A garden hose that is coiled the same way each time stores twist until it knots. We give the "
        "number of coils after which a hose of given stiffness knots, and a figure of eight that never does.",
        authors=("C. Example",),
        categories=("physics.pop-ph",),
        day="2027-11-02",
        version=3,
    ),
    FakePaper(
        "2711.00005",
        "A withdrawn note on umbrellas",
        "We claimed that umbrellas fold themselves in a wind of exactly nine metres a second.",
        comment="This paper has been withdrawn by the authors due to an error in the sign",
    ),
)


class FakeArxiv(FaultyServer):
    """arXiv's API and its files: a PDF of every paper, HTML and source of those that have them.

    Attributes:
        papers: What it has; a test may append.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.papers = list(PAPERS)

    @property
    def api_url(self) -> str:
        return f"{self.address}/api/query"

    @property
    def pdf_url(self) -> str:
        return f"{self.address}/pdf"

    def answer(self, path: str, fault: str) -> Answer:
        if path.startswith(("/html/", "/src/")):
            return self._written(path)
        return self._pdf(path, fault) if path.startswith("/pdf/") else self._feed(path, fault)

    def _feed(self, path: str, fault: str) -> Answer:
        query = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
        start, size = int(query.get("start", "0")), int(query.get("max_results", "10"))
        try:
            found = _found(self.papers, query)
        except _BadQuery as error:
            return Answer(_error_feed(str(error)).encode(), "application/atom+xml", 400)
        page = [] if fault == "empty-page" else found[start : start + size]
        body = _feed(page, total=len(found), start=start)
        if fault == "malformed":
            body = body[: len(body) // 2]
        if fault == "bad-date":
            body = re.sub("<published>.*?<", "<published>yesterday<", body)
        if fault == "other-id":
            body = re.sub(r"abs/2711\.0000\d", "abs/2711.00077", body)
        return Answer(body.encode(), "application/atom+xml")

    def _written(self, path: str) -> Answer:
        _, place, name = path.split("/", 2)
        for paper in self.papers:
            body = paper.html if place == "html" else paper.source
            if body and name in (paper.arxiv_id, f"{paper.arxiv_id}v{paper.version}"):
                return Answer(body, "text/html" if place == "html" else "application/gzip")
        return Answer(b"<html>No such form</html>", "text/html", 404)

    def _pdf(self, path: str, fault: str) -> Answer:
        name = path.removeprefix("/pdf/")
        for paper in self.papers:
            if name in (paper.arxiv_id, f"{paper.arxiv_id}v{paper.version}"):
                body = paper.pdf or pdf_of(
                    [paper.title, *paper.authors, "Abstract", paper.abstract]
                )
                return Answer(
                    body[: len(body) // 2] if fault == "cut-pdf" else body, "application/pdf"
                )
        return Answer(b"<html>No such paper</html>", "text/html", 404)


# What the API finds: terms field:"words" or field:word, AND, OR, brackets, and one date range.


class _BadQuery(Exception):
    pass


_TERM = re.compile(r'(all|ti|abs|au|cat|submittedDate):("[^"]*"|\[[^\]]*\]|[^\s()"]+)')
_TOKEN = re.compile(rf"\s*(\(|\)|AND\b|OR\b|{_TERM.pattern})\s*")

Condition = Callable[[FakePaper], bool]


def _found(papers: list[FakePaper], query: dict[str, str]) -> list[FakePaper]:
    found = list(papers)
    if "id_list" in query:
        found = [paper for name in query["id_list"].split(",") for paper in _by_id(papers, name)]
    if "search_query" in query:
        holds = _condition(_tokens(query["search_query"]))
        found = [paper for paper in found if holds(paper)]
    if query.get("sortBy") == "submittedDate":
        found.sort(key=lambda paper: paper.day, reverse=query.get("sortOrder") != "ascending")
    return found


def _by_id(papers: list[FakePaper], name: str) -> list[FakePaper]:
    if not re.fullmatch(r"(\d{4}\.\d{4,5}|[a-z-]+/\d{7})(v\d+)?", name):
        raise _BadQuery(f"incorrect id format for {name}")
    return [p for p in papers if name in (p.arxiv_id, f"{p.arxiv_id}v{p.version}")]


def _tokens(query: str) -> list[str]:
    tokens, at = [], 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise _BadQuery(f"bad query at {query[at : at + 20]}")
        tokens.append(match[1])
        at = match.end()
    return tokens


def _condition(tokens: list[str]) -> Condition:
    """The whole of the tokens, read from the left; AND and OR bind alike, as far as tests care."""
    left = _operand(tokens)
    while tokens and tokens[0] != ")":
        operator, right = tokens.pop(0), _operand(tokens)
        left = _joined(operator, left, right)
    return left


def _joined(operator: str, left: Condition, right: Condition) -> Condition:
    if operator == "AND":
        return lambda paper: left(paper) and right(paper)
    if operator == "OR":
        return lambda paper: left(paper) or right(paper)
    raise _BadQuery(f"operator expected, not {operator}")


def _operand(tokens: list[str]) -> Condition:
    token = tokens.pop(0) if tokens else ""
    if token == "(":
        inside = _condition(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise _BadQuery("bracket not closed")
        return inside
    match = _TERM.fullmatch(token)
    if match is None:
        raise _BadQuery(f"term expected, not {token}")
    return _term(match[1], match[2].strip('"'))


def _term(name: str, value: str) -> Condition:
    if name == "submittedDate":
        first, last = value.strip("[]").split(" TO ")
        return lambda paper: first[:8] <= paper.day.replace("-", "") <= last[:8]
    if name == "cat":
        return lambda paper: any(
            re.fullmatch(value.replace("*", ".+"), each) for each in paper.categories
        )
    word = re.compile(rf"\b{re.escape(value)}\b", re.IGNORECASE)
    texts: dict[str, Callable[[FakePaper], str]] = {
        "ti": lambda paper: paper.title,
        "abs": lambda paper: paper.abstract,
        "au": lambda paper: " ".join(paper.authors),
        "all": lambda paper: " ".join((paper.title, paper.abstract, *paper.authors)),
    }
    return lambda paper: bool(word.search(texts[name](paper)))


# Atom, in the shape of the API's answers.


def _feed(papers: list[FakePaper], *, total: int, start: int) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
        'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>http://127.0.0.1/feed</id><title>Fake arXiv</title>"
        f"<opensearch:itemsPerPage>{len(papers)}</opensearch:itemsPerPage>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>\n"
        + "\n".join(map(_entry, papers))
        + "\n</feed>\n"
    )


def _entry(paper: FakePaper) -> str:
    name = f"{paper.arxiv_id}v{paper.version}"
    categories = "".join(f'<category term="{each}"/>' for each in paper.categories)
    authors = "".join(f"<author><name>{escape(each)}</name></author>" for each in paper.authors)
    return (
        f"<entry><id>http://arxiv.org/abs/{name}</id><title>{escape(paper.title)}</title>"
        f"<updated>{paper.day}T09:00:00Z</updated><published>{paper.day}T09:00:00Z</published>"
        f"<summary>  {escape(paper.abstract)}\n</summary>{authors}{categories}"
        f'<arxiv:primary_category term="{paper.categories[0]}"/>'
        f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment>"
        f'<link href="http://arxiv.org/pdf/{name}" rel="related" title="pdf"/></entry>'
    )


def _error_feed(message: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<entry><id>http://arxiv.org/api/errors#fault</id><title>Error</title>"
        f"<summary>{escape(message)}</summary></entry></feed>"
    )


# A real PDF, one page per 40 lines, in a font that every reader has.


def pdf_of(paragraphs: Sequence[str]) -> bytes:
    """A PDF whose text is these paragraphs; characters beyond Latin-1 become question marks."""
    lines = [line for paragraph in paragraphs for line in (*wrap(paragraph, 80), "")]
    pages = [lines[at : at + 40] for at in range(0, len(lines), 40)]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in zip(count(4, 2), pages, strict=False):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {number + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        shown = "\n".join(f"({_pdf_string(line)}) Tj T*" for line in page)
        stream = f"BT /F1 11 Tf 14 TL 60 780 Td\n{shown}\nET".encode("latin-1", "replace")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    return _pdf_file(objects)


def _pdf_string(line: str) -> str:
    return re.sub(r"([\\()])", r"\\\1", line)


def _pdf_file(objects: list[bytes]) -> bytes:
    body, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(body))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Play arXiv on 127.0.0.1 until interrupted.")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        choices=(*FAULTS, *OWN_FAULTS),
        help="for the next requests",
    )
    arguments = parser.parse_args()
    with FakeArxiv(arguments.port) as server:
        server.faults = arguments.fault
        print(f"export ARXIV_AGENT_ARXIV__API_URL={server.api_url}")
        print(f"export ARXIV_AGENT_ARXIV__PDF_URL={server.pdf_url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("closed")


if __name__ == "__main__":
    main()
