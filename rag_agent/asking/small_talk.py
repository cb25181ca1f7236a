"""Replies to what asks for no papers. They are written here, not by the model: it would invent."""

from typing import Literal

from pydantic import BaseModel

from rag_agent.answer import Language
from rag_agent.model.client import LanguageModel
from rag_agent.prompts.reader import Prompts

Kind = Literal["greeting", "thanks", "about", "other"]
_TOKENS = 16

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


def kind_of(message: str, model: LanguageModel | None, prompts: Prompts) -> Kind:
    """What kind of message this is; `about` without a model.

    Raises:
        InvalidReply: The model names no kind.
        ModelUnavailable: No model answers.
    """
    if model is None:
        return "about"
    return model.structured(prompts.chat(message), _Message, _TOKENS).kind


def reply_to(kind: Kind, language: Language) -> str:
    """The reply to a kind of message."""
    return _REPLIES[language][kind]
