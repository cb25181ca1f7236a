"""What papers name again and again: the metrics that they report and the data sets that they train and test on.

One sentence rarely has all of them, and a small model takes any sentence with the word for one that answers; a name
that is written before `dataset`, or that something is measured in, and that comes back, is the paper's. Asked for
these columns the embedded model had 9 of 20 cells right (`make bench-tables`, 29 November 2026).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from ingestion.fulltext import Sentence
from rag_agent.tables.fixed_forms import Stated, joined, names_of, own_work

_MOST = 3
_LEAST_SHARE = 4  # a name that comes back a quarter as often as the first is told too
_OF_A_FULL_TEXT = 30  # sentences; an abstract has about eight
_NAME_WORDS = 6  # `WMT 2014 English-German` has three; more are a list without commas
_KNOWN = 3  # mentions anywhere that make up for a data set's name written as one only once

_METRICS = (
    "(?i:accurac(?:y|ies)|precision and recall|average precision|F[- ]?1[- ](?:scores?|measures?)|F[- ]?measures?|"
    "perplexit(?:y|ies)|bits per (?:byte|character|dimension)|exact match|(?:word |character |label )?error rates?|"
    "top-[15](?: and top-5)?(?: validation| test| val)? (?:errors?|accuracy)|inception score|"
    "mean (?:squared|absolute|reciprocal) (?:error|rank)|"
    "log[- ]likelihood|pass@\\d+|(?:warping|pixel|rand) error|sensitivity and specificity|success rates?|win rates?|"
    "hazard ratios?|odds ratios?|p-values?|chi[- ]squared?|"
    "(?:spearman|pearson|matthews)(?:'s)?(?: rank)? correlations?)|"
    "F1|AUC|AUROC|AUPRC|mAP|mIoU|I[oO]U|Dice|BLEU(?:-\\d)?|ROUGE(?:-[\\dLN])?|METEOR|CIDEr|chrF|BERTScore|WER|CER|FID|"
    "PSNR|SSIM|LPIPS|RMSE|MSE|MAE|N?DCG(?:@\\d+)?|MRR(?:@\\d+)?|MAUVE"
)


_METRIC = re.compile(rf"(?<![\w-])(?:{_METRICS})(?![\w-])")
_MEASURES = re.compile(
    r"evaluat|report|measur|metric|scor|assess|achiev|attain|reach|outperform", re.IGNORECASE
)
# Names are words parted by single blanks, so that no text is parted in many ways: a hyphen belongs to its word.
_NAME = r"[A-Z0-9][\w+-]*(?: [A-Z0-9][\w+-]*)*"
_DATA = (
    rf"(?P<before>{_NAME})(?: (?:[\d,.]+k?|image|text|language|speech|question|review|movie|classification|detection"
    r"|segmentation|training|validation|test|evaluation|\w+ing)){0,2} (?:data ?sets?|corpus|corpora|benchmarks?"
    r"|challenge|dump|(?:training|train|test|validation|dev|development) (?:set|split)s?|data|survey|catalogue?"
    r"|simulations?)\b"
)
_TRAINED = rf"(?:[Pp]re-?)?[Tt]rain(?:ed|ing)? on (?:the )?(?P<trained>{_NAME})"
_SHOWN = (  # of what is not trained on alone a mere word in a capital is no name: `results on Tuesday`
    r"(?i:fine-?tun(?:ed|ing|e)|evaluat(?:ed|e|ion|ing)|test(?:ed|ing)?|experiments?|results?|performance|accuracy|score)\b"
    rf"[^.;:]{{0,40}}? on (?:the )?(?P<shown>(?=\S*[A-Z]\S*[A-Z\d]){_NAME})"
)
_DATA_SETS = tuple(re.compile(pattern) for pattern in (rf"\b{_DATA}", _TRAINED, _SHOWN))
_NOT_USED = re.compile(r"\bnot (?:use|train|evaluate)")
_A_FIELD = re.compile(r"[A-Z0-9]{1,2}")  # of two letters: QA, IR, 3D
_NO_NAME = re.compile(
    r"(?:The|These|This|Our|We|In|On|For|All|Each|Table|Figure|Fig|Section|Appendix|An?|Both|Train(?:ing)?|Test|As|From"
    r"|Using|Large|Input|Raw|Real|Synthetic|Several|Another|Other|Many|More|Most|No|New|Open|Public|Labell?ed|With|While"
    r"|When|To|At|If|And|By|Since|Data|Datasets?|Models?|[GT]PUs?|Tasks?|Pre-training|\d.*|[a-z].*)"
)


def metrics(sentences: Sequence[Sentence], title: str) -> Stated | None:
    """The metrics that a paper names most in captions and where it measures; in a full text more than once."""
    named: dict[str, list[int]] = {}
    for place, sentence in enumerate(sentences):
        tells = sentence.kind == "caption" or _MEASURES.search(sentence.text)
        if tells and not sentence.unfit:
            for metric in {_folded(match[0]) for match in _METRIC.finditer(sentence.text)}:
                named.setdefault(metric, []).append(place)
    times = {name: len(places) for name, places in named.items()}
    often = _often(times, times, _least(sentences))
    return _told({name: name for name in often}, named, sentences, title)


def data_sets(sentences: Sequence[Sentence], title: str) -> Stated | None:
    """The data sets, corpora, benchmarks and surveys that a paper names most as what it trains or tests on.

    Names with one first word are one: `WMT 2014 English-German` and `WMT 2014 English-French`.
    """
    named: dict[str, list[int]] = {}
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for place, sentence in enumerate(sentences):
        if not sentence.unfit and not _NOT_USED.search(sentence.text):
            for name in _data_sets_in(sentence.text, _DATA_SETS):
                named.setdefault(name.split()[0], []).append(place)
                forms[name.split()[0]][name] += 1
    text = " ".join(sentence.text for sentence in sentences)
    mentions = {
        first: len(re.findall(rf"(?<![\w-]){re.escape(first)}(?![\w-])", text)) for first in named
    }
    times = {first: len(places) for first, places in named.items()}
    often = _often(times, mentions, _least(sentences))
    if not often:
        called = {name.split()[0] for name in _data_sets_in(text, _DATA_SETS[:2])}
        known = [first for first in called & set(named) if mentions[first] >= _KNOWN]
        often = sorted(known, key=lambda first: (-mentions[first], first))[:_MOST]
    told = {first: max(forms[first], key=lambda n: (forms[first][n], len(n))) for first in often}
    return _told(told, named, sentences, title)


def _data_sets_in(text: str, patterns: Sequence[re.Pattern[str]]) -> set[str]:
    found = set()
    for pattern in patterns:
        for match in pattern.finditer(text):
            words = match[1].split()
            while words and _NO_NAME.fullmatch(words[0]):
                words = words[1:]
            if 0 < len(words) <= _NAME_WORDS and not _A_FIELD.fullmatch(" ".join(words)):
                found.add(" ".join(words))
    return found


def _folded(metric: str) -> str:
    """One name for `F1 scores`, `F1-measure` and `F1`, one for `Accuracies` and `accuracy`."""
    metric = re.sub(r"^F[- ]?1[- ](?:scores?|measures?)$", "F1", metric, flags=re.IGNORECASE)
    if re.search(r"[A-Z]\w*[A-Z\d]|[A-Z]\d", metric):
        return metric
    return re.sub(r"ie$", "y", metric.lower().removesuffix("s"))


def _least(sentences: Sequence[Sentence]) -> int:
    """How often a name has to come: an abstract says everything once."""
    return 2 if len(sentences) >= _OF_A_FULL_TEXT else 1


def _often(times: dict[str, int], mentions: dict[str, int], least: int) -> list[str]:
    """The names that come back, most often first."""
    ranked = sorted(times, key=lambda name: (-times[name], -mentions[name]))
    share = times[ranked[0]] / _LEAST_SHARE if ranked else 0
    return [name for name in ranked if times[name] >= max(least, share)][:_MOST]


def _told(
    told: dict[str, str], named: dict[str, list[int]], sentences: Sequence[Sentence], title: str
) -> Stated | None:
    """Each name as it is told, with the sentence that speaks most of the paper's own work."""
    own = names_of(title)
    places = {
        name: max(named[name], key=lambda place: own_work(sentences[place].text, own))
        for name in told
    }
    return joined([(places[name], said) for name, said in told.items()])
