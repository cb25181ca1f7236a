"""From a question to an answer: what is decided, which steps follow one another, within which budgets.

`graph.build_graph` joins the steps and `tools.run_tools` lets the model call them; both are imported from there,
since they load LangGraph and LangChain.
"""

from rag_agent.asking.services import Services, Stopped
from rag_agent.asking.state import CodeOptions, State

__all__ = ["CodeOptions", "Services", "State", "Stopped"]
