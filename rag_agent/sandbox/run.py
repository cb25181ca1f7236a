"""How one program ended."""

import re
from dataclasses import dataclass
from typing import Any, Literal, Self

Outcome = Literal[
    "passed", "failed", "timed out", "out of memory", "output limit", "too many files", "killed"
]


@dataclass(frozen=True, slots=True)
class Run:
    """How one program ended.

    Args:
        outcome: `passed` when it exited with 0; else the limit it hit, `failed`, or `killed` by a
            signal.
        exit_code: Of the program; negative for the signal that ended it, as in `subprocess`.
        stdout: What it printed, cut at the output limit.
        stderr: What it printed there, cut at the same limit.
        seconds: Wall time, start of the sandbox included.
        memory_mb: Highest memory of all its processes together that was seen, sampled every 20 ms.
    """

    outcome: Outcome
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    memory_mb: float

    def as_json(self) -> dict[str, Any]:
        """The fields that `code --json` prints."""
        return {
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "seconds": round(self.seconds, 3),
            "memory_mb": round(self.memory_mb, 1),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The run that `as_json` wrote."""
        return cls(**stored)


def outcome_of(exit_code: int, stderr: str) -> Outcome:
    """What a program's own end amounts to, where no limit ended it."""
    if exit_code == 0:
        return "passed"
    if exit_code < 0:
        return "killed"
    last = stderr.strip().rpartition("\n")[2]
    refused = re.match(r"(\w+\.)*_?(Array)?MemoryError\b", last) or "can't allocate memory" in last
    return "out of memory" if refused else "failed"
