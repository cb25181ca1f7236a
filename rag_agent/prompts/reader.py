"""Every prompt of the program: named templates with their few-shot examples.

The stable part of each prompt stands first, so that a server's prefix cache serves it. A template can be
replaced by name from the settings (`[prompts]` in settings.toml, or ARXIV_AGENT_PROMPTS).
"""

from collections.abc import Mapping, Sequence

from ingestion.errors import AgentError
from rag_agent.model.client import Message
from rag_agent.prompts import coder

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

_ANSWER = """You answer a question about research papers from numbered sentences, and from nothing else. Reply with JSON.
answerable: true only if the sentences state the answer; false if they are about something else or leave the asked fact out.
sentences: the numbers of the 1 to 3 sentences that state the answer.
answer: the answer itself in 1 to 3 short, complete English sentences. Answer exactly what is asked. Keep numbers, names and units as they stand."""

_ANSWER_EXAMPLES = (
    (
        (
            "Batch normalization normalizes layer inputs over each mini-batch.",
            "It allows much higher learning rates.",
            "On ImageNet the same accuracy is reached with 14 times fewer training steps.",
        ),
        "How many training steps does batch normalization save on ImageNet?",
        '{"answerable":true,"sentences":[3],"answer":"Batch normalization needs 14 times fewer training steps on ImageNet."}',
    ),
    (
        (
            "Gated recurrent units merge the forget and input gates of an LSTM.",
            "They have fewer parameters than an LSTM of the same width.",
        ),
        "How many GPUs were used to train the GRU?",
        '{"answerable":false,"sentences":[],"answer":""}',
    ),
    (
        (
            "We train four models of different size.",
            "Table 2: Models. Model: Tiny-B; Layers: 6; Hidden size: 768.",
            "Table 2: Models. Model: Tiny-A; Layers: 4; Hidden size: 312.",
        ),
        "Which hidden size does Tiny-A have?",
        '{"answerable":true,"sentences":[3],"answer":"Tiny-A has a hidden size of 312."}',
    ),
)

_ANSWER_ZH = """zh: the same answer in Chinese (中文)."""

_ANSWER_ZH_EXAMPLES = (
    (
        ("Dropout randomly removes units during training, which prevents co-adaptation.",),
        "Why does dropout reduce overfitting?",
        '{"answerable":true,"sentences":[1],"answer":"Dropout prevents co-adaptation by randomly removing units during training.","zh":"Dropout 在训练中随机移除单元，从而避免共适应。"}',
    ),
    (
        *_ANSWER_EXAMPLES[1][:2],
        '{"answerable":false,"sentences":[],"answer":"","zh":""}',
    ),
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
    "answer": _ANSWER,
    "answer_zh": _ANSWER_ZH,
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
        known = {**DEFAULTS, **coder.DEFAULTS}
        unknown = set(overrides or {}) - set(known)
        if unknown:
            raise AgentError(
                f"No prompt is called {', '.join(sorted(unknown))}",
                next_step=f"The prompts are: {', '.join(known)}",
            )
        self._texts = {**DEFAULTS, **(overrides or {})}
        self.coder = coder.CoderPrompts(overrides)

    def plan(self, question: str, conversation: str) -> list[Message]:
        """Route, paper, query, keywords and sub-questions of one question."""
        asked = f"Conversation:\n{conversation}\n" if conversation else ""
        return _with_examples(self._texts["plan"], _PLAN_EXAMPLES, f"{asked}Question: {question}")

    def answer(self, question: str, sentences: Sequence[str], *, chinese: bool) -> list[Message]:
        """An answer from numbered sentences; in Chinese too where asked.

        On 10 questions about papers the 1.5B model stated all asked facts 5 times with the best sentences
        last, 4 times with them first, 3 times with them in the paper's order (22 November 2026).
        """
        system = self._texts["answer"]
        examples: Sequence[tuple[Sequence[str], str, str]] = _ANSWER_EXAMPLES
        if chinese:
            system = f"{system}\n{self._texts['answer_zh']}"
            examples = _ANSWER_ZH_EXAMPLES
        shown = tuple((_numbered(asked, given), reply) for given, asked, reply in examples)
        return _with_examples(system, shown, _numbered(question, sentences))

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


def _numbered(question: str, sentences: Sequence[str]) -> str:
    numbered = "\n".join(f"{n}. {text}" for n, text in enumerate(sentences, start=1))
    return f"Question: {question}\n{numbered}\nQuestion: {question}"


def _with_examples(system: str, examples: Sequence[tuple[str, str]], asked: str) -> list[Message]:
    messages: list[Message] = [("system", system)]
    for question, reply in examples:
        messages += [("user", question), ("assistant", reply)]
    return [*messages, ("user", asked)]
