"""The one assistant of this process: opened in the background, shared by every tab."""

import gc
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

import streamlit as st

from ingestion.errors import AgentError
from ui.web.jobs import Jobs
from ui.web.running import Runs

if TYPE_CHECKING:
    from rag_agent.assistant import Assistant

Report = Callable[[str, float], None]


def open_assistant(report: Report) -> "Assistant":
    """Open the assistant that the pages use. Tests put another function in its place."""
    from rag_agent.assistant import Assistant
    from rag_agent.settings import load_settings

    return Assistant(load_settings(), report=report)


class Program:
    """The assistant and the state of its loading."""

    def __init__(self) -> None:
        self.doing = ""
        self.error: AgentError | None = None
        self._opened: Future[Assistant] = Future()
        self._warm = threading.Event()
        self._opening = threading.Thread(target=self._open, daemon=True)
        self._lock = threading.Lock()

    def open(self) -> None:
        """Begin to load models and library in the background, unless that has begun."""
        with self._lock:
            if self._opening.ident is None:
                self._opening.start()

    @property
    def assistant(self) -> "Assistant":
        """The assistant; waits for the second that its imports take, not for its models.

        Raises:
            AgentError: The settings do not allow to open it.
        """
        self.open()
        return self._opened.result()

    @property
    def ready(self) -> bool:
        """Whether models and library are loaded, or failed to (`error` says why)."""
        return self._warm.is_set()

    def _open(self) -> None:
        try:
            assistant = open_assistant(self._tell)
            self._opened.set_result(assistant)
            assistant.warm_up()
            gc.freeze()  # what the libraries hold is for good; looking through it takes 0.5 s each time
        except AgentError as error:
            self.error = error
            if not self._opened.done():
                self._opened.set_exception(error)
        except Exception as error:  # whoever waits for the assistant must not wait for ever
            self.error = AgentError(
                f"{type(error).__name__}: {error}", next_step="Please report it"
            )
            if not self._opened.done():
                self._opened.set_exception(self.error)
            raise
        finally:
            self._warm.set()

    def _tell(self, what: str, share: float) -> None:
        self.doing = f"{what} {share:.0%}" if share else what


@st.cache_resource(show_spinner=False)
def program() -> Program:
    """The program of this process."""
    return Program()


@st.cache_resource(show_spinner=False)
def runs() -> Runs:
    """The questions on their way in this process."""
    return Runs()


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The long work under way in this process."""
    return Jobs()


def reopen() -> None:
    """Open the program anew, as after a change of settings; running questions end with the old one."""
    program.clear()
