"""How well and how fast papers are read: parsers, first and second question, facts among what is found.

    python -m bench.reading [text] [speed] [facts] [--show]

Needs ../shared/data; weights come from the data folder. `facts` asks the questions of the shared file, whose
key facts stand in `paper_key_facts.jsonl`, and those of `paper_questions.jsonl`, written for this benchmark
over the other papers; `--show` prints what was found.
"""

import argparse
import gzip
import json
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ingestion.embedding import Embedder
from ingestion.embedding.model import LocalEmbedder
from ingestion.errors import PdfError
from ingestion.fulltext.pdf_text import read_pdf
from ingestion.paper import Paper
from ingestion.settings import EmbeddingSettings, PdfSettings
from rag_agent.grounding.full_text import FullText
from rag_agent.grounding.open_paper import OpenPaper
from rag_agent.settings import load_settings

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
HERE = Path(__file__).resolve().parent
SPEED_PAPER = "1706.03762"
SPEED_QUESTIONS = (
    "What is the time complexity of self-attention in the Transformer?",
    "Which optimizer was used?",
)
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_BROKEN = re.compile(r"[a-z](?:[-‐]\s*\n\s*|[\x02\ufffe])[a-z]")
_WORD = re.compile(r"[a-z]{3,}")


def text_quality() -> None:
    """Time and text of every shared PDF: each parser's raw text, and the stored text made of it."""
    known = _known_words()
    print(
        f"{'paper':16}{'parser':22}{'s':>7}{'known words':>13}{'ligatures':>11}{'broken words':>14}"
    )
    for pdf in sorted((DATA / "pdfs" / "papers").glob("*.pdf")):
        for name, read in {"pypdf": _pypdf, "pypdfium2": _pdfium, "read_pdf": _stored}.items():
            started = time.perf_counter()
            text = read(pdf)
            seconds = time.perf_counter() - started
            words = _WORD.findall(text.lower())
            share = sum(word in known for word in words) / max(1, len(words))
            print(
                f"{pdf.stem:16}{name:22}{seconds:7.2f}{share:13.4f}"
                f"{len(_LIGATURE.findall(text)):11}{len(_BROKEN.findall(text)):14}"
            )
    for pdf in sorted((DATA / "pdfs" / "broken").glob("*.pdf")):
        started = time.perf_counter()
        try:
            outcome = (
                f"{sum(len(page.text) for page in read_pdf(pdf, PdfSettings()).pages)} characters"
            )
        except PdfError as error:
            outcome = str(error)
        print(f"{pdf.name:38}{time.perf_counter() - started:7.2f} s  {outcome}")


def _known_words() -> set[str]:
    """Words of five or more of 20,000 abstracts: a dictionary that knows the field's terms."""
    counts: Counter[str] = Counter()
    with gzip.open(DATA / "arxiv" / "dev-20k.jsonl.gz", "rt") as lines:
        for line in lines:
            counts.update(set(_WORD.findall(json.loads(line)["abstract"].lower())))
    return {word for word, count in counts.items() if count >= 5}


def _pypdf(pdf: Path) -> str:
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)


def _pdfium(pdf: Path) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def _stored(pdf: Path) -> str:
    return "\n".join(page.text for page in read_pdf(pdf, PdfSettings()).pages)


