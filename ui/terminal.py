"""The event stream in a terminal: steps as they happen, claims as they stand, sources at the end."""

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, assert_never

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ingestion.cleaning import printable
from rag_agent.answer import Answer, Hit
from rag_agent.citation import Citation
from rag_agent.events import Event

if TYPE_CHECKING:
    from rag_agent.code.result import CodeResult
    from rag_agent.code.second_program import CrossCheck

_QUOTE_CHARACTERS = 400
_AUTHORS = 3


def show(events: Iterable[Event], out: Console, progress: Console) -> Answer | None:
    """Render a question's events; steps go to `progress`, the answer to `out`.

    Returns:
        The answer; None where the question failed, which was said.
    """
    answer = None
    with progress.status("starting") as status:
        for event in events:
            match event.kind:
                case "step_started":
                    status.update(_line(f"{event.name} {event.detail}"))
                case "step_finished":
                    progress.print(
                        f"[dim]{event.seconds:6.1f} s  {escape(event.name)}: {escape(event.detail)}[/]"
                    )
                case "planned" | "searched":
                    pass  # said by their steps
                case "waiting_for_arxiv":
                    status.update(
                        _line(f"waiting for arXiv, {event.seconds:.0f} s ({event.reason})")
                    )
                case "fetched":
                    progress.print(f"[dim]          {event.new} new papers from arXiv[/]")
                case "reading":
                    where = f"p. {event.page} of {event.pages}" if event.page else "download"
                    status.update(_line(f"reading {event.arxiv_id} {where}"))
                case "claim_written":
                    marks = "".join(f" [{citation.key}]" for citation in event.claim.citations)
                    claim = event.claim
                    said = f"“{claim.text}”" if claim.in_quotation_marks else claim.text
                    out.print(Text(said + marks), soft_wrap=True)
                case "text_written":
                    out.print(Text(event.text), end="", soft_wrap=True)
                case "program_begun":
                    out.print()
                case "program_ran" if event.seconds:
                    pass  # said by its step
                case "program_ran":
                    progress.print(
                        f"[dim]{event.seconds:6.1f} s  run {event.round}: {escape(event.outcome)}[/]"
                    )
                case "notice":
                    progress.print(f"[yellow]note:[/] {escape(event.text)}")
                case "answered":
                    answer = event.answer
                case "failed":
                    parts = (event.what, event.kept, event.next_step)
                    said = " ".join(part.rstrip(".") + "." for part in parts if part)
                    progress.print(f"[red]error:[/] {escape(said)}")
                case _:
                    assert_never(event.kind)
    if answer is not None:
        show_result(answer, out, progress)
    return answer


def _line(text: str) -> str:
    """A status line: it is drawn again and again, past the console's own cleaning."""
    return escape(" ".join(printable(text).split()))


def show_result(answer: Answer, out: Console, progress: Console) -> None:
    """What stands under an answer: sources with their quotes, or what comes nearest."""
    if answer.reply:
        out.print()
    for citation in answer.sources:
        show_source(citation, out)
    if answer.code is not None:
        show_code(answer.code, out)
    if not answer.answered and not answer.reply:
        out.print(
            "The papers at hand do not answer this."
            if answer.language == "en"
            else "现有论文没有回答这个问题。"
        )
    if answer.missing:
        out.print(Text(f"Not found: {'; '.join(answer.missing)}"))
    if answer.nearest_sentences:
        out.print("\nThe nearest sentences, not an answer:")
        for citation in answer.nearest_sentences:
            show_source(citation, out)
    if answer.nearest and not answer.claims:
        out.print("\nNearest papers (not sources):")
        for hit in answer.nearest:
            out.print(
                Text(f"  {hit.cosine:.2f}  {hit.paper.title} ({hit.paper.year})  {hit.paper.url}")
            )
    progress.print(
        f"[dim]{answer.seconds:.1f} s, {answer.llm_calls} model calls, {answer.model}, {answer.verdict}[/]"
    )


def show_source(citation: Citation, out: Console) -> None:
    """One source: title, authors, year, address, and the verbatim sentence."""
    paper = citation.paper
    page = f", p. {citation.page}" if citation.page else ""
    own = citation.kind == "summary"
    mark = ", starter summary in this project's words" if own else ""
    out.print()
    out.print(Text(f"[{citation.key}] {paper.title}", style="bold"), soft_wrap=True)
    out.print(
        Text(f"    {authors(paper.authors)} ({paper.year}{page}{mark}) {paper.url}"), soft_wrap=True
    )
    quote = textwrap.shorten(citation.quote, _QUOTE_CHARACTERS, placeholder=" …")
    out.print(Text(f"    {quote if own else f'“{quote}”'}", style="italic"), soft_wrap=True)


def _compared(cross_check: "CrossCheck") -> str:
    """What the comparison with a second program says, as a sentence."""
    match cross_check.outcome:
        case "agrees":
            return "the same as those of a second program, written without the paper"
        case "differs":
            return "a second program, written without the paper, gives others: check the formulas"
    return f"not compared with a second program ({cross_check.reason or 'not asked for'})"


def show_code(code: "CodeResult", out: Console) -> None:
    """A program with its verdict, the run's output and the requirements."""
    from rich.syntax import Syntax

    out.print(Syntax(code.program, code.language, word_wrap=True))
    out.print(Text(f"verdict: {code.verdict} {code.reason}".rstrip(), style="bold"))
    out.print(Text(f"model: {code.model}, {code.adapter}; {code.repairs} further rounds"))
    if code.run is not None:
        run, check = code.run, code.self_check
        out.print(
            Text(
                f"run: {run.outcome}, exit code {run.exit_code}, {run.seconds:.1f} s, "
                f"{run.memory_mb:.0f} MB; self-check: {check.held} of {check.found} asserts held"
            )
        )
        out.print(Text(f"values: {_compared(code.cross_check)}"))
        out.print(Text((run.stdout + run.stderr).rstrip()[-1500:], style="dim"))
    for package in code.missing_packages:
        out.print(Text(f"needs the package {package}, which the sandbox lacks"))
    for wanted in code.requirements:
        where = f" (lines {wanted.first_line}-{wanted.last_line})" if wanted.first_line else ""
        out.print(Text(f"  {wanted.status}: {wanted.text}{where}"), soft_wrap=True)
    for passage in code.passages:
        page, paper = f", p. {passage.page}" if passage.page else "", passage.paper
        out.print(Text(f"[{passage.key}] {paper.title}{page} {paper.url}"), soft_wrap=True)
        quote = " ".join(passage.quote.split())
        out.print(Text(f"    “{quote}”", style="italic"), soft_wrap=True)


def show_hits(hits: Iterable[Hit], threshold: float, out: Console) -> None:
    """Search results as a table; those below the threshold are dimmed."""
    table = Table(box=None, pad_edge=False)
    for name, justify in (
        ("cosine", "right"),
        ("year", "right"),
        ("arXiv id", "left"),
        ("title", "left"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
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
    out.print(f"{found} of {table.row_count} reach the cosine threshold {threshold:g}")


def authors(names: tuple[str, ...]) -> str:
    """The first authors, the rest as et al."""
    known = [name for name in names if name != "and others"]
    more = len(known) > _AUTHORS or "and others" in names
    return ", ".join(known[:_AUTHORS]) + (" et al." if more else "")
