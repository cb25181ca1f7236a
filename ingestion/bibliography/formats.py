"""The forms in which papers leave the program: one generator for every surface."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ingestion.bibliography.bibtex import biblatex, bibtex
from ingestion.bibliography.csl import csl_json
from ingestion.bibliography.keys import distinct, keys_of
from ingestion.bibliography.ris import ris
from ingestion.paper import Paper

FormatName = Literal["bibtex", "biblatex", "ris", "csl"]


@dataclass(frozen=True, slots=True)
class Format:
    """One form: how a person knows it, how its files end, their media type, and what writes it."""

    title: str
    suffix: str
    media_type: str
    write: Callable[[Sequence[Paper], Mapping[str, str]], str]


FORMATS: dict[FormatName, Format] = {
    "bibtex": Format("BibTeX", ".bib", "application/x-bibtex", bibtex),
    "biblatex": Format("BibLaTeX", ".bib", "application/x-bibtex", biblatex),
    "ris": Format("RIS", ".ris", "application/x-research-info-systems", ris),
    "csl": Format("CSL-JSON", ".json", "application/vnd.citationstyles.csl+json", csl_json),
}


def exported(
    papers: Sequence[Paper], form: FormatName = "bibtex", keys: Mapping[str, str] | None = None
) -> str:
    """The papers in a form, each once, in their order.

    Args:
        papers: With what is known of them; `Library.references` looks that up.
        form: One of `FORMATS`.
        keys: Citation keys by id; None: made for these papers alone.
    """
    once = distinct(papers)
    return FORMATS[form].write(once, keys_of(once) if keys is None else keys)
