"""Every prompt of the program: named templates with their few-shot examples.

The stable part of each prompt stands first, so that a server's prefix cache serves it. A template can be
replaced by name from the settings (`[prompts]` in settings.toml, or ARXIV_AGENT_PROMPTS).
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from ingestion.errors import AgentError
from rag_agent.model.client import Message
from rag_agent.prompts import coder, works

Form = Literal["fact", "yes_no", "explain"]
"""What a question wants: names or numbers, a decision with its finding, an explanation."""

_PLAN = """You plan the work of a research assistant for arXiv papers. Reply with JSON.
route: "research" (a question about a topic, method, result or comparison), "paper" (about one paper that is named or meant by "it", "this paper", "they"), "code" (the user wants a program, implementation or example code), "fetch" (the user wants papers found, downloaded or added, e.g. the newest ones), "chat" (greetings, thanks, questions about you).
paper: title or arXiv id of the one paper meant, else "".
query: what to search for, one English phrase that stands alone; translate Chinese; replace "it", "they", "this paper" by what the conversation is about.
keywords: 2 to 4 English search terms.
sub_questions: only if the question has several separate parts: each part in English, else []."""

_PLAN_EXAMPLES = (
    (
        "Question: How do graph neural networks over-smooth?",
        '{"route":"research","paper":"","query":"over-smoothing in graph neural networks","keywords":["graph neural networks","over-smoothing"],"sub_questions":[]}',
    ),
    (
        "Question: 扩散模型为什么采样慢？有哪些加速方法？",
        '{"route":"research","paper":"","query":"slow sampling of diffusion models and how to speed it up","keywords":["diffusion models","fast sampling"],"sub_questions":["Why is sampling from diffusion models slow?","Which methods speed up sampling of diffusion models?"]}',
    ),
    (
        "Question: In the PointNet paper, which dataset is used for part segmentation?",
        '{"route":"paper","paper":"PointNet","query":"PointNet part segmentation dataset","keywords":["PointNet","part segmentation"],"sub_questions":[]}',
    ),
    (
        "Question: 用 PyTorch 写一个门控循环单元的例子",
        '{"route":"code","paper":"","query":"gated recurrent unit cell","keywords":["gated recurrent unit","GRU"],"sub_questions":[]}',
    ),
    (
        "Question: Get me the latest papers on topological insulators",
        '{"route":"fetch","paper":"","query":"topological insulators","keywords":["topological insulators"],"sub_questions":[]}',
    ),
    (
        "Question: 你好，你能做什么？",
        '{"route":"chat","paper":"","query":"","keywords":[],"sub_questions":[]}',
    ),
    (
        "Conversation:\nUser: What is the idea of YOLO (1506.02640)?\nAssistant: YOLO treats detection as one regression problem.\nQuestion: How fast is it?",
        '{"route":"paper","paper":"1506.02640","query":"inference speed of YOLO object detection","keywords":["YOLO","inference speed"],"sub_questions":[]}',
    ),
)

_READER = "You read abstracts of papers."
_NOT_STATED = "If the excerpts do not state it, reply only NOT STATED."

_READ_FACT = f"""Answer the question from the excerpts of the paper in one short sentence that begins with the answer itself: the number with its unit, the name, or the whole list. {_NOT_STATED}"""

# The finding first: a verdict first is Yes throughout (24 November 2026, bench/LOG.md).
_READ_YES_NO = """First write one sentence, beginning with "Finding:", that states what the study found about the question, with its direction and numbers. Then, on a new line, write "Answer: Yes" or "Answer: No"."""

_READ_EXPLAIN = f"""Explain from the excerpts of the paper what is asked, in two to four short sentences, with the reasons, numbers and names that the excerpts give. {_NOT_STATED}"""

_TO_ENGLISH = """Translate the question about a research paper into English. Keep every number, name and unit, and what exactly is asked. Reply with the English question only."""

_TO_ENGLISH_EXAMPLES = (
    (
        "残差网络在 ImageNet 上比 VGG 深多少倍？",
        "How many times deeper than VGG are residual networks on ImageNet?",
    ),
    ("作者为什么不用批归一化？", "Why do the authors not use batch normalization?"),
)

# The parts apart: the 1.5B model wrote the first again in 4 of 16 cases, in 8 where it saw the whole question.
_ALONE = """The second question follows the first. Write the second question in full, with what it leaves out taken from the first. Reply with that question only."""

_ALONE_EXAMPLES = (
    (
        "First: Which data set is used for pre-training?\nSecond: How many images does it have?",
        "How many images does the data set used for pre-training have?",
    ),
    (
        "First: How many layers does the small encoder have?\nSecond: How many does the large one?",
        "How many layers does the large encoder have?",
    ),
    (
        "First: Why is the loss clipped?\nSecond: At which value is that done?",
        "At which value is the loss clipped?",
    ),
    (
        "First: What accuracy does the model reach on CIFAR-10?\nSecond: Which on SVHN?",
        "Which accuracy does the model reach on SVHN?",
    ),
)

_TO_CHINESE = """把下面关于论文的句子译成中文。数字、名称、单位和公式保持原样。只输出译文。"""

_TO_CHINESE_EXAMPLES = (
    (
        "Dropout randomly removes units during training, which prevents co-adaptation.",
        "Dropout 在训练中随机移除单元，从而防止共适应。",
    ),
    ("Yes. The model uses layer normalization.", "是。该模型使用 layer normalization。"),
)

_REWRITE = """A search of arXiv abstracts did not find the answer. Give one other English search query: other words, a broader or a more exact term. Reply with JSON."""

_REWRITE_EXAMPLE = (
    "Question: How can a robot learn from few demonstrations?\nTried: robot few demonstrations",
    '{"query":"one-shot imitation learning for manipulation"}',
)

_HYDE = """Write the two key sentences of the abstract of a paper that answers the question. Invent no numbers."""

_CHAT = """Say what kind of message this is. Reply with JSON. kind: "greeting", "thanks", "about" (who you are, what you can do), or "other" (anything else, such as weather, news, sports, cooking, private matters)."""

_CHAT_EXAMPLES = (
    ("Good morning!", '{"kind":"greeting"}'),
    ("谢谢你", '{"kind":"thanks"}'),
    ("What are you able to do?", '{"kind":"about"}'),
    ("明天北京会下雪吗？", '{"kind":"other"}'),
)

_SUMMARY = """Summarise the conversation in at most three sentences: topics, papers with their arXiv ids, what was found. No opinions."""

DEFAULTS: Mapping[str, str] = {
    "plan": _PLAN,
    "read_fact": _READ_FACT,
    "read_yes_no": _READ_YES_NO,
    "read_explain": _READ_EXPLAIN,
    "to_english": _TO_ENGLISH,
    "to_chinese": _TO_CHINESE,
    "alone": _ALONE,
    "rewrite": _REWRITE,
    "hyde": _HYDE,
    "chat": _CHAT,
    "summary": _SUMMARY,
}
"""Templates by name, as settings override them."""


class Prompts:
    """The prompts in force.

    Args:
        overrides: Templates by name that replace the program's own.

    Raises:
        AgentError: An override names no prompt.
    """

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        known = {**DEFAULTS, **coder.DEFAULTS, **works.DEFAULTS}
        unknown = set(overrides or {}) - set(known)
        if unknown:
            raise AgentError(
                f"No prompt is called {', '.join(sorted(unknown))}",
                next_step=f"The prompts are: {', '.join(known)}",
            )
        self._texts = {**DEFAULTS, **(overrides or {})}
        self.coder = coder.CoderPrompts(overrides)
        self.works = works.WorkPrompts(overrides)

    def plan(self, question: str, conversation: str) -> list[Message]:
        """Route, paper, query, keywords and sub-questions of one question."""
        asked = f"Conversation:\n{conversation}\n" if conversation else ""
        return _with_examples(self._texts["plan"], _PLAN_EXAMPLES, f"{asked}Question: {question}")

    def read(self, question: str, form: Form, sentences: Sequence[str]) -> list[Message]:
        """An answer in free text, in the form that the question asks for.

        On 25 development questions for facts and lists the 1.5B model stated 16 so, as many in a bare phrase and 10
        in a full sentence of any form; on 25 of QASPER token F1 was 0.25, 0.19 in a phrase, 0.26 in a full sentence.
        Copying a quote first, or whole passages, did worse (24 November 2026, bench/LOG.md).
        """
        excerpts = "\n".join(f"- {sentence}" for sentence in sentences)
        source = f"Excerpts:\n{excerpts}" if len(sentences) > 1 else f"Abstract: {sentences[0]}"
        asked = f"{source}\n\nQuestion: {question}"
        if form == "yes_no":
            return [("system", _READER), ("user", f"{asked}\n\n{self._texts['read_yes_no']}")]
        return [("system", self._texts[f"read_{form}"]), ("user", asked)]

    def to_english(self, question: str) -> list[Message]:
        """A Chinese question as an English one, whole."""
        return _with_examples(self._texts["to_english"], _TO_ENGLISH_EXAMPLES, question)

    def alone(self, part: str, before: str) -> list[Message]:
        """A part of a question that leans on the part before it, as a question that stands alone."""
        asked = f"First: {before}\nSecond: {part}"
        return _with_examples(self._texts["alone"], _ALONE_EXAMPLES, asked)

    def to_chinese(self, text: str) -> list[Message]:
        """An English sentence in Chinese."""
        return _with_examples(self._texts["to_chinese"], _TO_CHINESE_EXAMPLES, text)

    def rewrite(self, question: str, tried: Sequence[str]) -> list[Message]:
        """Another search query than those tried."""
        asked = f"Question: {question}\nTried: {'; '.join(tried)}"
        return _with_examples(self._texts["rewrite"], (_REWRITE_EXAMPLE,), asked)

    def hyde(self, question: str) -> list[Message]:
        """A hypothetical abstract (HyDE, Gao et al. 2022, arXiv:2212.10496)."""
        return [("system", self._texts["hyde"]), ("user", question)]

    def chat(self, message: str) -> list[Message]:
        """The kind of a message that asks for no papers."""
        return _with_examples(self._texts["chat"], _CHAT_EXAMPLES, message)

    def summary(self, conversation: str) -> list[Message]:
        """A running summary of older turns."""
        return [("system", self._texts["summary"]), ("user", conversation)]


def _with_examples(system: str, examples: Sequence[tuple[str, str]], asked: str) -> list[Message]:
    messages: list[Message] = [("system", system)]
    for question, reply in examples:
        messages += [("user", question), ("assistant", reply)]
    return [*messages, ("user", asked)]
