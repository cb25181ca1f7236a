"""`python -m bench.answers --data FILE`: are the answers about papers right, quoted, and declined where they should be?

Every answer is kept as it comes, in bench/results, so an interrupted run goes on. With `--against REVISION` and
`--recipe` the same questions go, one after the other, to an earlier state of the program and to the plain LangChain
recipe with the same model, in one run. With `--form html latex text` this program is asked about the papers in each of
these forms, one beside the other. `--evidence` asks no model, but whether the key stands in what it would be shown.

    python -m bench.answers --data FILE [--papers DIR] [--limit N] [--half dev|held] [--against REV] [--recipe]
                            [--form html latex text] [--evidence] [--json] [--again]
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import record
from bench.answer_evidence import FileOf, print_evidence
from bench.answer_forms import FORMS, InForm, SourceForm, file_in
from bench.answer_scores import judged, summary
from bench.answer_sets import Task, read_set
from bench.answer_systems import ROOT, Program, Recipe, System, revision
from rag_agent.settings import load_settings


def main() -> None:
    """Ask, judge, print."""
    options = _options()
    whole = read_set(options.data, options.papers, options.half, has_pdfs=not options.form)
    tasks = _spread(whole, options.limit)
    if options.evidence:
        print_evidence(tasks, dict(_files(options)))
        return
    name = f"answers-{options.data.stem}{f'-{options.half}' if options.half else ''}"
    with contextlib.ExitStack() as stack:
        systems = list(_systems(options, stack))
        for system in systems:
            stack.callback(system.close)
        rows = {system.name: _kept(name, system.name, again=options.again) for system in systems}
        for task in tasks:
            for system in systems:
                if task.id not in rows[system.name]:
                    rows[system.name][task.id] = _asked(task, system, name)
    asked = {task.id for task in tasks}
    figures = {
        system: summary([row for id_, row in kept.items() if id_ in asked])
        for system, kept in rows.items()
    }
    if options.json:
        print(json.dumps(figures["program"] if len(figures) == 1 else figures, ensure_ascii=False))
        return
    record.write(name, {"data": options.data.name, "systems": figures})
    _print(figures)


def _spread(tasks: Sequence[Task], limit: int) -> list[Task]:
    """At most `limit` tasks, spread over the set, since neighbours are about one paper; 0: all."""
    if not limit or limit >= len(tasks):
        return list(tasks)
    return [tasks[place * len(tasks) // limit] for place in range(limit)]


def _files(options: argparse.Namespace) -> Iterator[tuple[str, FileOf]]:
    for form in options.form:
        yield form, partial(_in_form, form, options.papers)
    if not options.form:
        yield "as given", lambda task: task.file


def _in_form(form: SourceForm, folder: Path | None, task: Task) -> Path:
    return file_in(form, task.paper, folder)


def _systems(options: argparse.Namespace, stack: contextlib.ExitStack) -> Iterator[System]:
    weights = load_settings().home / "weights"
    program = Program("program", ROOT, weights)
    if not options.form:
        yield program
    else:
        stack.callback(program.close)
    for form in options.form:
        yield InForm(form, program, options.papers)
    if options.against:
        tree = stack.enter_context(revision(options.against))
        yield Program(options.against, tree, weights)
    if options.recipe:
        yield Recipe()


def _asked(task: Task, system: System, name: str) -> dict[str, Any]:
    answer, seconds, first_s = system.answer(task)
    row = judged(task, answer, seconds) | {"first_s": first_s and round(first_s, 2)}
    with _file(name, system.name).open("a", encoding="utf-8") as out:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(
        f"{system.name:18} {seconds:6.1f} s  {task.question}  ->  {row['answer']}", file=sys.stderr
    )
    return row


def _file(name: str, system: str) -> Path:
    record.RESULTS.mkdir(exist_ok=True)
    return record.RESULTS / f"{name}.{system.replace(' ', '-')}.jsonl"


def _kept(name: str, system: str, *, again: bool) -> dict[str, dict[str, Any]]:
    file = _file(name, system)
    if again:
        file.unlink(missing_ok=True)
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return {row["id"]: row for row in map(json.loads, lines)}


def _print(figures: dict[str, dict[str, Any]]) -> None:
    for system, values in figures.items():
        print(f"{system} ({values['n']} questions)")
        for name, value in values.items():
            if isinstance(value, dict):
                print(
                    f"  {name:15} {value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}] of {value['n']}"
                )
            elif value is not None and name != "n":
                print(f"  {name:15} {value}")


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.answers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=ROOT / "bench" / "questions" / "papers.jsonl")
    parser.add_argument(
        "--papers", type=Path, help="folder of the papers' PDFs, or of html/ and latex/"
    )
    parser.add_argument(
        "--limit", type=int, default=0, help="only N questions, spread over the set"
    )
    parser.add_argument("--half", choices=["dev", "held"], default="")
    parser.add_argument("--against", default="", help="a git revision to compare with")
    parser.add_argument("--recipe", action="store_true", help="compare with the LangChain recipe")
    parser.add_argument(
        "--form", nargs="+", choices=FORMS, default=[], help="forms of the papers to ask about"
    )
    parser.add_argument(
        "--evidence", action="store_true", help="without a model: is the key in what is shown?"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the figures as JSON, write no summary"
    )
    parser.add_argument("--again", action="store_true", help="forget earlier answers")
    options = parser.parse_args(arguments)
    if options.form and (options.against or options.recipe):
        parser.error("--form asks this program alone: leave out --against and --recipe")
    return options


if __name__ == "__main__":
    main()
