"""What `serve` tells Prometheus: requests by route and status, behind a key, without what was asked."""

import httpx
import pytest

from rag_agent.assistant import Assistant
from rag_agent.serving.access.guard import guarded
from rag_agent.serving.access.hosts import names
from rag_agent.serving.api import api_app
from rag_agent.serving.measured import Measured
from rag_agent.settings import ServeSettings
from tests.rag_agent.serving.conftest import TOKEN, listening
from tests.rag_agent.serving.test_api import BEARER, QUESTION

pytest.importorskip("prometheus_client", reason="needs the extra server: make setup-server")


def test_requests_are_counted_by_route_and_status(assistant: Assistant) -> None:
    from rag_agent.telemetry.metrics import Metrics

    metrics = Metrics()
    app = guarded(api_app(assistant, metrics), TOKEN, ServeSettings(), names("127.0.0.1", ()))
    with (
        listening(Measured(app, metrics)) as address,
        httpx.Client(base_url=address, headers=BEARER, timeout=60) as http,
    ):
        http.post("/v1/ask", json={"question": QUESTION})
        http.get("/v1/sessions/a-secret-name")
        http.get("/v1/jobs/none-0")
        http.get("/v1/nothing-of-that-name")
        http.get("/v1/models", headers={"Authorization": "Bearer ak-a-wrong-key"})
        assert httpx.get(f"{address}/metrics").status_code == 401
        told = http.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain")
    counted = dict(line.rsplit(" ", 1) for line in told.text.splitlines() if line[0] != "#")
    for route, status in (
        ("/v1/ask", 200),
        ("/v1/sessions/{name:path}", 400),
        ("/v1/jobs/{id}", 400),
        ("none", 404),
    ):
        assert counted[f'arxiv_agent_requests_total{{route="{route}",status="{status}"}}'] == "1.0"
    assert counted['arxiv_agent_requests_total{route="none",status="401"}'] == "2.0"
    assert counted['arxiv_agent_request_seconds_count{route="/v1/ask"}'] == "1.0"
    assert float(counted["process_resident_memory_bytes"]) > 1e6
    for word in ("secret", "none-0", "nothing-of", "wrong-key", TOKEN, "lunar"):
        assert word not in told.text


def test_without_the_setting_there_is_no_page(assistant: Assistant) -> None:
    app = guarded(api_app(assistant), TOKEN, ServeSettings(), names("127.0.0.1", ()))
    with listening(app) as address:
        assert httpx.get(f"{address}/metrics", headers=BEARER).status_code == 404
