"""The text of a program: found in a model's reply, given its sources, read without being run."""

import ast
import importlib.util
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence

from rag_agent.citation import Citation

# The language may stand on a line of its own, where small models like to put it.
_BLOCK = re.compile(
    r"```(?P<language>[^\n`]*)\n(?:python3?[ \t]*\n)?(?P<text>.*?)(?:\n?(?P<end>```)|\Z)", re.DOTALL
)
USUAL_IMPORTS = {
    "math": "import math",
    "random": "import random",
    "np": "import numpy as np",
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
    "nn": "from torch import nn",
}
_HEADING = re.compile(r"^(\d+(?:\.\d+)*)\.?\s+([A-Z][^\n.]{2,60})$", re.MULTILINE)
_LANGUAGES = re.compile(
    r"(?:\b(?:in|using|with|as)\s+|用\s*)"
    r"(c\+\+|c#|c|cuda|go|golang|haskell|java|javascript|julia|kotlin|matlab|r|rust|scala|swift|typescript)"
    r"(?![A-Za-z0-9_+#-])",
    re.IGNORECASE,
)


def programming_language(question: str) -> str:
    """The programming language that a question names, lower case; `python` where it names none."""
    named = _LANGUAGES.search(question)
    return named.group(1).lower().replace("golang", "go") if named else "python"


def program_in(reply: str) -> str:
    """The program of a reply, also one still being written; the whole reply where it has no block."""
    block = _block(reply)
    text = block["text"] if block else reply
    return text.strip("\n").rstrip() + "\n" if text.strip() else ""


def open_block(reply: str) -> str:
    """The program of a reply as far as it is written; empty before it begins."""
    block = _block(reply)
    text = block["text"].rstrip("`") if block else ""
    return "" if "python3".startswith(text.strip()) else text  # it may become the language's line


def is_closed(reply: str) -> bool:
    """Whether the program of a reply has ended."""
    block = _block(reply)
    return bool(block and block["end"] and _is_code(block))


def _block(reply: str) -> re.Match[str] | None:
    """The first fenced block that is code: models fence a sentence too."""
    blocks = list(_BLOCK.finditer(reply))
    return next(filter(_is_code, blocks), blocks[0] if blocks else None)


def _is_code(block: re.Match[str]) -> bool:
    """Whether a block names its language, or holds Python."""
    tree = None if block["language"].strip() else parsed(block["text"])
    return bool(block["language"].strip() or (tree and tree.body))


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a program; None where it is not valid Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def missing_packages(tree: ast.Module) -> tuple[str, ...]:
    """Top-level packages that a program imports and that are not installed here."""
    packages = {package for package, _ in _imports(tree)} - sys.stdlib_module_names
    return tuple(sorted(name for name in packages if importlib.util.find_spec(name) is None))


def line_of_import(tree: ast.Module, package: str) -> int | None:
    """The first line that imports a package, by its name in lower case; None where none does."""
    lines = [line for imported, line in _imports(tree) if imported.lower() == package]
    return min(lines, default=None)


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each top-level package that a program imports, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


def definitions(tree: ast.Module, body: str) -> str:
    """The program up to its last definition, without opening comments and docstring or the examples that follow.

    A program without a definition stays whole.
    """
    lines = body.splitlines()
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    starts = [node for node in tree.body if not _is_text(node)]
    decorators = getattr(starts[0], "decorator_list", []) if starts else []
    first = min((node.lineno for node in (*starts[:1], *decorators)), default=1) - 1
    last = defined[-1].end_lineno if defined else len(lines)
    return "\n".join(lines[first:last]).strip("\n") + "\n"


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def with_imports(tree: ast.Module, body: str) -> str:
    """The program with the imports that it takes for granted, such as `import numpy as np` for `np`."""
    bound = stored_in(tree) | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= imported_names(tree)
    lacking = [line for name, line in USUAL_IMPORTS.items() if name in names_in(tree) - bound]
    return "\n".join([*lacking, "", "", body]) if lacking else body


def names_in(part: ast.AST) -> set[str]:
    """The names that a part of a program uses or binds, attributes and arguments apart."""
    return {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}


def stored_in(part: ast.AST) -> set[str]:
    """The names that a part of a program binds itself, by assignment or as the variable of a comprehension."""
    names = (node for node in ast.walk(part) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def imported_names(tree: ast.Module) -> set[str]:
    """The names that a program's imports bind."""
    return {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def docstring(goal: str, passages: Sequence[Citation], *, followed: bool = True) -> str:
    """The program's first lines: what it shows, and paper, section and page of the passages.

    Args:
        goal: What the program shows.
        passages: What was found in the paper.
        followed: Whether the coder was given them; else they are only named for comparison.
    """
    relation = "After" if followed else "Written from memory; compare"
    sources = []
    for passage in passages:
        where = f"page {passage.page}" if passage.page else "abstract"
        section = section_of(passage)
        source = f'"{passage.paper.title}" ({passage.paper.arxiv_id}), '
        sources.append(source + (f"section {section}, {where}" if section else where))
    after = [f"{relation} {text}." for text in dict.fromkeys(sources)] or ["After no paper's text."]
    lines = [line for text in (goal, *after) for line in textwrap.wrap(text, 90)]
    text = "".join(sign for sign in "\n".join(lines) if sign.isprintable() or sign == "\n")
    body = text.replace("\\", "\\\\").replace('"""', "'''")
    return f'"""\n{body}\n"""\n'


def section_of(passage: Citation) -> str:
    """Number and name of the section that a passage shows its quote in; empty where it shows none."""
    before, found, _ = passage.passage.partition(passage.quote)
    headings = _HEADING.findall(before) if found else []
    return " ".join(headings[-1]).strip() if headings else ""


def numbered(program: str, first_line: int) -> str:
    """The program's lines with their numbers, from `first_line` on."""
    lines = enumerate(program.splitlines(), 1)
    return "\n".join(f"{n}: {line}" for n, line in lines if n >= first_line)


def code_lines(program: str) -> frozenset[int]:
    """Lines that hold statements, docstrings apart."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.stmt) and not _is_text(node):
            end = node.end_lineno if not hasattr(node, "body") else node.lineno
            found.update(range(node.lineno, (end or node.lineno) + 1))
    return frozenset(found)
