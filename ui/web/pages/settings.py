"""Models, retrieval and language, kept in the settings file; and whether everything needed is there."""

from typing import Any, NamedTuple, get_args

import streamlit as st
from pydantic import SecretStr

from ingestion.errors import AgentError
from rag_agent.model.opening import open_model
from rag_agent.settings import Mode, ReaderSettings, Settings, load_settings, origins, settings_file
from rag_agent.settings_file import save_settings
from ui import doctor
from ui.web import messages, watching
from ui.web.jobs import Job
from ui.web.plain import as_html, escaped
from ui.web.program import jobs, program, reopen
from ui.web.texts import LANGUAGES, language, say


class Preset(NamedTuple):
    """A model server's address, an example of a model's name on it, and the text that says how to get both."""

    url: str
    model: str
    hint: str


_KEYS = ("reader.api_key", "coder.api_key")
_SERVER = ("model", "base_url", "api_key")
_MODEL, _URL = "reader.model", "reader.base_url"
_PRESETS = {
    "Ollama": Preset("http://127.0.0.1:11434/v1", "qwen2.5:7b", "hint_ollama"),
    "vLLM": Preset("http://127.0.0.1:8000/v1", "Qwen/Qwen2.5-7B-Instruct", "hint_vllm"),
    "llama.cpp server": Preset("http://127.0.0.1:8080/v1", "local", "hint_llama_cpp"),
    "hosted": Preset("https://api.openai.com/v1", "gpt-…", "hint_hosted"),
}
"""The addresses are those that each server has by itself; the models are examples."""
_TOKENS_OF_A_TRY = 4
_EMBEDDED = "embedded"


class Fields:
    """Widgets for settings, named as the settings are; those that the environment sets are locked."""

    def __init__(self, settings: Settings) -> None:
        self._values = origins(settings, {})
        self.names: list[str] = []

    def text(self, name: str, label: str, empty: str = "") -> None:
        """A text; `empty` says what it means to leave it out."""
        common, key = self._common(name), _key(name)
        typed = (
            {} if key in st.session_state else {"value": self._values[name][0]}
        )  # or chosen above
        st.text_input(label, placeholder=empty, **typed, **common)

    def locked(self, name: str) -> bool:
        """Whether the environment sets it."""
        return self._values[name][1] == "environment"

    def secret(self, name: str, label: str) -> None:
        """A key: what is kept is not shown, and what is typed takes its place."""
        kept = bool(self._values[name][0].get_secret_value())
        told = say("key_kept") if kept else say("no_key")
        common = self._common(name)
        st.text_input(label, "", type="password", placeholder=told, **common)

    def number(self, name: str, label: str, least: int, most: int) -> None:
        """A whole number."""
        st.number_input(label, least, most, self._values[name][0], **self._common(name))

    def share(self, name: str, label: str) -> None:
        """A number from 0 to 1."""
        st.slider(label, 0.0, 1.0, float(self._values[name][0]), 0.01, **self._common(name))

    def choice(self, name: str, label: str, options: dict[str, str]) -> None:
        """One of a few values, by value and what it is called."""
        index = list(options).index(self._values[name][0])
        st.selectbox(label, list(options), index, options.__getitem__, **self._common(name))

    def changes(self) -> dict[str, Any]:
        """What differs from the settings in force, by name."""
        chosen = {name: st.session_state[_key(name)] for name in self.names}
        return {name: value for name, value in chosen.items() if self._differs(name, value)}

    def _differs(self, name: str, value: Any) -> bool:
        before = self._values[name][0]
        return bool(value) if isinstance(before, SecretStr) else value != before

    def _common(self, name: str) -> dict[str, Any]:
        locked = self.locked(name)
        if not locked:
            self.names.append(name)
        help_text = say("from_environment") if locked else None
        return {"key": _key(name), "disabled": locked, "help": help_text}


def show_form(settings: Settings) -> None:
    """The settings that matter most; `arxiv-agent settings` lists all."""
    fields = Fields(settings)
    preset = choose_server(locked=fields.locked(_MODEL) or fields.locked(_URL))
    with st.form("settings", border=False):
        fields.text(_URL, say("reader_server"), say("embedded"))
        fields.text(_MODEL, say("reader"), preset.model if preset else "")
        fields.secret(_KEYS[0], say("reader_key"))
        fields.text("coder.model", say("coder"), say("same_model"))
        fields.text("coder.base_url", say("coder_server"), say("same_model"))
        fields.secret(_KEYS[1], say("coder_key"))
        fields.text("coder.adapter", say("adapter"), say("no_adapter"))
        messages.small(say("key_goes"))
        fields.choice("page.language", say("language"), LANGUAGES)
        st.markdown(f"#### {escaped(say('answering'))}")
        fields.share("retrieval.threshold", say("threshold"))
        fields.choice("retrieval.mode", say("mode"), {mode: mode for mode in get_args(Mode)})
        fields.number("retrieval.top_k", say("top_k"), 1, 100)
        fields.number("agent.rounds", say("rounds"), 1, 10)
        with st.container(horizontal=True):
            sent = st.form_submit_button(say("save"), type="primary")
            tried = st.form_submit_button(say("test_connection"), icon=":material/cable:")
    messages.small(say("saved_in", file=settings_file(settings.home)))
    if sent:
        save(settings, fields.changes())
    if tried:
        try_reader(settings)
    show_tried()


