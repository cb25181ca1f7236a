"""The import contracts of pyproject.toml: each holds, and each would notice that it is broken."""

import subprocess
import sys
import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.application.use_cases import _register_contract_types, read_user_options
from importlinter.configuration import configure
from importlinter.domain.contract import registry

ROOT = Path(__file__).parents[1]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
NAMES = [contract["name"] for contract in LINTER["contracts"]]
HEAVY = (
    "ray",
    "psycopg",
    "procrastinate",
    "prometheus_client",
    "torch",
    "transformers",
    "sentence_transformers",
    "xllamacpp",
    "langgraph",
    "openai",
    "streamlit",
)

# The beginning of a contract's name, and imports that it forbids.
BROKEN_BY = {
    "ui -> rag_agent -> ingestion": [
        ("ingestion.paper", "rag_agent.answer"),
        ("rag_agent.answer", "ui.console"),
        ("ui.console", "bench.scores"),
    ],
    "finetune stands alone": [("finetune.cli", "ui.console"), ("ui.console", "finetune.cli")],
    "finetune imports neither": [
        ("finetune.cli", "rag_agent.answer"),
        ("finetune.cli", "ingestion.paper"),
        ("finetune.cli", "bench.scores"),
    ],
    "finetune's rooms": [
        ("finetune.base.loading", "finetune.data.rows"),
        ("finetune.base.devices", "finetune.answers.scoring"),
        ("finetune.answers.generation", "finetune.adapters.exporting"),
        ("finetune.data.prepare", "finetune.adapters.merging"),
        ("finetune.data.prepare", "finetune.evaluate.functions"),
        ("finetune.adapters.merging", "finetune.train.training"),
        ("finetune.train.training", "finetune.evaluate.evaluation"),
        ("finetune.evaluate.evaluation", "finetune.ship.promotion"),
        ("finetune.ship.checking", "finetune.evolve.tasks"),
    ],
    "the agent and the library do not import finetune": [
        ("rag_agent.answer", "finetune.config"),
        ("ingestion.paper", "finetune.config"),
    ],
    "only ingestion.store": [
        ("ingestion.paper", "pymilvus"),
        ("rag_agent.retrieval", "milvus_lite"),
        ("ui.console", "pymilvus"),
    ],
    "the agent's rooms": [
        ("rag_agent.assistant", "rag_agent.serving.run"),
        ("rag_agent.grounding.evidence", "rag_agent.asking.graph"),
        ("rag_agent.grounding.evidence", "rag_agent.code.source"),
        ("rag_agent.code.source", "rag_agent.asking.graph"),
        ("rag_agent.asking.graph", "rag_agent.assistant"),
        ("rag_agent.asking.graph", "rag_agent.tables.making"),
        ("rag_agent.jobs.jobs", "rag_agent.asking.graph"),
        ("rag_agent.prompts", "rag_agent.code.source"),
        ("rag_agent.model.client", "rag_agent.prompts"),
        ("rag_agent.sandbox", "rag_agent.model.client"),
        ("rag_agent.database.sqlite", "rag_agent.conversations.store"),
        ("rag_agent.telemetry.spans", "rag_agent.model.client"),
    ],
    "the library's rooms": [
        ("ingestion.fulltext.passages", "ingestion.store.collection"),
        ("ingestion.sources.starter", "ingestion.pipeline"),
        ("ingestion.machine.weights", "ingestion.library"),
    ],
    "only ingestion.on_ray": [
        ("ingestion.pipeline", "ray"),
        ("ingestion.sources.metadata_files", "fsspec"),
        ("ui.console", "ray"),
    ],
    "PostgreSQL's packages": [
        ("rag_agent.conversations.store", "psycopg"),
        ("rag_agent.jobs.postgres", "psycopg_pool"),
        ("rag_agent.serving.works.own_queue", "procrastinate"),
        ("ingestion.library", "psycopg"),
    ],
    "what measures": [
        ("rag_agent.telemetry.spans", "opentelemetry"),
        ("rag_agent.serving.measured", "prometheus_client"),
        ("ingestion.pipeline", "prometheus_client"),
    ],
    "the plain ingest does not know of Ray": [
        ("ingestion.library", "ingestion.on_ray.run"),
        ("rag_agent.assistant", "ingestion.on_ray.stages"),
    ],
    "only rag_agent.asking": [
        ("rag_agent.grounding.evidence", "langgraph"),
        ("rag_agent.code.source", "langgraph"),
        ("rag_agent.assistant", "langgraph"),
        ("ui.console", "langgraph"),
        ("rag_agent.conversations.store", "langgraph"),
    ],
    "only ui imports streamlit": [("rag_agent.answer", "streamlit"), ("bench.scores", "streamlit")],
}


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    """The program's imports as they are."""
    return grimp.build_graph(
        *LINTER["root_packages"], include_external_packages=True, cache_dir=None
    )


def kept(name: str, imports: grimp.ImportGraph) -> bool:
    """Whether the contract whose name begins so holds for these imports."""
    configure()
    options = read_user_options(str(ROOT / "pyproject.toml"))
    _register_contract_types(options)
    (chosen,) = (each for each in options.contracts_options if each["name"].startswith(name))
    contract: Any = registry.get_contract_class(chosen["type"])(
        name=chosen["name"], session_options=options.session_options, contract_options=chosen
    )
    return bool(contract.check(deepcopy(imports), verbose=False).kept)


def test_every_contract_has_an_import_that_breaks_it() -> None:
    for name in NAMES:
        assert sum(name.startswith(beginning) for beginning in BROKEN_BY) == 1, name
    assert len(NAMES) == len(BROKEN_BY)


@pytest.mark.parametrize("name", BROKEN_BY)
def test_contract_holds(name: str, imports: grimp.ImportGraph) -> None:
    assert kept(name, imports)


@pytest.mark.parametrize(
    ("name", "importer", "imported"),
    [(name, *pair) for name, pairs in BROKEN_BY.items() for pair in pairs],
)
def test_contract_fails_when_broken(
    name: str, importer: str, imported: str, imports: grimp.ImportGraph
) -> None:
    broken = deepcopy(imports)
    assert importer in broken.modules
    broken.add_import(importer=importer, imported=imported)
    assert not kept(name, broken)


def test_faces_import_nothing_heavy() -> None:
    faces = [
        ".".join(path.relative_to(ROOT).parent.parts)
        for package in ("ingestion", "rag_agent", "finetune", "ui")
        for path in (ROOT / package).rglob("__init__.py")
    ]
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {', '.join(faces)}; print(*sys.modules)"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(loaded.stdout.split()) & set(HEAVY) == set()
