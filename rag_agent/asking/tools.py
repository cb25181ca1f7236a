"""Search, fetch, read and code as LangChain tools, so that a larger model can drive them itself.

The small default model keeps to the fixed graph. Whoever drives, the rule is the same: each sentence of the
final text is checked against the evidence that the tools returned, and what does not stand is quoted or left out.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import Field

from ingestion.errors import ModelUnavailable
from ingestion.fulltext.passages import sentence_spans
from rag_agent.asking import other_routes, papers, research
from rag_agent.asking.planning import language_of, plain_plan
from rag_agent.asking.services import Services
from rag_agent.asking.state import State
from rag_agent.citation import Claim
from rag_agent.code.result import CodeResult
from rag_agent.events import ClaimWritten
from rag_agent.grounding.drafting import checked
from rag_agent.grounding.evidence import Evidence, abstract_evidence

_SYSTEM = (
    "You answer questions about arXiv papers. Use the tools to find evidence: search first, fetch when the "
    "library lacks the topic, read for details of one paper, code when a program is asked for. Then answer in a "
    "few short sentences, each resting on sentences that a tool returned. If the evidence does not answer, say so."
)
_MOST_STEPS = 25

Query = Annotated[str, Field(max_length=200, description="English search phrase")]
PaperId = Annotated[str, Field(max_length=40, description="arXiv id such as 2005.11401")]
Question = Annotated[str, Field(max_length=300, description="What to find in the paper")]


class Toolbox:
    """The tools of one question and the evidence they have returned."""

    def __init__(self, services: Services) -> None:
        self.evidence: list[Evidence] = []
        self.fetched: list[str] = []
        self.queries: list[str] = []
        self.code: CodeResult | None = None
        self._services = services

    def tools(self) -> list[BaseTool]:
        """The four tools, with typed arguments."""
        return [
            StructuredTool.from_function(function, name=name, description=function.__doc__)
            for name, function in (
                ("search", self.search),
                ("fetch", self.fetch),
                ("read", self.read),
                ("code", self.write),
            )
        ]

    def search(self, query: Query) -> str:
        """Sentences of the library's abstracts about a topic."""
        with self._services.step("search", query):
            hits = [hit for hit in self._services.retriever.search(query) if hit.passes]
            found = abstract_evidence(
                query, hits, self._services.embedder, self._services.settings.retrieval.sentences
            )
        self.queries.append(query)
        return self._returned(found)

    def fetch(self, keywords: Query) -> str:
        """Papers from arXiv into the library; returns their ids."""
        state: State = {"question": keywords, "plan": plain_plan(keywords)}
        fetched = research.fetch(state, self._services)["fetched"]
        self.fetched += fetched
        return json.dumps(fetched) if fetched else "nothing came from arXiv"

    def read(self, arxiv_id: PaperId, question: Question) -> str:
        """Sentences of one paper's full text that say most about a question."""
        plan = plain_plan(question).model_copy(update={"route": "paper", "paper": arxiv_id})
        state: State = {"question": question, "plan": plan, "parts": [question]}
        state |= papers.find_paper(state, self._services)
        if not state.get("paper"):
            return f"the paper {arxiv_id} cannot be had"
        return self._returned(papers.read(state, self._services)["evidence"])

    def write(self, request: Question) -> str:
        """A program for a request, run and checked, from the evidence found so far."""
        state: State = {"question": request, "plan": plain_plan(request), "evidence": self.evidence}
        self.code = other_routes.write_program(state, self._services).get("code")
        return self.code.verdict if self.code else "no program was written"

    def _returned(self, found: Sequence[Evidence]) -> str:
        self.evidence += found
        rows = [{"arxiv_id": e.paper.arxiv_id, "page": e.page, "text": e.reading} for e in found]
        return json.dumps(rows, ensure_ascii=False) if rows else "nothing passes the threshold"


def run_tools(state: State, services: Services) -> Iterator[State]:
    """Let the reader model call the tools until it answers; the states are those of the graph.

    Raises:
        ModelUnavailable: There is no reader, or its server fails.
    """
    import openai
    from langchain.agents import create_agent

    if services.reader is None:
        raise ModelUnavailable(
            "Driving the tools needs a language model", next_step="Set ARXIV_AGENT_READER__BASE_URL"
        )
    box = Toolbox(services)
    agent: Any = create_agent(services.reader.chat_model(600), box.tools(), system_prompt=_SYSTEM)
    messages = [("user", f"{state.get('conversation', '')}\n{state['question']}".strip())]
    with services.step("tools") as closing:
        try:
            final = agent.invoke({"messages": messages}, {"recursion_limit": _MOST_STEPS})[
                "messages"
            ]
        except openai.OpenAIError as error:
            raise ModelUnavailable(
                f"The model server failed: {str(error)[:200]}", next_step="Check that it runs"
            ) from error
        closing.append(f"{len(final)} messages, {len(box.evidence)} sentences found")
    for message in final:
        services.reader.count(message)
    text = str(final[-1].text)
    claims = _checked(text, state["question"], box.evidence, services) if box.evidence else ()
    plan = plain_plan(state["question"])
    yield {
        **state,
        "plan": plan.model_copy(update={"route": "code" if box.code else "research"}),
        "language": language_of(state["question"]),
        "claims": claims,
        "queries": box.queries,
        "fetched": box.fetched,
        "code": box.code,
    }


def _checked(
    text: str, question: str, evidence: Sequence[Evidence], services: Services
) -> tuple[Claim, ...]:
    claims = []
    for start, end in sentence_spans(text, 0, len(text)):
        claim = checked(text[start:end], question, evidence, services.embedder, services.keys)
        if claim is not None:
            claims.append(claim)
            services.say(ClaimWritten(claim))
    return tuple(claims)
