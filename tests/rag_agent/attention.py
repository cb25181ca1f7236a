"""One paper, a quote of it and the instruction made from it, which the tests of programs share."""

from ingestion.paper import Paper
from rag_agent.citation import Citation
from rag_agent.code.instruction import Instruction

PAPER = Paper(
    arxiv_id="1706.03762",
    title="Attention Is All You Need",
    abstract="We propose the Transformer.",
    authors=("A. Vaswani",),
    categories=("cs.CL",),
    year=2017,
)
QUOTE = "We compute the dot products of the query with all keys, divide each by √dk"
PASSAGE = Citation(
    key=1,
    paper=PAPER,
    page=4,
    quote=QUOTE,
    start=120,
    passage=f"3.2.1 Scaled Dot-Product Attention\n{QUOTE}, and apply a softmax function.",
    cosine=0.7,
)
INSTRUCTION = Instruction(
    goal="Compute scaled dot-product attention.",
    definition="def attention(Q, K, V)",
    formulas=("softmax(Q K^T / sqrt(d_k)) V",),
    inputs=("Q: (n, d_k)",),
    outputs=("out: (n, d_v)",),
    requirements=("divide by sqrt(d_k)", "apply a softmax"),
)
