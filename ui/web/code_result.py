"""A generated program with the truth about it: verdict, output, requirements; run it again, or ask for another."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from rag_agent.events import Event
from rag_agent.instruction import Instruction
from ui.web import messages
from ui.web.jobs import Job
from ui.web.plain import as_html, escaped
from ui.web.program import program
from ui.web.texts import say

_MARKS = {"passed": ("✓", "ok"), "failed": ("✗", "problem"), "not run": ("–", "warning")}
_ENDINGS = {"python": "py", "javascript": "js", "typescript": "ts", "rust": "rs", "haskell": "hs"}
_POLL_S = 0.5


def show_code(code: dict[str, Any], key: str) -> None:
    """Draw a program and what is known of it.

    Args:
        code: As `CodeResult.as_json` gives it.
        key: Distinguishes this program from the others on the page.
    """
    job = st.session_state.get(f"code-job-{key}")
    newer = job.result if job is not None and job.done and job.error is None else None
    code = newer or code
    _show_verdict(code)
    st.code(code["program"], code["language"], line_numbers=True)
    with st.container(horizontal=True):
        ending = _ENDINGS.get(code["language"], code["language"])
        st.download_button(
            say("download_code"),
            code["program"],
            file_name=f"program.{ending}",
            key=f"download-{key}",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(
            say("run_again"),
            key=f"run-{key}",
            icon=":material/replay:",
            disabled=code["language"] != "python",
            on_click=_run_again,
            args=(code, key),
        )
    _show_output(code)
    _show_requirements(code)
    _show_instruction(code, key)
    if job is not None and not job.done:
        _watch(job)
    elif job is not None and job.error is not None:
        messages.failure(job.error.what, job.error.kept, job.error.next_step)


def _show_verdict(code: dict[str, Any]) -> None:
    mark, kind = _MARKS[code["verdict"]]
    check = code["self_check"]
    facts = [code["reason"]] if code["reason"] else []
    if check["found"]:
        facts.append(say("self_check", held=check["held"], found=check["found"]))
    if code["repairs"]:
        facts.append(say("repairs", n=code["repairs"]))
    if code["missing_packages"]:
        facts.append(say("missing_packages", names=", ".join(code["missing_packages"])))
    facts.append(f"{code['model']} ({code['adapter']})")
    st.html(
        f'<p class="check {kind}"><i>{mark}</i><span><strong>{as_html(say("code_" + code["verdict"]))}</strong> '
        f"· {as_html(' · '.join(facts))}</span></p>"
    )


def _show_output(code: dict[str, Any]) -> None:
    run = code["run"]
    if not run:
        return
    with st.expander(
        f"{say('output')} ({run['seconds']:.1f} s)", expanded=code["verdict"] != "passed"
    ):
        if run["stdout"] or run["stderr"]:
            st.code("\n".join(filter(None, (run["stdout"], run["stderr"]))), None, wrap_lines=True)
        else:
            messages.small(say("no_output"))


def _show_requirements(code: dict[str, Any]) -> None:
    rows = []
    for wanted in code["requirements"]:
        mark = {"met": "✓", "missed": "✗"}.get(wanted["status"], "–")
        kind = {"met": "ok", "missed": "problem"}.get(wanted["status"], "warning")
        where = say(wanted["status"], first=wanted["first_line"], last=wanted["last_line"])
        rows.append(
            f'<p class="check {kind}"><i>{mark}</i><span>{as_html(wanted["text"])} '
            f'<span class="small">({as_html(where)})</span></span></p>'
        )
    if rows:
        with st.expander(say("requirements"), expanded=True):
            st.html("".join(rows))
            for text in code["leaves_out"][-1:]:
                messages.small(f"{say('leaves_out')}: {text}")


def _show_instruction(code: dict[str, Any], key: str) -> None:
    with st.expander(say("edit_instruction")), st.form(f"instruction-{key}", border=False):
        text = Instruction.model_validate(code["instruction"]).as_text()
        st.text_area(
            say("edit_instruction"),
            text,
            height=220,
            key=f"edited-{key}",
            label_visibility="collapsed",
        )
        st.form_submit_button(say("write_again"), on_click=_write_again, args=(code, key))


def _run_again(code: dict[str, Any], key: str) -> None:
    assistant = program().assistant
    _start(key, lambda job: assistant.run_again(code))


def _write_again(code: dict[str, Any], key: str) -> None:
    assistant, instruction = program().assistant, st.session_state[f"edited-{key}"]

    def tell(event: Event, job: Job) -> None:
        if event.kind == "step_started":
            job.tell(f"{event.name} {event.detail}")

    _start(
        key, lambda job: assistant.write_again(code, instruction, lambda event: tell(event, job))
    )


def _start(key: str, work: Callable[[Job], Any]) -> None:
    running = st.session_state.get(f"code-job-{key}")
    if running is None or running.done:
        st.session_state[f"code-job-{key}"] = Job(work)


@st.fragment(run_every=_POLL_S)
def _watch(job: Job) -> None:
    if job.done:
        st.rerun()
    st.progress(job.share, escaped(job.doing or say("working")))
