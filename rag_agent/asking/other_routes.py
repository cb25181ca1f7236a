"""Steps of the routes that answer no question: papers fetched, the library listed, small talk, programs."""

from typing import Literal

from pydantic import BaseModel

from ingestion.errors import ModelError
from rag_agent.answer import Language
from rag_agent.asking.papers import open_text
from rag_agent.asking.research import fetched
from rag_agent.asking.services import Services
from rag_agent.asking.state import CodeOptions, State
from rag_agent.code.instruction import instruction_of, parse_instruction
from rag_agent.code.writing import write_code
from rag_agent.events import TextWritten
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.method import method_of
from rag_agent.model.adapter import adapter_name
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.reader import Prompts

_LISTED = 20
Kind = Literal["greeting", "thanks", "about", "other"]
_KIND_TOKENS = 16

# Replies are written here, not by the model: it would invent.
_ABOUT: dict[Language, str] = {
    "en": "I answer questions about papers on arXiv, each sentence with a verbatim quote, fetch new papers, "
    "read full PDFs, and write code from papers that is run and checked.",
    "zh": "我根据 arXiv 论文回答问题，每句话都附原文引用；也可以获取新论文、阅读 PDF 全文，"
    "并根据论文编写经过运行和检查的代码。",
}
_REPLIES: dict[Language, dict[Kind, str]] = {
    "en": {
        "greeting": f"Hello! {_ABOUT['en']} What would you like to know?",
        "thanks": "You are welcome. Ask on whenever you like.",
        "about": _ABOUT["en"],
        "other": "I only say what papers on arXiv say, and this is not a question for them. "
        "Ask me about a research topic or a paper.",
    },
    "zh": {
        "greeting": f"你好！{_ABOUT['zh']}你想了解什么？",
        "thanks": "不客气，随时可以继续提问。",
        "about": _ABOUT["zh"],
        "other": "我只回答 arXiv 论文中有依据的内容，这个问题不在其中。请问我一个研究主题或一篇论文。",
    },
}


class _Message(BaseModel):
    kind: Kind


def report_fetch(state: State, services: Services) -> State:
    """Answer a request for papers: take them from arXiv and list them."""
    made = state["plan"]
    wanted = " ".join(made.keywords) or made.query
    newest = bool({"new", "newest", "latest", "recent"} & set(state["question"].lower().split()))
    newest = newest or any(word in state["question"] for word in ("最新", "新的", "最近"))
    with services.step("fetch from arXiv", wanted) as closing:
        ids = fetched(wanted, state["question"], services, newest=newest)
        closing.append(f"{len(ids)} papers")
    papers = services.store.get(ids)
    lines = [
        f"- {papers[id_].title} ({papers[id_].year}), arXiv:{id_}" for id_ in ids if id_ in papers
    ]
    chinese = state["language"] == "zh"
    if lines:
        head = (
            f"从 arXiv 取得 {len(lines)} 篇论文："
            if chinese
            else f"{len(lines)} papers from arXiv:"
        )
    else:
        head = "没有从 arXiv 取得论文。" if chinese else "No papers came from arXiv."
    reply = "\n".join([head, *lines])
    services.say(TextWritten(reply))
    return {"reply": reply, "fetched": ids}


def list_library(state: State, services: Services) -> State:
    """Say what the library holds: a count, and the papers whose PDF is at hand or that were added last."""
    with services.step("look at the library") as closing:
        count = services.store.count()
        at_hand = services.library.at_hand()
        closing.append(f"{count} papers, {len(at_hand)} PDFs")
    chinese = state["language"] == "zh"
    head = (
        f"文献库中有 {count:,} 篇论文，其中 {len(at_hand)} 篇有 PDF："
        if chinese
        else f"The library holds {count:,} papers; {len(at_hand)} of them have their PDF at hand:"
    )
    lines = [f"- {paper.title} ({paper.arxiv_id})" for paper, _ in at_hand[:_LISTED]]
    more = len(at_hand) - _LISTED
    if more > 0:
        lines.append(f"- … 另有 {more} 篇" if chinese else f"- … and {more} more")
    reply = "\n".join([head if lines else head.rstrip(":：") + ("。" if chinese else "."), *lines])
    services.say(TextWritten(reply))
    return {"reply": reply}


def chat(state: State, services: Services) -> State:
    """Reply to what asks for no papers; nothing about the world is said."""
    with services.step("reply"):
        try:
            kind = _kind_of(state["question"], services.reader, services.prompts)
        except ModelError as error:
            services.notice(error)
            kind = "about"
    reply = _REPLIES[state["language"]][kind]
    services.say(TextWritten(reply))
    return {"reply": reply, "off_topic": kind == "other"}


def write_program(state: State, services: Services) -> State:
    """Write, run and check a program for the question, from the paper meant or the papers found."""
    options = state.get("code_options") or CodeOptions()
    request = next(iter(state.get("parts", [])), state["question"])
    if services.reader is None:
        services.notice("Writing code needs a language model; none is set")
        return {}
    passages = [services.keys.cite(e, e.cosine) for e in _method(request, state, services)]
    instruction = parse_instruction(options.instruction) if options.instruction else None
    if options.edit is not None:
        instruction = parse_instruction(options.edit(instruction_of(request, passages).as_text()))
    program = write_code(
        request,
        passages,
        coder=services.coder(),
        reader=services.reader,
        sandbox=services.sandbox,
        prompts=services.prompts.coder,
        progress=services,
        adapter=adapter_name("coder", services.settings),
        instruction=instruction,
        run=options.run,
        deadline=services.started + services.settings.agent.seconds,
    )
    return {"code": program}


def _method(request: str, state: State, services: Services) -> list[Evidence]:
    """What the paper says about how it is computed: of its full text where that can be had, else of abstracts."""
    best = sorted(state.get("evidence", []), key=lambda e: -e.score)[:3]
    found = next((e.paper for e in best), None) if services.settings.agent.read_papers else None
    paper = state.get("paper") or found
    opened = open_text(paper, services) if paper is not None else None
    return method_of(opened, request, services.embedder) if opened is not None else best


def _kind_of(message: str, model: LanguageModel | None, prompts: Prompts) -> Kind:
    """What kind of message this is; `about` without a model.

    Raises:
        InvalidReply: The model names no kind.
        ModelUnavailable: No model answers.
    """
    if model is None:
        return "about"
    return model.structured(prompts.chat(message), _Message, _KIND_TOKENS).kind
