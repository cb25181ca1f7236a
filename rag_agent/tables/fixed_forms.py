"""What papers state in a fixed form, which code reads more surely than a small model: code, sizes, metrics.

Asked for these columns, the embedded model took another's size or address as the paper's own, and any sentence with
the word "metric" as one about its evaluation: 13 of 30 cells right (`make bench-tables`, 29 November 2026).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ingestion.fulltext import Sentence

_MAGNITUDE = r"(?:\d[\d,.]*[- ]?(?:[KMBT]\b|thousand|million|billion|trillion)|\d{1,3}(?:,\d{3})+)"
_PARAMETERS = r"param(?:eter)?s?\b"
_OWN = re.compile(r"\b(?:we|our|ours|us|this (?:paper|work)|proposed)\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"\bet al\b|\[\d+(?:[,–-] ?\d+)*\]|\b(?:based on|adapted from|taken from|borrowed from|official|baselines?)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b(?=\w*[A-Z]\w*[A-Z])[A-Za-z][\w-]+")
_ROWS = 3  # of a table of sizes: the variants of one model
_MOST_METRICS = 3
_METRICS = (
    "(?i:accurac(?:y|ies)|precision and recall|average precision|F[- ]?1[- ](?:scores?|measures?)|F[- ]?measures?|"
    "perplexit(?:y|ies)|bits per (?:byte|character|dimension)|exact match|(?:word |character |label )?error rates?|"
    "top-[15] (?:and top-[15] )?(?:error|accuracy)|inception score|mean (?:squared|absolute|reciprocal) (?:error|rank)|"
    "log[- ]likelihood|pass@\\d+|(?:warping|pixel|rand) error|sensitivity and specificity|success rates?|win rates?|"
    "hazard ratios?|odds ratios?|p-values?|chi[- ]squared?|"
    "(?:spearman|pearson|matthews)(?:'s)?(?: rank)? correlations?)|"
    "F1|AUC|AUROC|AUPRC|mAP|mIoU|I[oO]U|Dice|BLEU(?:-\\d)?|ROUGE(?:-[\\dLN])?|METEOR|CIDEr|chrF|BERTScore|WER|CER|FID|"
    "PSNR|SSIM|LPIPS|RMSE|MSE|MAE|N?DCG(?:@\\d+)?|MRR(?:@\\d+)?|MAUVE|EM"
)


@dataclass(frozen=True, slots=True)
class _Form:
    """What a value looks like, and which sentences state it.

    Args:
        value: Matches the value; all matches of a sentence are it.
        about: Has to stand in the sentence too.
        labels: Matches the label of a table's column whose cells are such values; None: tables have none.
        is_mere_mention: Whether a sentence that is neither the paper's own nor another's will do.
        first_only: Whether the first match of a sentence is all of the value.
    """

    value: re.Pattern[str]
    about: re.Pattern[str]
    labels: re.Pattern[str] | None = None
    is_mere_mention: bool = True
    first_only: bool = False


_CODE = _Form(
    # A line of a PDF ends behind a slash: the address goes on after the blank.
    re.compile(
        r"(?:https?://|www\.|(?<![\w/])(?=(?:github|gitlab|bitbucket)\.))[^\s<>\"']*[^\s<>\"'.,;:)\]]"
        r"(?:(?<=/) [a-z0-9][\w.~-]*/[^\s<>\"']*[^\s<>\"'.,;:)\]])?"
    ),
    re.compile(
        r"code\b|software|implement|source|script|package|toolkit|\bgit|available", re.IGNORECASE
    ),
    is_mere_mention=False,
    first_only=True,
)
_METRIC = re.compile(rf"(?<![\w-])(?:{_METRICS})(?![\w-])")
_MEASURES = re.compile(r"evaluat|report|measur|metric|scor|assess|achiev|outperform", re.IGNORECASE)
_ALONE = re.compile(r"[\W\d]{0,3}(?:https?://)?(?:github|gitlab|bitbucket)\.\w+/\S+", re.IGNORECASE)
_RELEASED = re.compile(r"(?:avail|releas|open-sourced|code at|code:|found at)", re.IGNORECASE)
_SIZE = _Form(
    re.compile(
        rf"{_MAGNITUDE}(?:(?:, )?(?: ?(?:to|and|or) |–|-)?{_MAGNITUDE})*[- ](?:[a-z-]+ ){{0,2}}{_PARAMETERS}"
        rf"|{_PARAMETERS}(?: ?[=:(]| of| is| are)? ?(?:about |around |over |~)?{_MAGNITUDE}",
        re.IGNORECASE,
    ),
    re.compile(_PARAMETERS, re.IGNORECASE),
    re.compile(
        rf"(?:#|no\.|number of|total|trainable|model)? ?{_PARAMETERS}(?! \w+ \w+).*", re.IGNORECASE
    ),
)


@dataclass(frozen=True, slots=True)
class Stated:
    """A value and the places, among the sentences given, of those that state it."""

    value: str
    places: tuple[int, ...]


Reader = Callable[[Sequence[Sentence], str], Stated | None]
"""What a paper states of itself, of its sentences in order and its title; None where it does not."""


def code(sentences: Sequence[Sentence], title: str) -> Stated | None:
    """The address of the paper's own code; see `Reader`.

    Where no sentence tells it, the one repository whose address stands alone, in a footnote or below the abstract.
    """
    if told := _stated(_CODE, sentences, title):
        return told
    alone = [p for p, sentence in enumerate(sentences) if _ALONE.fullmatch(sentence.text)]
    is_one = len({sentences[place].text for place in alone}) == 1
    return _of(_CODE, sentences, alone[0]) if is_one else None


def size(sentences: Sequence[Sentence], title: str) -> Stated | None:
    """How many parameters its model or its models have; see `Reader`."""
    return _stated(_SIZE, sentences, title)


def metrics(sentences: Sequence[Sentence], title: str) -> Stated | None:
    """The metrics, at most three, that it names most in sentences that measure something; see `Reader`.

    One that is named once is none of its metrics.
    """
    names = set(_NAME.findall(title.replace(":", " ")))
    named: dict[str, list[int]] = {}
    for place, sentence in enumerate(sentences):
        if _MEASURES.search(sentence.text) and not sentence.unfit:
            for metric in {_folded(match[0]) for match in _METRIC.finditer(sentence.text)}:
                named.setdefault(metric, []).append(place)
    often = sorted((m for m in named if len(named[m]) > 1), key=lambda m: -len(named[m]))
    often = [metric for metric in often if len(named[metric]) * 4 >= len(named[often[0]])]
    chosen = [
        (max(named[m], key=lambda place: _own(sentences[place].text, names)), m)
        for m in often[:_MOST_METRICS]
    ]
    return _joined(chosen)


def _stated(form: _Form, sentences: Sequence[Sentence], title: str) -> Stated | None:
    """The paper's own sentences go first (`we`, `our`, a name of its title), then rows of its tables, then sentences
    that are nobody's; those that speak of others' work state nothing about this one.
    """
    names = set(_NAME.findall(title.replace(":", " ")))
    told = [
        (_own(sentence.text, names), place)
        for place, sentence in enumerate(sentences)
        if sentence.kind != "table"
        and form.value.search(sentence.text)
        and form.about.search(sentence.text)
    ]
    told.sort(key=lambda one: (-one[0], one[1]))
    if told and told[0][0] > 0:
        return _of(form, sentences, told[0][1])
    rows = _rows(form, sentences) if form.labels else None
    if rows or not told or told[0][0] < 0 or not form.is_mere_mention:
        return rows
    return _of(form, sentences, told[0][1])


def _folded(metric: str) -> str:
    """One name for `F1 scores`, `F1-measure` and `F1`, one for `Accuracies` and `accuracy`."""
    metric = re.sub(r"^F[- ]?1[- ](?:scores?|measures?)$", "F1", metric, flags=re.IGNORECASE)
    if re.search(r"[A-Z]\w*[A-Z\d]|[A-Z]\d", metric):
        return metric
    return re.sub(r"ie$", "y", metric.lower().removesuffix("s"))


def _own(text: str, names: Iterable[str]) -> int:
    """More than 0 for a sentence about the paper's own work, less for one about others'."""
    own = bool(_OWN.search(text)) or any(re.search(rf"\b{re.escape(n)}", text) for n in names)
    return 2 * own + bool(_RELEASED.search(text)) - 2 * bool(_OTHERS.search(text))


def _of(form: _Form, sentences: Sequence[Sentence], place: int) -> Stated:
    found = [match[0].replace("/ ", "/") for match in form.value.finditer(sentences[place].text)]
    return Stated(", ".join(dict.fromkeys(found[:1] if form.first_only else found)), (place,))


def _rows(form: _Form, sentences: Sequence[Sentence]) -> Stated | None:
    """The cells under such a label in the first rows of the first table that has one."""
    found: list[tuple[int, str]] = []
    for place, sentence in enumerate(sentences):
        if sentence.kind != "table" or (found and sentence.block != sentences[found[0][0]].block):
            continue
        if value := _cell(form, sentence.reading):
            found.append((place, value))
    return _joined(found[:_ROWS])


def _joined(found: Sequence[tuple[int, str]]) -> Stated | None:
    if not found:
        return None
    return Stated(
        ", ".join(value for _, value in found), tuple(dict.fromkeys(place for place, _ in found))
    )


def _cell(form: _Form, reading: str) -> str:
    """`86M` of a row that reads `Model: ViT-Base; Params: 86M.`"""
    for part in reading.rstrip(".").split("; "):
        label, _, value = part.partition(": ")
        if form.labels and form.labels.fullmatch(label.strip()) and re.match(r"\d", value):
            has_unit = re.search(r"[KMBT^]|illion", value) or len(value) > 6
            return value if has_unit else f"{value} ({label.strip()})"
    return ""
