"""Who cites whom: `references ID`, `cites ID`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ingestion.errors import AgentError
from ui import console

if TYPE_CHECKING:
    from ingestion.paper import Paper
    from ingestion.references.looking import Citations, Cited

commands = typer.Typer()
Elsewhere = Literal["library", "semantic-scholar", "openalex"]
_REQUESTS = 6  # for a full text that is not at hand, or for who cites a paper elsewhere


@commands.command()
def references(
    arxiv_id: Annotated[str, typer.Argument(help="Id of the paper.")],
    picture: Annotated[
        Path | None, typer.Option(help="Write the paper's neighbourhood to this SVG file.")
    ] = None,
    as_json: console.Json = False,
) -> None:
    """What a paper cites, read from its full text, and which of it the library has."""
    assistant = console.open_assistant()
    paper = _known(assistant, arxiv_id)
    citations = _citations(assistant)
    found = citations.references(paper, assistant.library.arxiv(_REQUESTS, console.say_wait))
    if found is None:
        raise AgentError(
            f"No full text of {arxiv_id} can be had", next_step="Add its file: `arxiv-agent add`"
        )
    cited = citations.resolved(found.entries)
    if picture:
        _draw(picture, paper, cited, citations)
    if as_json:
        rows = [_as_json(each) for each in cited]
        console.print_json({"arxiv_id": paper.arxiv_id, "form": found.form, "references": rows})
        return
    for number, each in enumerate(cited, start=1):
        console.out().print(_line(number, each), markup=False, soft_wrap=True)
    at_hand = sum(each.paper is not None for each in cited)
    console.out().print(
        f"{len(cited)} references, {at_hand} in the library; read from {found.form}"
    )
    if found.form == "pdf":
        console.say(
            "note: a PDF marks no entries: they are parted by their numbers or years, and fields are "
            "read from how they are printed; some may be wrong or missing",
            error=True,
        )


@commands.command()
def cites(
    arxiv_id: Annotated[str, typer.Argument(help="Id of the paper that is cited.")],
    source: Annotated[
        Elsewhere, typer.Option(help="Who is asked: the library's full texts, or a catalogue.")
    ] = "library",
    as_json: console.Json = False,
) -> None:
    """Who cites a paper: among the full texts at hand, or anywhere."""
    assistant = console.open_assistant()
    paper = _known(assistant, arxiv_id)
    unread: list[str] = []
    if source == "library":
        with console.progress() as progress:
            task = progress.add_task("reading full texts", total=None)
            found, unread = _citations(assistant).citing(
                paper, lambda done, of: progress.update(task, completed=done, total=of)
            )
    else:
        found = _citing_elsewhere(assistant, source, paper)
    if as_json:
        rows = [{"arxiv_id": p.arxiv_id, "title": p.title, "year": p.year} for p in found]
        console.print_json({"arxiv_id": paper.arxiv_id, "cited_by": rows, "unread": unread})
        return
    for each in found:
        console.out().print(f"{each.arxiv_id}  {each.title} ({each.year})", markup=False)
    console.out().print(f"{len(found)} papers cite {paper.arxiv_id}", markup=False)
    for why in unread:
        console.say(f"note: not read: {why}", error=True)


def _known(assistant: Any, arxiv_id: str) -> "Paper":
    from ingestion.paper import parse_arxiv_id

    library = assistant.library
    known: Paper | None = library.get([arxiv_id]).get(arxiv_id)
    if known is None and not arxiv_id.startswith("local/"):
        known = library.by_id(parse_arxiv_id(arxiv_id), library.arxiv(_REQUESTS, console.say_wait))
    if known is None:
        raise AgentError(
            f"There is no paper {arxiv_id}", next_step="`arxiv-agent search` finds ids"
        )
    return known


def _citations(assistant: Any) -> "Citations":
    from ingestion.references.looking import Citations

    return Citations(assistant.library)


def _citing_elsewhere(assistant: Any, source: str, paper: "Paper") -> "list[Paper]":
    from ingestion.sources.catalogues.openalex import OpenAlex
    from ingestion.sources.catalogues.semantic_scholar import SemanticScholar

    place = SemanticScholar if source == "semantic-scholar" else OpenAlex
    settings = assistant.settings
    folder = settings.home / "catalogues" / source
    return place(settings.catalogues, folder, console.say_wait).citing(paper.arxiv_id)


def _draw(file: Path, paper: "Paper", cited: "list[Cited]", citations: "Citations") -> None:
    from ingestion.references.picture import neighbourhood_of

    citing, _ = citations.citing(paper)
    file.write_text(neighbourhood_of(paper, citing, cited), encoding="utf-8")
    console.say(f"drawn to {file}", error=True)


def _line(number: int, cited: "Cited") -> str:
    reference = cited.entry.reference
    label = reference.label if reference.label.isdecimal() else str(number)
    ids = cited.paper.arxiv_id if cited.paper else reference.arxiv_id or reference.doi
    year = f" ({reference.year})" if reference.year else ""
    mark = "  in the library" if cited.paper else ""
    return f"[{label}] {cited.title}{year}{f'  {ids}' if ids else ''}{mark}"


def _as_json(cited: "Cited") -> dict[str, Any]:
    reference = cited.entry.reference
    return {
        "label": reference.label,
        "title": reference.title,
        "authors": list(reference.authors),
        "year": reference.year or None,
        "arxiv_id": reference.arxiv_id,
        "doi": reference.doi,
        "text": cited.entry.text,
        "in_library": cited.paper.arxiv_id if cited.paper else None,
    }
