"""Programs from papers: asked for precisely, written, run, repaired, held to their requirements, compared."""

from rag_agent.code.again import run_again, write_again
from rag_agent.code.result import CodeResult, CodeVerdict
from rag_agent.code.writing import write_code

__all__ = ["CodeResult", "CodeVerdict", "run_again", "write_again", "write_code"]
