"""Tasks with tests, and where they come from: files of problems or instructions, doctests of installed libraries."""

import ast
import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

from finetune.config import SeedSource, Source
from finetune.data.problems import Problem, load_problems
from finetune.data.rows import Row, read_rows
from finetune.errors import DataError

_LEAST_TESTS = 2


@dataclass(frozen=True, slots=True)
class Task:
    """A small function to write.

    Args:
        id: Unique within a run.
        text: What it shall do.
        entry_point: Its name; empty for a bare instruction, which is evolved but not asked itself.
        tests: Lines of `assert`; the first is shown with the task.
        licence: Of the seed it comes from.
        operator: How it was evolved from its seed; empty for a seed.
        solution: What a person wrote, where the seed has it; nothing is trained on it but a control.
    """

    id: str
    text: str
    entry_point: str
    tests: tuple[str, ...]
    licence: str
    operator: str = ""
    solution: str = ""

    def problem(self) -> Problem:
        """The task as it is asked and judged: text and first test as a docstring, as EvalPlus asks MBPP."""
        return Problem(
            id=self.id,
            prompt=f'"""\n{self.text}\n{self.tests[0]}\n"""\n',
            entry_point=self.entry_point,
            solution="",
            head="",
            base="\n".join(self.tests) + "\n",
        )

    def as_json(self) -> dict[str, Any]:
        """The fields, as a line of `tasks.jsonl`."""
        return {**asdict(self), "tests": list(self.tests)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The task that `as_json` wrote."""
        return cls(**{**stored, "tests": tuple(stored["tests"])})


def seeds(source: SeedSource) -> Iterator[Task]:
    """The seeds of one source, in its order.

    Raises:
        DataError: The file cannot be read, or the package is not installed.
    """
    if source.package:
        yield from _doctested(source.package, source.licence)
    elif source.format == "problems":
        for problem in load_problems(source.path):
            yield _from_problem(problem, source.licence)
    else:
        rows = read_rows(
            Source(
                path=source.path,
                format="alpaca",
                answer_field=source.answer_field,
                licence=source.licence,
            )
        )
        yield from (_from_row(row, source.licence) for row in rows if isinstance(row, Row))


def _from_problem(problem: Problem, licence: str) -> Task:
    text = problem.prompt.strip().strip('"').strip()
    lines = [line for line in text.splitlines() if not line.startswith("assert ")]
    return Task(
        id=problem.id,
        text="\n".join(lines),
        entry_point=problem.entry_point,
        tests=tuple(line for line in problem.base.splitlines() if line.startswith("assert ")),
        licence=licence,
        solution=problem.solution,
    )


def _from_row(row: Row, licence: str) -> Task:
    return Task(row.id, row.prompt[-1]["content"], "", (), licence)


def _doctested(package: str, licence: str) -> Iterator[Task]:
    """Public functions of a package whose docstring shows at least two calls with literal results."""
    try:
        found = importlib.import_module(package)
    except ImportError as error:
        raise DataError(
            f"{package} is not installed: {error}", next_step="Leave it out of evolve.seeds"
        ) from error
    names = [
        package,
        *(m.name for m in pkgutil.walk_packages(getattr(found, "__path__", []), f"{package}.")),
    ]
    seen: set[str] = set()
    for name in names:
        try:
            module = importlib.import_module(name)
        except Exception:  # noqa: BLE001, S112 what a library's own module does at import is its affair
            continue
        for function_name, function in inspect.getmembers(module, inspect.isfunction):
            if (
                function.__module__ == name
                and not function_name.startswith("_")
                and function_name not in seen
            ):
                seen.add(function_name)
                task = _from_doctest(f"{name}.{function_name}", function_name, function, licence)
                if task:
                    yield task


def _from_doctest(task_id: str, name: str, function: Any, licence: str) -> Task | None:
    documented = inspect.getdoc(function) or ""
    try:
        examples = doctest.DocTestParser().get_examples(documented)
    except ValueError:
        return None
    shown = (
        f"assert {example.source.strip()} == {example.want.strip()}"
        for example in examples
        if example.source.startswith(f"{name}(") and is_literal(example.want)
    )
    tests = tuple(test for test in shown if only_literals(test))
    text = documented.partition("\n\n")[0].replace("\n", " ").strip()
    if len(tests) < _LEAST_TESTS or not text:
        return None
    return Task(task_id, f"Write a function {name}: {text}", name, tests, licence)


def is_literal(text: str) -> bool:
    """Whether a text is a value that Python can read without running anything."""
    try:
        ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def only_literals(test: str) -> bool:
    """Whether an assert calls one function with literal arguments, so that it needs nothing around it."""
    try:
        tree = ast.parse(test)
    except (SyntaxError, ValueError):
        return False
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return len(names) == 1
