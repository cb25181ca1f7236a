"""The plain LangChain way of ingesting: HuggingFaceEmbeddings and Milvus.from_documents, defaults throughout.

langchain-huggingface wants an older huggingface-hub than the project pins. So this runs in an environment of
its own, made once in the user's cache, that borrows everything else from the project's.
"""

import json
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from bench.rivals import MODEL
from ingestion.machine import weights
from ingestion.paper import Paper
from rag_agent.settings import home_folder

PACKAGES = ("langchain-milvus==0.4.0", "langchain-huggingface==1.2.3")

# Reads the model's folder and [[id, text], …] from standard input; prints seconds.
_SCRIPT = """
import json, sys, tempfile, time
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_milvus import Milvus

model, rows = json.load(sys.stdin)
documents = [Document(text, metadata={"id": id_}) for id_, text in rows]
embeddings = HuggingFaceEmbeddings(model_name=model)
embeddings.embed_documents([rows[0][1]])
with tempfile.TemporaryDirectory() as folder:
    started = time.perf_counter()
    store = Milvus.from_documents(
        documents,
        embeddings,
        connection_args={"uri": f"{folder}/milvus.db"},
        index_params={"index_type": "FLAT", "metric_type": "COSINE"},
    )
    seconds = time.perf_counter() - started
    store.similarity_search(rows[0][1], k=1)
print(json.dumps(seconds))
"""


def measure(papers: Sequence[Paper]) -> dict[str, Any]:
    """Papers a second from memory to a searchable store, or why not."""
    rows = [[paper.arxiv_id, paper.text] for paper in papers]
    model = str(weights.resolve(MODEL, home_folder()))
    try:
        ran = subprocess.run(
            [_environment(), "-c", _SCRIPT],
            input=json.dumps([model, rows]),
            capture_output=True,
            text=True,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        return {"not measured": error.stderr.strip().rpartition("\n")[-1][:200]}
    seconds = json.loads(ran.stdout.splitlines()[-1])
    return {"papers": len(papers), "papers/s": round(len(papers) / seconds, 1)}


def _environment() -> Path:
    """Python of the environment, made where it is missing.

    Raises:
        subprocess.CalledProcessError: pip cannot install the packages.
    """
    folder = user_cache_path("arxiv-agent-bench") / "langchain"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        own = folder / "lib" / version / "site-packages"
        (own / "project.pth").write_text(sysconfig.get_path("purelib") + "\n")
        command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(command, capture_output=True, text=True, check=True)
        (folder / "ready").touch()
    return python
