r"""One text of a paper's files: the main file found, `\input` followed inside the archive, comments gone."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_CHARACTERS = 5_000_000
"""Of the joined text; the source of a thesis has about 1,000,000."""
MAX_DEPTH = 20
"""Of files that include one another."""
MAX_INCLUDED = 1_000
"""Inclusions followed in all."""

_VERBATIM = re.compile(
    r"\\begin\{(verbatim\*?|Verbatim|lstlisting|minted|alltt|filecontents\*?|comment)\}(.*?)\\end\{\1\}",
    re.DOTALL,
)
_UNSHOWN = ("comment", "filecontents", "filecontents*")
_OPTIONS = re.compile(r"\s*(?:\[[^\]]*\])?(?:\{[^{}\n]*\})?[^\S\n]*\n")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(?:\n[^\S\n]*|$)")
_INPUT = re.compile(
    r"\\(?:input|include|subfile|subfileinclude|@input|InputIfFileExists)\s*(?:\{([^{}]*)\}|\s([^\s{}\\]+))"
    r"|\\(?:sub)?import\*?\s*\{([^{}]*)\}\s*\{([^{}]*)\}"
)
_BODY = re.compile(r"\\begin\s*\{document\}")
_END = re.compile(r"\\end\s*\{document\}")
_CLASS = re.compile(r"\\document(?:class|style)")
_USUAL_NAMES = ("main", "ms", "paper", "article", "root", "manuscript", "arxiv", "template")


class NoPaper(Exception):
    """Files among which no paper is; the text says so, as a clause about the file."""


class TooLarge(Exception):
    """Files that grow beyond any paper when joined; the text says so, as a clause about the file."""


@dataclass
class Source:
    r"""A paper's text as one.

    Args:
        main: Name of its main file.
        text: All of it, without comments.
        listings: Programs and other verbatim text; `\keptlisting{n}` stands for the n-th in the body.
        missing: Names of files that were asked for and are not there.
    """

    main: str
    text: str = ""
    listings: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def joined(files: Mapping[str, str]) -> Source:
    """The text of a paper's files.

    Args:
        files: Names within the archive to contents, untrusted.

    Raises:
        NoPaper: None of them holds LaTeX.
        TooLarge: They grow beyond `MAX_CHARACTERS`, or include one another without end.
    """
    source = Source(main_file(files))
    source.text = _Joiner(files, source).text_of(source.main)
    return source


def preamble_and_body(text: str) -> tuple[str, str]:
    r"""What stands before and in `\begin{document}`; all is body where there is none."""
    begun = _BODY.search(text)
    if not begun:
        return "", text
    ended = _END.search(text, begun.end())
    return text[: begun.start()], text[begun.end() : ended.start() if ended else len(text)]


def main_file(files: Mapping[str, str]) -> str:
    """The file that the others belong to: it opens the document, and no other includes it."""
    texts = [name for name in files if name.lower().endswith((".tex", ".ltx", ".latex"))] or [
        name for name in files if _CLASS.search(files[name]) or "\\begin{" in files[name]
    ]
    if not texts:
        raise NoPaper("holds no LaTeX file")
    included = {
        name
        for text in texts
        for match in _INPUT.finditer(files[text])
        for name in _candidates(match, text)
    }
    return max(texts, key=lambda name: _likeliness(name, files[name], name in included))


def _likeliness(name: str, text: str, included: bool) -> tuple[bool, bool, bool, bool, int, int]:
    stem = posixpath.basename(name).rpartition(".")[0].lower()
    return (
        bool(_BODY.search(text)),
        bool(_CLASS.search(text)),
        not included and "subfiles}" not in text[:400],
        stem in _USUAL_NAMES,
        -name.count("/"),
        len(text),
    )


def _candidates(match: re.Match[str], asking: str) -> list[str]:
    """Names within the archive that an inclusion may mean; none for one that leads outside."""
    folder, name = "", (match[1] or match[2] or "").strip().strip('"')
    if match[4] is not None:
        folder, name = match[3].strip(), match[4].strip()
    here = posixpath.dirname(asking)
    paths = [posixpath.join(base, folder, name) for base in ("", here)] if name else []
    safe = [posixpath.normpath(path) for path in paths if not path.startswith(("/", "~", "|"))]
    return [each for path in safe if not path.startswith("..") for each in (path, path + ".tex")]


class _Joiner:
    """Follows inclusions, with an account of what they may still cost."""

    def __init__(self, files: Mapping[str, str], source: Source) -> None:
        self._files = files
        self._source = source
        self._left = MAX_CHARACTERS
        self._inclusions = MAX_INCLUDED

    def text_of(self, name: str, depth: int = 0) -> str:
        """A file's text without comments, everything that it includes in its place."""
        text = self._files[name].replace("\r\n", "\n").replace("\r", "\n")
        text = without_comments(_VERBATIM.sub(self._kept, text))
        text = text.partition("\\endinput")[0]
        self._left -= len(text)
        if self._left < 0 or depth > MAX_DEPTH or self._inclusions < 0:
            raise TooLarge("includes its files without end")
        return _INPUT.sub(lambda match: self._included(match, name, depth), text)

    def _kept(self, match: re.Match[str]) -> str:
        if match[1] in _UNSHOWN:
            return ""
        self._source.listings.append(_OPTIONS.sub("", match[2], count=1).strip("\n"))
        return rf"\keptlisting{{{len(self._source.listings) - 1}}}"

    def _included(self, match: re.Match[str], asking: str, depth: int) -> str:
        self._inclusions -= 1
        for name in _candidates(match, asking):
            if name in self._files and name != asking:
                return self.text_of(name, depth + 1) + "\n"
        self._source.missing.append((match[1] or match[2] or match[4] or "").strip()[:80])
        return ""


def without_comments(text: str) -> str:
    r"""The text without comments; `\%` stays, and a line that a comment ends goes on in the next."""
    return _COMMENT.sub(r"\1", text) if "%" in text else text
