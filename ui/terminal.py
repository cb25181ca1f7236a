"""The event stream in a terminal: steps as they happen, claims as they stand, sources at the end."""

import textwrap
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, assert_never

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ingestion.cleaning import printable
from rag_agent.answer import Answer, Language
from rag_agent.citation import Citation, Claim, Hit
from rag_agent.events import Event
from ui.texts import step_name, text

if TYPE_CHECKING:
    from rag_agent.code.result import CodeResult

_QUOTE_CHARACTERS = 400
_OUTPUT_CHARACTERS = 1500
_AUTHORS = 3

Say = Callable[..., str]
"""`ui.texts.text` in one language."""


def show(events: Iterable[Event], out: Console, progress: Console) -> Answer | None:
    """Render a question's events; steps go to `progress`, the answer to `out`.

    Returns:
        The answer; None where the question failed, which was said.
    """
    answer = None
    language: Language = "en"
    with progress.status(text(language, "starting")) as status:
        for event in events:
            say = partial(text, language)
            match event.kind:
                case "planned":
                    language = event.language
                case "searched":
                    pass  # said by its step
                case "step_started":
                    status.update(_line(f"{step_name(language, event.name)} {event.detail}"))
                case "step_finished":
                    done = f"{step_name(language, event.name)}: {event.detail}"
                    progress.print(f"[dim]{event.seconds:6.1f} s  {escape(done)}[/]")
                case "waiting_for_arxiv":
                    seconds = f"{event.seconds:.0f}"
                    status.update(_line(say("waiting", seconds=seconds, reason=event.reason)))
                case "fetched":
                    progress.print(f"[dim]{'':10}{say('fetched', new=event.new)}[/]")
                case "reading":
                    status.update(_line(_reading(event.arxiv_id, event.page, event.pages, say)))
                case "claim_written":
                    out.print(Text(_said(event.claim)), soft_wrap=True)
                case "text_written":
                    out.print(Text(event.text), end="", soft_wrap=True)
                case "program_begun":
                    out.print()
                case "program_ran" if event.seconds:
                    pass  # said by its step
                case "program_ran":
                    ran = say("program_ran", round=event.round, outcome=event.outcome)
                    progress.print(f"[dim]{event.seconds:6.1f} s  {escape(ran)}[/]")
                case "notice":
                    progress.print(f"[yellow]{say('note')}:[/] {escape(event.text)}")
                case "answered":
                    answer = event.answer
                case "failed":
                    parts = (event.what, event.kept, event.next_step)
                    why = " ".join(part.rstrip(".") + "." for part in parts if part)
                    progress.print(f"[red]{say('error')}:[/] {escape(why)}")
                case _:
                    assert_never(event.kind)
    if answer is not None:
        show_result(answer, out, progress)
    return answer


def show_result(answer: Answer, out: Console, progress: Console) -> None:
    """What stands under an answer: sources with their quotes, or what comes nearest."""
    say = partial(text, answer.language)
    if answer.reply:
        out.print()
    for citation in answer.sources:
        show_source(citation, say, out)
    if answer.code is not None:
        show_code(answer.code, say, out)
    if not answer.answered and not answer.reply:
        out.print(say("no_answer_paper" if answer.route == "paper" else "no_answer"))
    if answer.missing:
        out.print(Text(say("missing", what="; ".join(answer.missing))), soft_wrap=True)
    show_nearest(answer, say, out)
    totals = say(
        "totals",
        seconds=f"{answer.seconds:.1f}",
        calls=answer.llm_calls,
        model=answer.model,
        verdict=answer.verdict,
    )
    progress.print(f"[dim]{escape(totals)}[/]")


def show_source(citation: Citation, say: Say, out: Console) -> None:
    """One source: title, authors, year, address, and the verbatim sentence."""
    paper = citation.paper
    facts = f"({paper.year}{_page(citation.page, say)}) {paper.url}"
    out.print()
    out.print(Text(f"[{citation.key}] {paper.title}", style="bold"), soft_wrap=True)
    out.print(Text(f"    {authors(paper.authors)} {facts}"), soft_wrap=True)
    out.print(Text(f"    {_quote(citation, say)}", style="italic"), soft_wrap=True)
    for work in citation.cites:
        said = say("mark_means", mark=work.mark, title=f"“{work.title}” {work.arxiv_id}".rstrip())
        out.print(Text(f"    {said}", style="dim"), soft_wrap=True)


