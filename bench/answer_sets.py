"""Sets of questions about papers, in the three forms that `bench.answers` takes, as one kind of task.

- {"paper", "q", "key"}: the key is a regular expression that a right answer matches, null where the paper does
  not answer; further fields (lang, kind, half) are kept;
- {"paper", "question", "answers"}: gold answers as in QASPER, scored by token F1;
- {"id", "question", "abstract", "answer"}: yes, no or maybe about one abstract, as in PubMedQA.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Task:
    """One question and how its answer is judged.

    Args:
        question: English or Chinese.
        paper: Name of the paper, unique within the set.
        file: Its PDF, or the form that is asked; None where the paper is an abstract alone or each form is asked.
        abstract: Text of the paper without a file; empty otherwise.
        key: Regular expression of a right answer; None where the paper does not answer or none is given.
        answerable: Whether the paper answers.
        golds: Gold answers for token F1; empty: not scored so.
        verdict: yes, no or maybe where that is asked; empty otherwise.
        kind: Kind of question, for the breakdown.
        lang: `en` or `zh`.
        pair: Name that a question shares with its translation; empty: it has none.
    """

    question: str
    paper: str
    file: Path | None = None
    abstract: str = ""
    key: str | None = None
    answerable: bool = True
    golds: tuple[str, ...] = ()
    verdict: str = ""
    kind: str = ""
    lang: str = "en"
    pair: str = ""

    @property
    def id(self) -> str:
        """What tells it from the others of its set."""
        return f"{self.paper}|{self.question}"


def read_set(
    file: Path, papers: Path | None = None, half: str = "", *, has_pdfs: bool = True
) -> list[Task]:
    """The tasks of a file.

    Args:
        file: JSON lines of one of the three forms.
        papers: Folder of the papers' PDFs; None: the folder that lies beside the file, or the shared ones.
        half: Only rows whose `half` this is; for rows that name none, `dev` is every other one from the first.
        has_pdfs: Whether the papers are PDFs; other forms are found by who asks (`bench.answer_forms`).

    Raises:
        SystemExit: A row has none of the forms, or a paper has no file.
    """
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    chosen = [
        row
        for place, row in enumerate(rows)
        if not half or row.get("half", ("dev", "held")[place % 2]) == half
    ]
    folders = ([papers] if papers else _folders_beside(file)) if has_pdfs else []
    return [_task(row, folders) for row in chosen]


def _folders_beside(file: Path) -> list[Path]:
    for folder in (file.with_name(f"{file.stem}-papers"), file.with_name("papers")):
        if folder.is_dir():
            return [folder]
    return [SHARED / "pdfs" / "papers", SHARED / "qa" / "qasper-papers"]


def _task(row: Mapping[str, Any], folders: Sequence[Path]) -> Task:
    if "abstract" in row:
        answer = str(row["answer"]).lower()
        return Task(row["question"], str(row["id"]), abstract=row["abstract"], verdict=answer)
    places = [folder / f"{row['paper']}.pdf" for folder in folders]
    pdf = next((place for place in places if place.exists()), None)
    if places and pdf is None:
        raise SystemExit(f"{places[0]} is missing: name the folder of the papers with --papers")
    if "answers" in row:
        golds = tuple(map(str, row["answers"]))
        return Task(row["question"], row["paper"], pdf, golds=golds, verdict=_verdict(golds))
    if "key" in row:
        return Task(
            row["q"],
            row["paper"],
            pdf,
            key=row["key"],
            answerable=row["key"] is not None,
            kind=row.get("kind", ""),
            lang=row.get("lang", "en"),
            pair=row.get("pair", ""),
        )
    raise SystemExit(f"a row has none of the three forms: {json.dumps(row)[:200]}")


def _verdict(golds: tuple[str, ...]) -> str:
    """Yes or no, where the readers agree on that; empty where they do not or gave other answers too."""
    said = {gold.strip(" .").lower() for gold in golds}
    return said.pop() if len(said) == 1 and said <= {"yes", "no"} else ""