def choose_server(*, locked: bool) -> Preset | None:
    """A short way to another model server: it fills in the address, and says how its models are named."""
    st.markdown(f"#### {escaped(say('models'))}")
    options = [*_PRESETS, _EMBEDDED]
    st.selectbox(
        say("model_server"),
        options,
        None,
        lambda name: say(f"server_{name}") if name in ("hosted", _EMBEDDED) else name,
        key="preset",
        placeholder=say("choose_server"),
        on_change=fill_in,
        disabled=locked,
        help=say("from_environment") if locked else None,
    )
    chosen = str(st.session_state["preset"] or "")
    preset = _PRESETS.get(chosen)
    if chosen:
        messages.notice(say(preset.hint if preset else "hint_embedded"))
    return preset


def fill_in() -> None:
    """Put the address of the server chosen into the form; nothing is saved yet."""
    preset = _PRESETS.get(str(st.session_state["preset"] or ""))
    embedded = "" if preset else ReaderSettings().model
    st.session_state[_key(_URL)] = preset.url if preset else ""
    st.session_state[_key(_MODEL)] = embedded


def try_reader(settings: Settings) -> None:
    """Ask the server that is typed for one word, before anything is saved.

    A kept key goes to the address that it was kept for, and to no other.
    """
    typed = {name: str(st.session_state.get(_key(f"reader.{name}"), "")) for name in _SERVER}
    if not typed["base_url"]:
        none = say("no_server")  # the job has no page, nor its language
        jobs().start("connection", lambda job: none)
        return
    no_name = say("no_model_name")
    if not typed["model"]:
        jobs().start("connection", lambda job: no_name)
        return
    kept = settings.reader.api_key.get_secret_value()
    if not typed["api_key"] and typed["base_url"] == settings.reader.base_url:
        typed["api_key"] = kept
    chosen = load_settings(reader=typed)
    answered = say("server_answers", model=typed["model"], url=typed["base_url"])

    def work(job: Job) -> str:
        model = open_model("reader", chosen)  # at an address it is a client: nothing is loaded
        "".join(model.stream([("user", "Reply with the word ready.")], _TOKENS_OF_A_TRY))
        return answered

    jobs().start("connection", work)


def show_tried() -> None:
    """What came of the last try."""
    job = jobs().get("connection")
    if job is not None and watching.show_job(job):
        messages.notice(job.result)


def save(settings: Settings, changes: dict[str, Any]) -> None:
    """Keep changes and open the program anew with them; questions on their way end with the old one."""
    if changes:
        saved = save_settings(settings.home, changes)
        st.session_state["language"] = saved.page.language
        reopen()
    st.session_state["settings_saved"] = True
    st.rerun()


def show_health(settings: Settings) -> None:
    """What `arxiv-agent doctor` says, looked up when asked for."""
    st.markdown(f"#### {escaped(say('health'))}")
    if st.button(say("check_now"), key="check", icon=":material/health_and_safety:"):
        spoken = language()  # the job has no page to ask
        jobs().start("health", lambda job: list(doctor.checks(settings, spoken)))
    job = jobs().get("health")
    if job is not None and watching.show_job(job):
        for check in job.result:
            show_check(check)


def show_check(check: doctor.Check) -> None:
    """One thing looked at, and how to mend it."""
    mend = f"<br>→ {as_html(check.mend)}" if check.mend else ""
    st.html(
        f'<p class="check {check.state}"><b>{as_html(say(f"check {check.name}"))}</b><i>{as_html(say(check.state))}</i>'
        f"<span>{as_html(check.detail)}{mend}</span></p>"
    )


def _key(name: str) -> str:
    return f"setting-{name}"


st.markdown(f"## {escaped(say('settings'))}")
if st.session_state.pop("settings_saved", False):
    messages.notice(say("saved"))
    for name in _KEYS:  # or it would count as typed again with the next address
        st.session_state[_key(name)] = ""
try:
    show_form(load_settings())
except AgentError as error:
    messages.failure(error.what, error.kept, error.next_step)
show_health(program().assistant.settings)
