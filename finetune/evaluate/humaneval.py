"""HumanEval (Chen et al. 2021): problems, the question put to a chat model, and the check."""

import gzip
import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from finetune.data.rows import Message
from finetune.errors import DataError, GenerationError

_UNAVAILABLE_EXIT = 125  # what container tools, and the agent's sandbox, use for "did not run"
_FENCE = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: a function head with its docstring, a reference body, and a test."""

    id: str
    prompt: str
    solution: str
    test: str
    entry_point: str


def load_problems(path: str) -> list[Problem]:
    """The problems of `HumanEval.jsonl` or `HumanEval.jsonl.gz`.

    Raises:
        DataError: The file is missing or no HumanEval file.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
        return [_problem(json.loads(line)) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{path} is not a HumanEval file: {error}",
            next_step="Get HumanEval.jsonl.gz from github.com/openai/human-eval",
        ) from error


def question(problem: Problem) -> tuple[Message, ...]:
    """What the model is asked."""
    text = f"Complete this Python function. Reply with the whole function.\n\n{problem.prompt}"
    return ({"role": "user", "content": text},)


def program(problem: Problem, reply: str) -> str:
    """The test program for a reply: the problem's head, the reply's code, the test.

    A reply that repeats the head defines the function again; one that goes on with the body is put
    behind the head.
    """
    fenced = _FENCE.search(reply)
    code = fenced.group(1) if fenced else reply
    defined = re.search(rf"^def {re.escape(problem.entry_point)}\b", code, re.MULTILINE)
    head = _imports(problem.prompt) if defined else problem.prompt
    body = code if defined else _indented(code)
    return f"{head}\n{body}\n\n{problem.test}\n\ncheck({problem.entry_point})\n"


def passes(program_text: str, runner: Sequence[str], timeout_s: float) -> bool:
    """Run a program in the sandbox given by a command; exit status 0 means passed.

    Args:
        program_text: Python, from a model: untrusted.
        runner: Command in which `{file}` is replaced by the program's path.
        timeout_s: Longest wait for the command, seconds.

    Raises:
        GenerationError: The runner is missing or says (exit status 125) that it cannot isolate.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "program.py"
        file.write_text(program_text, encoding="utf-8", errors="replace")
        command = [part.replace("{file}", str(file)) for part in runner]
        try:
            done = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False)
        except subprocess.TimeoutExpired:
            return False
        except OSError as error:
            raise GenerationError(f"The runner {command[0]} cannot be started: {error}") from error
    if done.returncode == _UNAVAILABLE_EXIT:
        said = done.stderr.decode(errors="replace").strip()
        raise GenerationError(f"The runner cannot isolate programs: {said[:300]}")
    return done.returncode == 0


def _problem(fields: dict[str, str]) -> Problem:
    return Problem(
        id=fields["task_id"],
        prompt=fields["prompt"],
        solution=fields["canonical_solution"],
        test=fields["test"],
        entry_point=fields["entry_point"],
    )


def _imports(prompt: str) -> str:
    """What stands before the last function of the head: imports and helpers it may use."""
    return prompt[: prompt.rfind("\ndef ") + 1] if "\ndef " in prompt else ""


def _indented(code: str) -> str:
    if code.startswith((" ", "\t")):
        return code
    return "\n".join(f"    {line}" for line in code.splitlines())
