"""`python -m rag_agent.sandbox FILE`: one program in the sandbox."""

import argparse
import sys
from pathlib import Path

from ingestion.errors import SandboxUnavailable
from rag_agent.sandbox import Sandbox
from rag_agent.settings import load_settings

UNAVAILABLE_EXIT = 125  # as container tools use it


def main() -> int:
    """Run one file in the sandbox; exit with its code, 1 where a limit ended it, 125 if unable."""
    parser = argparse.ArgumentParser(prog="python -m rag_agent.sandbox", description=main.__doc__)
    parser.add_argument("file", type=Path, help="Python program; its standard input is ours")
    program = parser.parse_args().file.read_text(encoding="utf-8")
    stdin = "" if sys.stdin.isatty() else sys.stdin.read()
    try:
        run = Sandbox(load_settings().sandbox).run(program, stdin=stdin)
    except SandboxUnavailable as error:
        print(error, file=sys.stderr)
        return UNAVAILABLE_EXIT
    sys.stdout.write(run.stdout)
    sys.stderr.write(run.stderr)
    print(f"{run.outcome}: {run.seconds:.2f} s, {run.memory_mb:.0f} MB", file=sys.stderr)
    return run.exit_code if run.exit_code > 0 else int(run.outcome != "passed")


if __name__ == "__main__":
    sys.exit(main())
