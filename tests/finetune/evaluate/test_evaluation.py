import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from finetune.answers.generation import with_server
from finetune.config import Config
from finetune.data.prepare import prepare
from finetune.errors import FingerprintError, GenerationError
from finetune.evaluate.evaluation import generate, predictions_file, score
from finetune.evaluate.report import plot_scores, table
from finetune.run_folder import RunFolder, read_json_lines

Make = Callable[..., Config]


def completions(request: Request) -> Response:
    """Answers with the length of the prompt; the adapter says it twice."""
    body = request.get_json()
    text = f"{len(body['prompt'])} " * (2 if body["model"] == "tuned" else 1)
    reply = {
        "choices": [{"text": text, "finish_reason": "stop"}],
        "usage": {"completion_tokens": 2},
    }
    return Response(json.dumps(reply), content_type="application/json")


@pytest.fixture
def served(make_config: Make, tiny_base: Path, httpserver: HTTPServer) -> Config:
    httpserver.expect_request("/v1/completions").respond_with_handler(completions)
    config = make_config(
        "evaluate.backend=server", f"evaluate.base_url={httpserver.url_for('/v1')}"
    )
    prepare(config)
    return config


def with_some_adapter(config: Config) -> None:
    folder = RunFolder(config.folder)
    folder.adapter.mkdir()
    (folder.adapter / "fingerprint.json").write_text(folder.fingerprint.read_text())


def test_generation_resumes(served: Config, httpserver: HTTPServer) -> None:
    generate(served, "base", progress=False)
    path = predictions_file(RunFolder(served.folder), "base", "test")
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 8
    path.write_text("".join(lines[:5]))
    httpserver.clear_log()
    generate(served, "base", progress=False)
    assert len(httpserver.log) == 3
    assert sorted(path.read_text().splitlines(keepends=True)) == sorted(lines)


def test_other_settings_do_not_mix(served: Config, make_config: Make) -> None:
    generate(served, "base", progress=False)
    longer = served.model_copy(
        update={"evaluate": served.evaluate.model_copy(update={"max_new_tokens": 99})}
    )
    with pytest.raises(GenerationError, match="other settings"):
        generate(longer, "base", progress=False)


@pytest.mark.long
def test_table_of_base_and_tuned(served: Config, tmp_path: Path) -> None:
    with_some_adapter(served)
    for who in ("base", "tuned"):
        generate(served, who, progress=False)
    scores = score(served, ["base", "tuned"])
    assert scores["metrics"]["ended"]["models"]["base"]["value"] == 1
    text = table(scores)
    assert "| BLEU-4, corpus |" in text
    assert scores["metrics"]["bleu4"]["signature"] in text
    plot_scores(scores, tmp_path / "scores.png")
    assert (tmp_path / "scores.png").stat().st_size > 1000


def test_tuned_needs_an_adapter_of_this_base(served: Config) -> None:
    with pytest.raises(FingerprintError, match="holds no fingerprint"):
        generate(served, "tuned", progress=False)
    with_some_adapter(served)
    other = RunFolder(served.folder).adapter / "fingerprint.json"
    other.write_text(json.dumps({"template": "x", "tokenizer": "y", "weights": "z"}))
    with pytest.raises(FingerprintError, match="does not belong"):
        generate(served, "tuned", progress=False)


def test_missing_answers_are_not_scored(served: Config) -> None:
    with pytest.raises(GenerationError, match="lacks 8 of 8"):
        score(served, ["base"])


@pytest.mark.parametrize(
    ("reply", "status", "message"),
    [('{"choices": []}', 200, "no OpenAI completion"), ("busy", 503, "does not answer")],
)
def test_server_faults_say_what_to_do(
    httpserver: HTTPServer, reply: str, status: int, message: str
) -> None:
    httpserver.expect_request("/v1/completions").respond_with_data(reply, status=status)
    generator = with_server(httpserver.url_for("/v1"), "m", 2, timeout_s=5)
    with pytest.raises(GenerationError, match=message):
        list(generator([[1, 2]], 4))


def test_humaneval_is_run_in_the_sandbox(
    make_config: Make, tiny_base: Path, tmp_path: Path, httpserver: HTTPServer
) -> None:
    problem = {
        "task_id": "T/0",
        "prompt": "def one() -> int:\n",
        "canonical_solution": "    return 1\n",
        "test": "def check(f):\n    assert f() == 1\n",
        "entry_point": "one",
    }
    problems = tmp_path / "HumanEval.jsonl"
    problems.write_text(json.dumps(problem))

    def solve(request: Request) -> Response:
        reply: dict[str, Any] = json.loads(completions(request).data)
        reply["choices"][0]["text"] = "def one():\n    return 1"
        return Response(json.dumps(reply), content_type="application/json")

    httpserver.expect_request("/v1/completions").respond_with_handler(solve)
    config = make_config(
        "evaluate.backend=server",
        f"evaluate.base_url={httpserver.url_for('/v1')}",
        f"data.humaneval={problems}",
        "evaluate.humaneval_problems=1",
        f'evaluate.runner=["{sys.executable}", "{{file}}"]',
    )
    prepare(config)
    generate(config, "base", progress=False)
    scores = score(config, ["base"])
    assert scores["metrics"]["humaneval"]["models"]["base"]["value"] == 1
    verdicts = read_json_lines(RunFolder(config.folder).predictions / "base-humaneval-passed.jsonl")
    assert [verdict["passed"] for verdict in verdicts] == [True]
