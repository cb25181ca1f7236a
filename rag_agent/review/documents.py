"""A review for people and other programs: Markdown, HTML, LaTeX with BibTeX, and a PDF where pandoc is installed.

Every sentence carries the number of each paper it cites, with a letter where the review quotes that paper more
than once; the quotes stand under their papers. What papers and models say is text in every form.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ingestion.bibliography import exported
from ingestion.bibliography.keys import keys_of
from ingestion.errors import AgentError
from rag_agent.citation import Citation, Claim, in_words, where_in
from rag_agent.markup import html, latex, markdown
from rag_agent.review.review import Review, cited

_PANDOC_S = 180
DIFFERENCES = "Where the papers may differ"
NOT_FOUND = "What was not found"
FOLLOWED = "Found by the references of others"
UNUSED = "Read, and not cited"

_HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1.05rem/1.6 Georgia,serif}}
blockquote{{margin:.3rem 0 .3rem 1rem;color:#444;font-size:.92rem}} a{{color:#7a1f1f;text-decoration:none}}
small{{color:#666}}</style></head>
<body>
{body}
</body></html>
"""


def marks_of(review: Review) -> dict[tuple[str, int | None, int], str]:
    """The mark of each quote, by its place: `3`, or `3a` and `3b` where paper 3 is quoted twice."""
    places: dict[str, list[tuple[str, int | None, int]]] = {}
    for citation in cited(review.sentences):
        own = places.setdefault(citation.paper.arxiv_id, [])
        if _place(citation) not in own:
            own.append(_place(citation))
    numbers = {paper.arxiv_id: number for number, paper in enumerate(review.papers, 1)}
    return {
        place: f"{numbers[id_]}{chr(97 + at) if len(own) > 1 else ''}"
        for id_, own in places.items()
        for at, place in enumerate(own)
    }


def as_markdown(review: Review) -> str:
    """The review, its papers with the quotes taken from them, and BibTeX."""
    marks = marks_of(review)

    def said(claim: Claim) -> str:
        return f"{markdown(claim.text)} " + "".join(f"[{mark}]" for mark in _marks(claim, marks))

    lines = [f"# {markdown(review.title)}", "", f"*{_made(review)}*", ""]
    for title, claims in _parts(review):
        lines += [f"## {markdown(title)}", "", " ".join(map(said, claims)), ""]
    lines += _list(NOT_FOUND, review.not_found, markdown)
    lines += _list(FOLLOWED, review.followed, markdown)
    lines += _list(UNUSED, [_named(p.title, p.arxiv_id) for p in review.unused], markdown)
    lines += ["## Papers", ""]
    quotes = _quotes(review)
    for number, paper in enumerate(review.papers, 1):
        who = markdown(_authors(paper.authors))
        lines.append(
            f"{number}. {who} ({paper.year or 'n.d.'}). {markdown(paper.title)}. {paper.url or paper.arxiv_id}"
        )
        lines += [
            f"   - \\[{marks[_place(c)]}\\] {in_words(c, markdown(c.quote))} ({where_in(c)})"
            for c in quotes[paper.arxiv_id]
        ]
    lines += [
        "",
        "## BibTeX",
        "",
        "```bibtex",
        exported(review.papers).replace("```", "'''"),
        "```",
        "",
    ]
    return "\n".join(lines)


def as_html(review: Review) -> str:
    """One page without scripts; nothing is loaded from elsewhere."""
    marks = marks_of(review)

    def said(claim: Claim) -> str:
        links = "".join(
            f'<a href="#q{html(mark)}" title="{html(c.quote)}">[{html(mark)}]</a>'
            for mark, c in _marks(claim, marks).items()
        )
        return f"{html(claim.text)} {links}"

    body = [f"<h1>{html(review.title)}</h1>", f"<p><small>{html(_made(review))}</small></p>"]
    for title, claims in _parts(review):
        body += [f"<h2>{html(title)}</h2>", f"<p>{' '.join(map(said, claims))}</p>"]
    unused = [_named(p.title, p.arxiv_id) for p in review.unused]
    lists = ((NOT_FOUND, review.not_found), (FOLLOWED, review.followed), (UNUSED, unused))
    for title, items in lists:
        if items:
            body += [
                f"<h2>{title}</h2>",
                "<ul>",
                *(f"<li>{html(item)}</li>" for item in items),
                "</ul>",
            ]
    body += ["<h2>Papers</h2>", "<ol>"]
    quotes = _quotes(review)
    for paper in review.papers:
        address = f' <a href="{html(paper.url)}">{html(paper.arxiv_id)}</a>' if paper.url else ""
        who = f"{_authors(paper.authors)} ({paper.year or 'n.d.'}). {paper.title}."
        body.append(f"<li>{html(who)}{address}")
        for c in quotes[paper.arxiv_id]:
            mark, words = html(marks[_place(c)]), in_words(c, html(c.quote))
            body.append(
                f'<blockquote id="q{mark}">[{mark}] {words} ({html(where_in(c))})</blockquote>'
            )
        body.append("</li>")
    return _HTML.format(title=html(review.title), body="\n".join([*body, "</ol>"]))