def speed(home: Path) -> None:
    """First and second question, the plain way and ours, interleaved: medians of three runs of each.

    Beside the wall time stands the processor time of all threads and of the parser's process: on a busy
    machine only that can be compared.
    """
    pdf = DATA / "pdfs" / "papers" / f"{SPEED_PAPER}.pdf"
    model = _plain_model(LocalEmbedder(EmbeddingSettings(precision="fp32"), home))
    ours = LocalEmbedder(EmbeddingSettings(), home)
    ours.encode(["warm"])
    runs: dict[str, list[tuple[float, float]]] = {"plain way": [], "first": [], "second": []}
    for _ in range(3):
        runs["plain way"].append(_timed(lambda: _plain_way(pdf, model)))
        with tempfile.TemporaryDirectory() as folder:
            for name, question in zip(("first", "second"), SPEED_QUESTIONS, strict=True):
                runs[name].append(_timed(partial(_ask, pdf, ours, Path(folder), question)))
    medians = {
        name: [sorted(column)[1] for column in zip(*rows, strict=True)]
        for name, rows in runs.items()
    }
    plain_wall, plain_cpu = medians["plain way"]
    print(f"{'':12}{'wall s':>9}{'of plain':>10}{'cpu s':>9}{'of plain':>10}")
    for name, (wall, cpu) in medians.items():
        print(f"{name:12}{wall:9.3f}{wall / plain_wall:10.3f}{cpu:9.3f}{cpu / plain_cpu:10.3f}")


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds, ended child processes included."""
    wall, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - wall, sum(after[:4]) - sum(before[:4])


def _plain_model(embedder: LocalEmbedder) -> Any:
    """The model as sentence-transformers runs it, behind LangChain's interface."""
    from langchain_core.embeddings import Embeddings

    embedder.load()
    loaded = embedder._loaded

    class Plain(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = loaded.encode(texts).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    return Plain()


def _plain_way(pdf: Path, model: Any) -> None:
    """PyPDFLoader, RecursiveCharacterTextSplitter 1000/200, an in-memory vector store."""
    from langchain_community.document_loaders import PyPDFLoader
    from langchain_core.vectorstores import InMemoryVectorStore
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.split_documents(PyPDFLoader(str(pdf)).load())
    store = InMemoryVectorStore.from_documents(chunks, model)
    store.similarity_search(SPEED_QUESTIONS[0], k=3)


def _ask(pdf: Path, embedder: Embedder, folder: Path, question: str) -> None:
    """The top passages, with nothing in memory but the model."""
    FullText(PdfSettings(), embedder, folder).open(_paper(pdf.stem), pdf).best_passages(question)


def facts(home: Path, *, show: bool) -> None:
    """Questions whose key fact stands in a top-3 passage, and among the 12 best sentences."""
    embedder = LocalEmbedder(EmbeddingSettings(), home)
    with tempfile.TemporaryDirectory() as folder:
        full_text = FullText(PdfSettings(), embedder, Path(folder))
        for name, questions in (("shared", _shared_questions()), ("own", _own_questions())):
            in_passages, in_sentences = [], []
            for identifier, question, wanted in questions:
                opened = {paper: _open(full_text, paper) for paper in wanted}
                passages = all(
                    any(
                        _holds([p.passage.text, p.passage.reading], patterns)
                        for p in opened[paper].best_passages(question)
                    )
                    for paper, patterns in wanted.items()
                )
                sentences = all(
                    _holds([e.reading for e in opened[paper].best_sentences(question)], patterns)
                    for paper, patterns in wanted.items()
                )
                in_passages.append(passages)
                in_sentences.append(sentences)
                if show or not (passages and sentences):
                    print(f"{name:7}{identifier:40} passages {passages!s:6} sentences {sentences}")
                if show:
                    _show(question, opened.values())
            print(
                f"{name}: key fact in a top-3 passage {sum(in_passages)} of {len(in_passages)}, "
                f"among 12 sentences {sum(in_sentences)} of {len(in_sentences)}"
            )


def _shared_questions() -> Iterable[tuple[str, str, dict[str, list[str]]]]:
    wanted = {row["id"]: row["facts"] for row in _rows(HERE / "paper_key_facts.jsonl")}
    for row in _rows(DATA / "qa" / "paper-questions.jsonl"):
        yield row["id"], row["question"], wanted[row["id"]]


def _own_questions() -> Iterable[tuple[str, str, dict[str, list[str]]]]:
    for row in _rows(HERE / "paper_questions.jsonl"):
        yield row["id"], row["question"], {row["arxiv_ids"][0]: row["facts"]}


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _holds(texts: Sequence[str], patterns: Sequence[str]) -> bool:
    joined = " ".join(texts)
    return all(re.search(pattern, joined, re.IGNORECASE) for pattern in patterns)


def _open(full_text: FullText, paper: str) -> OpenPaper:
    return full_text.open(_paper(paper), DATA / "pdfs" / "papers" / f"{paper}.pdf")


def _paper(arxiv_id: str) -> Paper:
    return Paper(arxiv_id, arxiv_id, "", (), (), 2000)


def _show(question: str, opened: Iterable[OpenPaper]) -> None:
    print(f"\n  {question}")
    for paper in opened:
        for found in paper.best_passages(question):
            print(f"    p. {found.passage.page} {found.score:.2f}  {found.passage.reading}")
        for evidence in paper.best_sentences(question):
            print(f"      - p. {evidence.page} {evidence.score:.2f}  {evidence.reading}")


def main() -> None:
    """Run the parts named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", choices=["text", "speed", "facts", []])
    parser.add_argument("--show", action="store_true", help="print what is found for each question")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit("needs the shared data folder beside the repository (../shared/data)")
    home = load_settings().home
    parts = arguments.parts or ["text", "speed", "facts"]
    if "text" in parts:
        text_quality()
    if "speed" in parts:
        speed(home)
    if "facts" in parts:
        facts(home, show=arguments.show)


if __name__ == "__main__":
    main()
