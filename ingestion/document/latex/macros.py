r"""What a paper defines for itself, expanded: `\newcommand` and its kin, conditionals, theorem names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_EXPANSIONS = 40_000
"""Of one paper, twenty times what the busiest of nine has: 1,900."""
MAX_GROWTH_CHARACTERS = 3_000_000
"""That expansions may add in all."""
MAX_DEPTH = 40
"""Of expansions within one another: a macro that names itself ends there."""

_NAME = r"\\(?:[A-Za-z@]+\*?|[^A-Za-z\s])"
_DEFINITION = re.compile(
    r"\\(?:(?P<new>newcommand|renewcommand|providecommand|DeclareRobustCommand|newrobustcmd)\*?"
    r"|(?P<def>(?:long|outer|global)?\\?[gex]?def)(?=\s*\\)|(?P<let>let)(?=\s*\\)"
    r"|(?P<xparse>(?:New|Renew|Provide|Declare)DocumentCommand)"
    r"|(?P<operator>DeclareMathOperator)\*?"
    r"|(?P<environment>(?:re)?newenvironment)\*?|(?P<theorem>newtheorem|declaretheorem)\*?"
    r"|(?P<within>numberwithin|counterwithin)\*?)(?![A-Za-z])"
)
_CALLED = re.compile(rf"{_NAME}")
_IF = re.compile(r"\\(if[A-Za-z@]*|else|fi)(?![A-Za-z@])|\\([A-Za-z@]+)(true|false)(?![A-Za-z@])")
_BRANCHLESS = (  # they take their branches as arguments
    "ifthenelse",
    "iff",
    "ifdefempty",
    "ifblank",
    "ifstrequal",
    "iftoggle",
    "ifstrempty",
)
_SWITCH = re.compile(r"\\newif\s*\\if([A-Za-z@]+)")
_PARAMETER = re.compile(r"#(#*[1-9])")
_KEPT = frozenset(
    "begin end item section subsection subsubsection paragraph subparagraph caption label ref cite citep citet title"
    " author footnote includegraphics bibitem bibliography newblock textbf textit emph frac sqrt left right par"
    " maketitle appendix multicolumn multirow hline thanks and".split()
)
r"""Commands that the reader knows; a paper that dresses them up says the same with them."""


@dataclass
class Macro:
    """A command that a paper defines: parameters are `#1` to `#9` in its body."""

    parameters: int
    body: str
    default: str | None = None


@dataclass
class Definitions:
    """What a paper defines.

    Args:
        macros: By name, without backslash.
        environments: By name: what stands for its beginning and its end.
        theorems: Environment to printed name and the environment whose counter it shares.
        within: Counter to the counter that resets it, as `equation` to `section`.
    """

    macros: dict[str, Macro] = field(default_factory=dict)
    environments: dict[str, tuple[Macro, str]] = field(default_factory=dict)
    theorems: dict[str, tuple[str, str]] = field(default_factory=dict)
    within: dict[str, str] = field(default_factory=dict)


def argument(text: str, place: int) -> tuple[str, int] | None:
    """The argument that begins at or after a place (a group without its braces, or one sign), and where it ends."""
    while place < len(text) and text[place].isspace():
        place += 1
    if place >= len(text) or text[place] == "}":
        return None
    if text[place] == "{":
        end = closing(text, place, "{", "}")
        return (text[place + 1 : end], end + 1) if end > 0 else None
    called = _CALLED.match(text, place)
    end = called.end() if called else place + 1
    return text[place:end], end


def option(text: str, place: int) -> tuple[str, int] | None:
    """The optional argument in brackets that begins at or after a place, and where it ends."""
    while place < len(text) and text[place] in " \t\n":
        place += 1
    if place >= len(text) or text[place] != "[":
        return None
    end = closing(text, place, "[", "]")
    return (text[place + 1 : end], end + 1) if end > 0 else None


def closing(text: str, place: int, opening: str, close: str) -> int:
    """Where the bracket that opens at a place closes; -1 if it does not within a hundred thousand signs."""
    depth, braces = 0, 0
    end = min(len(text), place + 100_000)
    for match in _BRACKETS.finditer(text, place, end):
        sign = match[0]
        if len(sign) > 1:
            continue
        if opening == "[" and sign in "{}":
            braces += 1 if sign == "{" else -1
        elif sign == opening and not braces:
            depth += 1
        elif sign == close and not braces:
            depth -= 1
            if depth == 0:
                return match.start()
    return -1


_BRACKETS = re.compile(r"\\.|[{}\[\]]", re.DOTALL)


def taken_out(text: str, known: Definitions) -> str:
    """The text without its definitions, which are added to `known`."""
    kept, place = [], 0
    for match in _DEFINITION.finditer(text):
        if match.start() < place:
            continue
        end = _defined(match, text, known)
        if end:
            kept.append(text[place : match.start()])
            place = end
    return "".join([*kept, text[place:]])


def _defined(match: re.Match[str], text: str, known: Definitions) -> int:
    """Read one definition; where it ends, 0 if it is none."""
    place = match.end()
    if match["new"]:
        return _new_command(text, place, known)
    if match["def"]:
        return _plain_definition(text, place, known)
    if match["let"]:
        return _let(text, place, known)
    if match["xparse"]:
        return _document_command(text, place, known)
    if match["operator"]:
        return _operator(text, place, known)
    if match["environment"]:
        return _environment(text, place, known)
    if match["theorem"]:
        return _theorem(match["theorem"], text, place, known)
    return _within(text, place, known)


def _keep(known: Definitions, name: str, macro: Macro) -> None:
    bare = name.strip().lstrip("\\")
    if bare and bare not in _KEPT:
        known.macros[bare] = macro


def _new_command(text: str, place: int, known: Definitions) -> int:
    name = argument(text, place)
    if not name:
        return 0
    count = option(text, name[1])
    default = option(text, count[1]) if count else None
    body = argument(text, (default or count or name)[1])
    if not body:
        return 0
    parameters = int(count[0]) if count and count[0].strip().isdigit() else 0
    _keep(known, name[0], Macro(min(parameters, 9), body[0], default[0] if default else None))
    return body[1]


_PLAIN = re.compile(rf"\s*({_NAME})([^{{}}\\]*)(?=\{{)")


def _plain_definition(text: str, place: int, known: Definitions) -> int:
    head = _PLAIN.match(text, place)
    body = argument(text, head.end()) if head else None
    if not head or not body:
        return 0
    pattern = head[2].strip()
    if re.fullmatch(r"(?:#\d)*", pattern):
        _keep(known, head[1], Macro(pattern.count("#"), body[0]))
    return body[1]


_LET = re.compile(rf"\s*({_NAME})\s*=?\s*({_NAME})")


def _let(text: str, place: int, known: Definitions) -> int:
    found = _LET.match(text, place)
    if not found:
        return 0
    if found[1] != found[2]:
        _keep(known, found[1], Macro(0, f"{found[2]} " if found[2][-1].isalpha() else found[2]))
    return found.end()


def _document_command(text: str, place: int, known: Definitions) -> int:
    name = argument(text, place)
    spec = argument(text, name[1]) if name else None
    body = argument(text, spec[1]) if spec else None
    if not name or not spec or not body:
        return 0
    kinds = re.sub(r"\{[^{}]*\}|\s", "", spec[0])
    default = "" if kinds.startswith(("o", "O")) else None
    if re.fullmatch(r"[oO]?m*", kinds):
        _keep(known, name[0], Macro(len(kinds), body[0], default))
    return body[1]


def _operator(text: str, place: int, known: Definitions) -> int:
    name = argument(text, place)
    shown = argument(text, name[1]) if name else None
    if not name or not shown:
        return 0
    _keep(known, name[0], Macro(0, rf"\operatorname{{{shown[0]}}}"))
    return shown[1]


def _environment(text: str, place: int, known: Definitions) -> int:
    name = argument(text, place)
    if not name:
        return 0
    count = option(text, name[1])
    default = option(text, count[1]) if count else None
    opening = argument(text, (default or count or name)[1])
    ending = argument(text, opening[1]) if opening else None
    if not opening or not ending:
        return 0
    parameters = int(count[0]) if count and count[0].strip().isdigit() else 0
    if "\\begin" in opening[0] and name[0] not in opening[0]:
        macro = Macro(min(parameters, 9), opening[0], default[0] if default else None)
        known.environments[name[0]] = (macro, ending[0])
    return ending[1]


def _theorem(kind: str, text: str, place: int, known: Definitions) -> int:
    options = option(text, place) if kind == "declaretheorem" else None
    name = argument(text, options[1] if options else place)
    if not name:
        return 0
    shared = option(text, name[1])
    if kind == "declaretheorem":
        settings = (options or shared or ("", 0))[0]
        title = re.search(r"name=\{?([^,{}]+)", settings)
        sibling = re.search(r"(?:sibling|numberlike)=(\w+)", settings)
        printed = title[1] if title else name[0].capitalize()
        known.theorems[name[0]] = (printed, sibling[1] if sibling else "")
        return (shared or name)[1]
    title_at = argument(text, (shared or name)[1])
    if not title_at:
        return 0
    within = option(text, title_at[1])
    if within:
        known.within[name[0]] = within[0].strip()
    known.theorems[name[0]] = (title_at[0], shared[0] if shared else "")
    return (within or title_at)[1]


def _within(text: str, place: int, known: Definitions) -> int:
    counter = argument(text, place)
    outer = argument(text, counter[1]) if counter else None
    if not counter or not outer:
        return 0
    known.within[counter[0]] = outer[0]
    return outer[1]


class Expander:
    """Expands what a paper defines, within limits that a hostile one meets.

    Args:
        known: Its definitions.
    """

    def __init__(self, known: Definitions) -> None:
        self._known = known
        self._calls = MAX_EXPANSIONS
        self._growth = MAX_GROWTH_CHARACTERS
        environments = "|".join(sorted(map(re.escape, known.environments), key=len, reverse=True))
        self._environment = (
            re.compile(rf"\\(begin|end)\s*\{{({environments})\}}") if environments else None
        )

    def expanded(self, text: str) -> str:
        """The text with every macro of the paper replaced by what it stands for."""
        if self._environment:
            text = "".join(self._with_environments(text))
        return self._macros(text, 0) if self._known.macros else text

    def _with_environments(self, text: str) -> Iterator[str]:
        place = 0
        assert self._environment is not None
        for match in self._environment.finditer(text):
            if match.start() < place:
                continue
            yield text[place : match.start()]
            opening, ending = self._known.environments[match[2]]
            place = match.end()
            if match[1] == "end":
                yield ending
            else:
                filled, place = _filled(opening, text, place)
                yield filled
        yield text[place:]

    def _macros(self, text: str, depth: int) -> str:
        out: list[str] = []
        place = 0
        for match in _CALLED.finditer(text):
            if match.start() < place:
                continue
            macro = self._known.macros.get(match[0][1:]) or self._known.macros.get(
                match[0][1:].rstrip("*")
            )
            if macro is None or not self._may(depth):
                continue
            filled, end = _filled(macro, text, match.end())
            self._growth -= len(filled)
            out += [
                text[place : match.start()],
                self._joined(self._macros(filled, depth + 1), text, end),
            ]
            place = end
        return "".join([*out, text[place:]])

    def _may(self, depth: int) -> bool:
        self._calls -= 1
        return depth < MAX_DEPTH and self._calls > 0 and self._growth > 0

    def _joined(self, filled: str, text: str, end: int) -> str:
        """A command at the end of an expansion does not swallow the letters after it."""
        runs_on = text[end : end + 1].isalpha() and re.search(r"\\[A-Za-z@]+$", filled)
        return f"{filled} " if runs_on else filled


def _filled(macro: Macro, text: str, place: int) -> tuple[str, int]:
    """A macro's body with the arguments that stand after its call, and where they end."""
    values: list[str] = []
    if macro.default is not None:
        given = option(text, place)
        values.append(given[0] if given else macro.default)
        place = given[1] if given else place
    while len(values) < macro.parameters:
        found = argument(text, place)
        if not found:
            break
        values.append(found[0])
        place = found[1]
    if macro.parameters == 0 and text[place : place + 2] == "{}":
        place += 2

    def value(match: re.Match[str]) -> str:
        if match[1].startswith("#"):
            return match[1]
        index = int(match[1]) - 1
        return values[index] if index < len(values) else ""

    body = macro.body if macro.parameters == 0 else _PARAMETER.sub(value, macro.body)
    return body, place


def branches_chosen(text: str) -> str:
    r"""The text with `\iffalse … \fi` and the paper's own switches decided; other conditionals stay."""
    switches = {"true": True, "false": False} | dict.fromkeys(_SWITCH.findall(text), False)
    text = _SWITCH.sub("", text)
    kept, stack, place = [], list[tuple[bool | None, bool]](), 0
    for match in _IF.finditer(text):
        shown = all(on for _, on in stack)
        if match[2]:
            if shown:
                switches[match[2]] = match[3] == "true"
            continue
        if match[1] in _BRANCHLESS:
            continue
        piece = text[place : match.start()]
        place = match.end()
        kept += [piece] if shown else []
        _turn(match[1], stack, switches)
    return "".join([*kept, text[place:]])


def _turn(command: str, stack: list[tuple[bool | None, bool]], switches: dict[str, bool]) -> None:
    """Enter, switch or leave a conditional; one that is not known shows both its branches."""
    if command.startswith("if"):
        state = switches.get(command[2:])
        stack.append((state, True if state is None else state))
    elif stack and command == "else":
        state, _ = stack[-1]
        stack[-1] = (state, True if state is None else not state)
    elif stack:
        stack.pop()
