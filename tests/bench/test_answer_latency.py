import time
from collections.abc import Iterator
from typing import Any

import pytest

from bench import answer_latency
from bench.answer_latency import ask, summary, table
from rag_agent.answer import Answer
from rag_agent.events import Answered, Event, Failed, TextWritten
from rag_agent.model.client import LanguageModel, Usage
from rag_agent.settings import load_settings


class OneAnswer:
    """An assistant that says a word, waits for 'the model', and is done."""

    def __init__(self, models: answer_latency._Watched, last: Event) -> None:
        self._models, self._last = models, last

    def ask(self, question: str) -> Iterator[Event]:
        used = LanguageModel("m", usage=Usage(2, 600, 40, 300, 0.05))
        self._models.opened.append(used)
        yield TextWritten("words")
        time.sleep(0.1)
        yield self._last


def test_an_answer_is_timed_and_its_model_counted() -> None:
    models = answer_latency._Watched(load_settings(), prompt_cache=True)
    answered = Answered(Answer("q", "en", True, model_seconds=0.05))
    assistant: Any = OneAnswer(models, answered)
    row = ask("q", assistant, models, time.time() - 1)
    assert 1 <= row["first, s"] < row["total, s"]
    assert 0.9 < row["outside"] < 1
    assert (row["calls"], row["prompt tokens"], row["cached tokens"]) == (2, 600, 300)


def test_a_question_that_fails_ends_the_run() -> None:
    models = answer_latency._Watched(load_settings(), prompt_cache=True)
    assistant: Any = OneAnswer(models, Failed("no library"))
    with pytest.raises(RuntimeError, match="no library"):
        ask("q", assistant, models, time.time())


def test_without_prompt_cache_each_request_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = LanguageModel("m", extra_body={"lora": []})
    monkeypatch.setattr(answer_latency, "open_model", lambda role, settings: opened)
    watched = answer_latency._Watched(load_settings(), prompt_cache=False)
    assert watched("reader").extra_body == {"lora": [], "cache_prompt": False}


def test_medians_by_condition() -> None:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("cold", {"total, s": 9.0}),
        ("warm", {"total, s": 1.0}),
        ("warm", {"total, s": 2.0}),
    ]
    medians = summary(rows)
    assert medians == {"cold": {"total, s": 9.0}, "warm": {"total, s": 1.5}}
    assert "warm" in table(medians)