def as_latex(review: Review, bibliography: str = "review") -> str:
    r"""An article that cites `bibliography`.bib; the quotes are in an appendix. Text by others runs no command."""
    keys = keys_of(review.papers)

    def said(claim: Claim) -> str:
        ids = dict.fromkeys(c.paper.arxiv_id for c in claim.citations)
        return latex(claim.text) + r"~\cite{" + ",".join(keys[id_] for id_ in ids) + "}"

    lines = [
        r"\documentclass{article}",
        r"\usepackage[utf8]{inputenc}",
        r"\usepackage[T1]{fontenc}",
        r"\usepackage{amssymb,textcomp,hyperref}",
        r"\title{" + latex(review.title) + "}",
        r"\author{}",
        r"\begin{document}",
        r"\maketitle",
    ]
    for title, claims in _parts(review):
        lines += [r"\section{" + latex(title) + "}", "\n".join(map(said, claims)), ""]
    for title, items in ((NOT_FOUND, review.not_found),):
        if items:
            lines += [r"\section{" + title + "}", r"\begin{itemize}"]
            lines += [*(r"\item " + latex(item) for item in items), r"\end{itemize}"]
    lines += [r"\bibliographystyle{plain}", rf"\bibliography{{{bibliography}}}", r"\appendix"]
    lines += [r"\section{Quotes}", r"\begin{itemize}"]
    for c in cited(review.sentences):
        words = in_words(c, latex(c.quote), "``", "''")
        lines.append(rf"\item \cite{{{keys[c.paper.arxiv_id]}}} ({latex(where_in(c))}): {words}")
    return "\n".join([*lines, r"\end{itemize}", r"\end{document}", ""])


def write(review: Review, folder: Path) -> list[Path]:
    """Write review.md, .html, .tex and .bib, and review.pdf where pandoc can make one; the files written.

    Raises:
        OSError: They cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "review.md": as_markdown(review),
        "review.html": as_html(review),
        "review.tex": as_latex(review),
        "review.bib": exported(review.papers) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    written = [folder / name for name in texts]
    pdf = folder / "review.pdf"
    return [*written, pdf] if shutil.which("pandoc") and _pdf(review, pdf) else written


def _pdf(review: Review, file: Path) -> bool:
    """Whether pandoc made a PDF; it reads a copy in a folder of its own, and raw TeX and HTML stay text."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "review.md"
        source.write_text(as_markdown(review).split("\n## BibTeX")[0], encoding="utf-8")
        command = [
            "pandoc",
            "--sandbox",
            "-f",
            "markdown-raw_tex-raw_html-tex_math_dollars",
            source,
        ]
        try:
            made = subprocess.run(
                [*map(str, command), "-o", str(file)],
                cwd=folder,
                capture_output=True,
                timeout=_PANDOC_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AgentError(
                f"pandoc made no PDF in {_PANDOC_S} s", kept="The other forms are written"
            ) from error
    return made.returncode == 0 and file.exists()


def _parts(review: Review) -> list[tuple[str, tuple[Claim, ...]]]:
    parts = [(section.title, section.sentences) for section in review.sections]
    return [*parts, (DIFFERENCES, review.differences)] if review.differences else parts


def _marks(claim: Claim, marks: Mapping[tuple[str, int | None, int], str]) -> dict[str, Citation]:
    return {marks[_place(citation)]: citation for citation in claim.citations}


def _quotes(review: Review) -> dict[str, list[Citation]]:
    """Each paper's quotes, one a place, by its id."""
    by_place = {_place(c): c for c in reversed(cited(review.sentences))}
    marks = marks_of(review)
    return {
        paper.arxiv_id: [
            c
            for place, c in sorted(by_place.items(), key=lambda one: marks[one[0]])
            if place[0] == paper.arxiv_id
        ]
        for paper in review.papers
    }


def _list(
    title: str, items: tuple[str, ...] | list[str], escape: Callable[[str], str]
) -> list[str]:
    return [f"## {title}", "", *(f"- {escape(item)}" for item in items), ""] if items else []


def _made(review: Review) -> str:
    sentences = len(review.sentences)
    return (
        f"{len(review.papers)} papers, {sentences} sentences, each checked against the quotes that it cites; "
        f"written by {review.model}"
    )


def _named(title: str, id_: str) -> str:
    return f"{title} ({id_})"


def _authors(names: tuple[str, ...]) -> str:
    known = [name for name in names if name != "and others"]
    return ", ".join(known[:6]) + (" et al." if len(known) > 6 or len(known) < len(names) else "")


def _place(citation: Citation) -> tuple[str, int | None, int]:
    return citation.paper.arxiv_id, citation.page, citation.start
