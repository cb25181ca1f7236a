"""Spans and metrics of a question: what they tell, what they never tell, and that nobody is measured unasked."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingestion.errors import AgentError
from ingestion.store.owner import stop_owner
from rag_agent.assistant import Assistant
from rag_agent.settings import load_settings
from rag_agent.stream import answer_of
from rag_agent.telemetry import span, watching
from tests.rag_agent.serving.test_api import QUESTION
from tests.ui.scripted import scripted_assistant
from ui.cli import app

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = tmp_path_factory.mktemp("telemetry") / "home"
    yield scripted_assistant(home)
    stop_owner(home / "library")


@pytest.fixture
def spans(assistant: Assistant) -> tuple[Any, ...]:
    """The spans of a question in a conversation, by OpenTelemetry's exporter in memory."""
    pytest.importorskip("opentelemetry.sdk", reason="needs the extra server: make setup-server")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from rag_agent.telemetry.traces import Traces

    exporter = InMemorySpanExporter()
    with watching(Traces(SimpleSpanProcessor(exporter))):
        answer_of(assistant.ask(QUESTION, session="a secret name"))
    return tuple(exporter.get_finished_spans())


def test_a_question_is_a_tree_of_plan_search_model_and_checks(spans: tuple[Any, ...]) -> None:
    by_id = {each.context.span_id: each for each in spans}
    above = {each.name: by_id[each.parent.span_id].name if each.parent else "" for each in spans}
    assert above["question"] == ""
    assert above["plan"] == above["search"] == above["answer"] == "question"
    assert above["model"] == above["checks"] == "answer"
    (question,) = (each for each in spans if each.name == "question")
    told = dict(question.attributes)
    assert (told["arxiv_agent.route"], told["arxiv_agent.verdict"]) == ("research", "supported")
    assert told["arxiv_agent.claims"] == 1
    (model,) = (each for each in spans if each.name == "model")
    assert model.attributes["arxiv_agent.completion_tokens"] > 0


def test_no_span_holds_a_text(spans: tuple[Any, ...]) -> None:
    everything = " ".join(each.to_json() for each in spans).lower()
    for word in ("lunar", "tide", "pond", "nanometres", "secret"):
        assert word not in everything


def test_an_error_is_told_by_its_class_alone(assistant: Assistant) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="needs the extra server: make setup-server")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from rag_agent.telemetry.traces import Traces

    exporter = InMemorySpanExporter()
    with (
        watching(Traces(SimpleSpanProcessor(exporter))),
        pytest.raises(AgentError),
        span("question"),
    ):
        raise AgentError("Something about ponds")
    (failed,) = exporter.get_finished_spans()
    assert failed.attributes["error.type"] == "AgentError"
    assert not failed.status.is_ok
    assert "ponds" not in failed.to_json()


def test_metrics_count_questions_steps_and_tokens(assistant: Assistant) -> None:
    pytest.importorskip("prometheus_client", reason="needs the extra server: make setup-server")
    from rag_agent.telemetry.metrics import Metrics

    metrics = Metrics()
    with watching(metrics):
        answer_of(assistant.ask(QUESTION))
        answer_of(assistant.ask("Which zebra won the marathon of the moon in a submarine?"))
    page = metrics.page()[0].decode()
    assert 'arxiv_agent_questions_total{verdict="supported"} 1.0' in page
    assert 'arxiv_agent_questions_total{verdict="declined"} 1.0' in page
    assert 'arxiv_agent_span_seconds_count{name="plan"} 2.0' in page
    assert 'arxiv_agent_model_tokens_total{kind="written"}' in page
    assert "zebra" not in page.lower()


def test_an_ingest_leaves_its_counts_in_a_file(home: Path) -> None:
    pytest.importorskip("prometheus_client", reason="needs the extra server: make setup-server")
    from ingestion.pipeline import IngestReport
    from rag_agent.telemetry.metrics import IngestFile

    file = IngestFile(home)
    file.told(IngestReport(read=3, new=2, rejected=1, embedded=2))
    file.told(IngestReport(read=6, new=4, rejected=2, embedded=4))
    page = (home / "metrics" / "ingest.prom").read_text()
    assert 'arxiv_agent_ingested_papers_total{outcome="new"} 4.0' in page
    assert 'arxiv_agent_ingested_papers_total{outcome="rejected"} 2.0' in page
    assert list((home / "metrics").iterdir()) == [home / "metrics" / "ingest.prom"]


_UNASKED = """
import sys
from pathlib import Path
from rag_agent.stream import answer_of
from tests.ui.scripted import scripted_assistant
from rag_agent.serving.api import api_app
assistant = scripted_assistant(Path(sys.argv[1]))
api_app(assistant)
answer_of(assistant.ask("What is the lunar tide of the garden pond?", session="x"))
optional = ("psycopg", "psycopg_pool", "procrastinate", "prometheus_client", "ray")
optional += ("rag_agent.telemetry.traces",)  # others take OpenTelemetry where it is installed
print([name for name in optional if name in sys.modules])
"""


def test_one_machine_imports_none_of_the_optional_packages(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-c", _UNASKED, str(home)], capture_output=True, text=True, check=True
    )
    stop_owner(home / "library")
    assert done.stdout.strip() == "[]"


def test_what_is_asked_for_and_missing_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    settings = load_settings(telemetry={"traces": "http://127.0.0.1:9/v1/traces"})
    with pytest.raises(AgentError, match="setup-server"):
        Assistant(settings)
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    settings = load_settings(database={"url": "postgresql://127.0.0.1:9/none"})
    with pytest.raises(AgentError, match="setup-server"):
        Assistant(settings).conversations.sessions()


@pytest.mark.parametrize("url", ["mysql://x", "/tmp/file", "x"])
def test_an_address_that_is_no_postgresql_is_named(home: Path, url: str) -> None:
    with pytest.raises(AgentError, match=r"database\.url.*postgresql"):
        load_settings(database={"url": url})


def test_a_password_is_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV_AGENT_DATABASE__URL", "postgresql://me:sesame@127.0.0.1/x")
    assert "sesame" not in CliRunner().invoke(app, ["settings"]).output


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    pytest.importorskip("prometheus_client", reason="needs the extra server: make setup-server")
    from rag_agent.telemetry.metrics import Metrics

    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    used = {name.removesuffix("_bucket") for name in re.findall(r"arxiv_agent_\w+", asked)}
    there = set(re.findall(r"# TYPE (arxiv_agent_\w+)", Metrics().page()[0].decode()))
    assert used - there == set()
    assert len(used) == 9