def show_nearest(answer: Answer, say: Say, out: Console) -> None:
    """Sentences and papers that come nearest and are no answer."""
    if answer.nearest_sentences:
        out.print(Text(f"\n{say('sentences')}:"))
        for citation in answer.nearest_sentences:
            where = f"{citation.paper.title}{_page(citation.page, say)}"
            out.print(Text(f"  {_quote(citation, say)}", style="dim italic"), soft_wrap=True)
            out.print(Text(f"      {where}", style="dim"), soft_wrap=True)
    if answer.nearest and not answer.claims:
        out.print(Text(f"\n{say('nearest_papers')}:"))
        for hit in answer.nearest:
            found = f"{hit.paper.title} ({hit.paper.year})  {hit.paper.url}"
            out.print(Text(f"  {hit.cosine:.2f}  {found}"))


def show_code(code: "CodeResult", say: Say, out: Console) -> None:
    """A program with its verdict, the run's output and the requirements."""
    from rich.syntax import Syntax

    out.print(Syntax(code.program, code.language, word_wrap=True))
    verdict = say("verdict", verdict=code.verdict, reason=code.reason).rstrip()
    out.print(Text(verdict, style="bold"))
    made = say("written_by", model=code.model, adapter=code.adapter, rounds=code.repairs)
    out.print(Text(made))
    _show_run(code, say, out)
    for package in code.missing_packages:
        out.print(Text(say("needs_package", name=package)))
    for wanted in code.requirements:
        status = say(wanted.status, first=wanted.first_line, last=wanted.last_line)
        out.print(Text(f"  {wanted.text} ({status})"), soft_wrap=True)
    for passage in code.passages:
        paper = passage.paper
        title = f"[{passage.key}] {paper.title}{_page(passage.page, say)} {paper.url}"
        out.print(Text(title), soft_wrap=True)
        out.print(Text(f"    “{' '.join(passage.quote.split())}”", style="italic"), soft_wrap=True)


def show_hits(hits: Iterable[Hit], threshold: float, out: Console) -> None:
    """Search results as a table; those below the threshold are dimmed."""
    table = Table(box=None, pad_edge=False)
    for name in ("cosine", "year"):
        table.add_column(name, justify="right")
    for name in ("arXiv id", "title"):
        table.add_column(name)
    found = 0
    for hit in hits:
        found += hit.passes
        origin = " (starter summary)" if hit.paper.origin == "starter" else ""
        origin += " (named in the query)" if hit.passes_by in ("title", "term") else ""
        table.add_row(
            f"{hit.cosine:.3f}",
            str(hit.paper.year or ""),
            Text(hit.paper.arxiv_id),
            Text(hit.paper.title + origin),
            style=None if hit.passes else "dim",
        )
    out.print(table)
    out.print(text("en", "reach", n=found, all=table.row_count, threshold=f"{threshold:g}"))


def authors(names: tuple[str, ...]) -> str:
    """The first authors, the rest as et al."""
    known = [name for name in names if name != "and others"]
    more = len(known) > _AUTHORS or "and others" in names
    return ", ".join(known[:_AUTHORS]) + (" et al." if more else "")


def _show_run(code: "CodeResult", say: Say, out: Console) -> None:
    """How the program's run went, and what speaks for its values and against them."""
    run, check = code.run, code.self_check
    if run is None:
        return
    ran = say(
        "run",
        outcome=run.outcome,
        code=run.exit_code,
        seconds=f"{run.seconds:.1f}",
        memory=f"{run.memory_mb:.0f}",
        held=check.held,
        found=check.found,
    )
    out.print(Text(ran))
    compared = code.cross_check
    if compared.outcome in ("agrees", "differs"):
        counts = {"agreeing": compared.agreeing, "compared": compared.compared}
        out.print(Text(say(f"cross_{compared.outcome}", **counts)))
    else:
        out.print(Text(say("not_compared", reason=compared.reason or say("not_asked_for"))))
    if code.ignored:
        out.print(Text(say("ignored_arguments", names=", ".join(code.ignored))))
    out.print(Text((run.stdout + run.stderr).rstrip()[-_OUTPUT_CHARACTERS:], style="dim"))


def _line(status: str) -> str:
    """A status line: it is drawn again and again, past the console's own cleaning."""
    return escape(" ".join(printable(status).split()))


def _reading(arxiv_id: str, page: int, pages: int, say: Say) -> str:
    if not page:
        return say("downloading", id=arxiv_id)
    return say("reading", id=arxiv_id, page=page, pages=pages)


def _page(page: int | None, say: Say) -> str:
    return f", {say('page', page=page)}" if page else ""


def _said(claim: Claim) -> str:
    """A sentence of the answer with the numbers of its sources."""
    said = f"“{claim.text}”" if claim.in_quotation_marks else claim.text
    return said + "".join(f" [{citation.key}]" for citation in claim.citations)


def _quote(citation: Citation, say: Say) -> str:
    """A quote in quotation marks; a summary is not the authors', so it has none and says whose it is."""
    quote = textwrap.shorten(citation.quote, _QUOTE_CHARACTERS, placeholder=" …")
    return f"{quote} ({say('starter')})" if citation.kind == "summary" else f"“{quote}”"
