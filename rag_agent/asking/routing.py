"""Which way a question goes, as far as its words say: no call of the model is spent on that."""

import re

from rag_agent.answer import Route
from rag_agent.asking.planning import Plan, ids_in, plain_plan

_CHAT = re.compile(
    r"^\W*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?|thank you|who are you|what are you"
    r"|what can you|how can you help)(?![^\W\d_])|你好|您好|谢谢|早上好|你是谁|你能做什么|你会什么)",
    re.I,
)
_LIBRARY = re.compile(
    r"\b(?:in|of) (?:my|the|this) library\b|\b(?:papers?|pdfs?) (?:do )?(?:i|we) have\b"
    r"|(?:我的|文献|论文)库(?:里|中)?",
    re.I,
)
_COUNTED = re.compile(
    r"^\W*(?:list|show|count)\b|\bhow many (?:papers|pdfs|articles)\b|\b(?:which|what) (?:papers|pdfs|articles) "
    r"(?:are|do|have)\b|有哪些(?:论文|文章)|多少篇|列出",
    re.I,
)
_CODE = re.compile(
    r"^\W*(?:please |can you |could you )*(?:write|implement|code|program|give me|show me|create|build|make)\b"
    r".*\b(?:code|program|script|function|class|module|implementation|pytorch|numpy|python|jax|tensorflow|test)\b"
    r"|^\W*(?:please )?(?:implement|code)\b|(?:写|实现|编写).*(?:代码|程序|函数|层|类|模块|例子)|用 ?\w+ ?(?:写|实现)",
    re.I,
)
_FETCH = re.compile(
    r"^\W*(?:please |can you |could you )*(?:get|fetch|download|find|add|grab|pull)\b.*\b(?:papers?|preprints?"
    r"|articles?|arxiv)\b|(?:抓取|下载|获取|拉取).*(?:论文|文章|文献)",
    re.I,
)
_PAPER = re.compile(
    r"\b(?:the|in|of) ([A-Z][\w-]*(?: [A-Z][\w-]*)*) paper\b|([A-Z][\w-]+) ?这篇(?:论文|文章)"
)
_TITLE = re.compile(
    r"\bpaper (?:called |titled )?([A-Z][^,?“”\"]{8,119}),|[“\"]((?:[^\s“”\"]+ ){3,}[^\s“”\"]+)[”\"]"
)
_LEANS = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|he|she|the (?:paper|authors?|method|model|approach|same))\b"
    r"|^\W*(?:and|but|so|also|what about|how about|why\W*$)|[它其这那]|该|上述|呢？?$",
    re.I,
)
_SHORT = 4  # a question of fewer words leans on what was said before


def decided(question: str) -> Plan | None:
    """The plan that the question's own words settle; None where they settle none but research.

    Args:
        question: English or Chinese.
    """
    route = _route(question)
    return plain_plan(question).model_copy(update=route) if route else None


def stands_alone(question: str) -> bool:
    """Whether a question can be read without the conversation before it."""
    if ids_in(question):
        return True
    return not _LEANS.search(question) and (
        len(question.split()) >= _SHORT or bool(_CHAT.match(question)) or len(question) > 40
    )


def _route(question: str) -> dict[str, Route | str] | None:
    named = _PAPER.search(question) or _TITLE.search(question)
    if _CHAT.match(question):
        return {"route": "chat", "query": ""}
    if _LIBRARY.search(question) and _COUNTED.search(question):
        return {"route": "library"}
    if _CODE.search(question):
        return {"route": "code"}
    if _FETCH.search(question):
        return {"route": "fetch"}
    if len(ids_in(question)) == 1:
        return {"route": "paper", "paper": str(ids_in(question)[0])}
    if named:
        return {"route": "paper", "paper": named[1] or named[2]}
    return None
