"""A generated program with the truth about it: verdict, output, requirements; run it again, or ask for another."""

from typing import get_args

import streamlit as st

from rag_agent.code.result import CodeResult
from rag_agent.events import Event
from rag_agent.progress import StepName
from ui.web import messages
from ui.web.jobs import Job
from ui.web.plain import as_html
from ui.web.program import jobs, program
from ui.web.texts import say, step_name
from ui.web.watching import show_job

_MARKS = {
    "passed": ("✓", "ok"),
    "incomplete": ("!", "warning"),
    "disputed": ("!", "warning"),
    "failed": ("✗", "problem"),
    "not run": ("–", "warning"),
}
_ENDINGS = {"python": "py", "javascript": "js", "typescript": "ts", "rust": "rs", "haskell": "hs"}


def show_code(code: CodeResult, session: str, turn: int) -> None:
    """Draw a program and what is known of it.

    Args:
        code: The program.
        session: The conversation that keeps it.
        turn: Number of the question in it, from 0; another program or run takes the place of this one there.
    """
    key = f"{session}-{turn}"
    _show_verdict(code)
    st.code(code.program, code.language, line_numbers=True)
    with st.container(horizontal=True):
        ending = _ENDINGS.get(code.language, code.language)
        st.download_button(
            say("download_code"),
            code.program,
            file_name=f"program.{ending}",
            key=f"download-{key}",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(
            say("run_again"),
            key=f"run-{key}",
            icon=":material/replay:",
            disabled=code.language != "python",
            on_click=_run_again,
            args=(code, session, turn),
        )
    job = jobs().get(_job_name(session, turn))
    if job is not None:
        show_job(job)
    _show_output(code)
    _show_requirements(code)
    _show_instruction(code, session, turn)


def _show_verdict(code: CodeResult) -> None:
    mark, kind = _MARKS[code.verdict]
    check = code.self_check
    facts = [code.trouble] if code.trouble else []
    if check.found:
        facts.append(say("self_check", held=check.held, found=check.found))
    facts += _proof(code)
    if code.repairs:
        facts.append(say("repairs", n=code.repairs))
    if code.missing_packages:
        facts.append(say("missing_packages", names=", ".join(code.missing_packages)))
    facts.append(f"{code.model} ({code.adapter})")
    st.html(
        f'<p class="check {kind}"><i>{mark}</i><span><strong>{as_html(say("code_" + code.verdict))}</strong> '
        f"· {as_html(' · '.join(facts))}</span></p>"
    )


def _proof(code: CodeResult) -> list[str]:
    """What other programs and the program's own text say for it or against it."""
    compared, facts = code.cross_check, []
    if compared.outcome != "not compared":
        counts = {"agreeing": compared.agreeing, "compared": compared.compared}
        facts.append(say(f"cross_{compared.outcome}", **counts))
    elif code.ended == "passed":
        facts.append(say("not_compared", reason=compared.reason or say("not_asked_for")))
    if code.ignored:
        facts.append(say("ignored_arguments", names=", ".join(code.ignored)))
    return facts


def _show_output(code: CodeResult) -> None:
    run = code.run
    if not run:
        return
    with st.expander(f"{say('output')} ({run.seconds:.1f} s)", expanded=code.ended != "passed"):
        if run.stdout or run.stderr:
            st.code("\n".join(filter(None, (run.stdout, run.stderr))), None, wrap_lines=True)
        else:
            messages.small(say("no_output"))


def _show_requirements(code: CodeResult) -> None:
    rows = []
    for wanted in code.requirements:
        mark = {"met": "✓", "missed": "✗"}.get(wanted.status, "–")
        kind = {"met": "ok", "missed": "problem"}.get(wanted.status, "warning")
        where = say(wanted.status, first=wanted.first_line, last=wanted.last_line)
        rows.append(
            f'<p class="check {kind}"><i>{mark}</i><span>{as_html(wanted.text)} '
            f'<span class="small">({as_html(where)})</span></span></p>'
        )
    if rows:
        with st.expander(say("requirements"), expanded=True):
            st.html("".join(rows))
            for text in code.leaves_out[-1:]:
                messages.small(f"{say('leaves_out')}: {text}")


def _show_instruction(code: CodeResult, session: str, turn: int) -> None:
    key = f"{session}-{turn}"
    with st.expander(say("edit_instruction")), st.form(f"instruction-{key}", border=False):
        st.text_area(
            say("edit_instruction"),
            code.instruction.as_text(),
            height=220,
            key=f"edited-{key}",
            label_visibility="collapsed",
        )
        st.form_submit_button(say("write_again"), on_click=_write_again, args=(code, session, turn))


def _run_again(code: CodeResult, session: str, turn: int) -> None:
    assistant = program().assistant

    def work(job: Job) -> None:
        assistant.conversations.keep_code(session, turn, assistant.run_again(code))

    jobs().start(_job_name(session, turn), work)


def _write_again(code: CodeResult, session: str, turn: int) -> None:
    assistant = program().assistant
    instruction = st.session_state[f"edited-{session}-{turn}"]
    names = {
        name: step_name(name) for name in get_args(StepName)
    }  # a job cannot ask for the page's language

    def work(job: Job) -> None:
        def tell(event: Event) -> None:
            if event.kind == "step_started":
                job.tell(f"{names.get(event.name, event.name)} {event.detail}")

        assistant.conversations.keep_code(
            session, turn, assistant.write_again(code, instruction, tell)
        )

    jobs().start(_job_name(session, turn), work)


def _job_name(session: str, turn: int) -> str:
    return f"code-{session}-{turn}"
