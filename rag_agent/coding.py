"""stub"""

import re

from rag_agent.events import TextWritten
from rag_agent.sandbox import PROGRAM, Run

_BLOCK = re.compile(r"```[^\n`]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)
_FRAME = re.compile(rf'File "{re.escape(PROGRAM)}", line (\d+)')


def program_in(reply: str) -> str:
    """The first fenced block of a reply, also when it is still open; the whole reply without one."""
    block = _BLOCK.search(reply)
    return (block.group(1) if block else reply).strip("\n") + "\n"


def written(coder, messages, max_tokens):
    """Stream a program, and stop the model when its block is closed."""
    reply = ""
    pieces = coder.stream(messages, max_tokens)
    for piece in pieces:
        reply += piece
        yield TextWritten(piece, "program")
        if reply.count("```") >= 2:
            pieces.close()
            return


def error_lines(run: Run) -> str:
    """What a model needs to know about a failure: the last lines of the traceback in the program."""
    if run.outcome not in ("failed", "killed"):
        return f"The program was stopped: {run.outcome}."
    lines = run.stderr.strip().splitlines()
    frames = [n for n, line in enumerate(lines) if _FRAME.search(line)]
    return "\n".join(lines[frames[-1] :] if frames else lines[-3:])[-600:]
