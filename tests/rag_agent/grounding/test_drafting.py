"""From a model's draft to checked claims: what stands, what becomes its quote, what is dropped."""

from typing import Any

from ingestion.embedding.model import HashingEmbedder, Vectors
from rag_agent.answer import Claim
from rag_agent.grounding.drafting import quote_claims, write_claims
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.verification import Keys
from rag_agent.model.client import ScriptedModel
from rag_agent.prompts.reader import Prompts
from tests.papers import LIGHTHOUSE, SOURDOUGH

PEAK = "The rate of bubble bursts peaks 5.2 hours after feeding at 24 degrees."
TASK = "We also train a second small task that joins pairs of loaves."


def vector(text: str) -> Vectors:
    return HashingEmbedder(512).encode([text])[0]


def sentence(text: str, score: float = 1.0, page: int | None = 3) -> Evidence:
    return Evidence(SOURDOUGH, page, 0, text, text, text, score, score / 2, vector(text))


def claims(
    question: str, answer: str, shown: list[Evidence], embedder: HashingEmbedder, cited: int = 1
) -> tuple[Claim, ...]:
    draft: dict[str, Any] = {"answerable": True, "sentences": [cited], "answer": answer}
    model = ScriptedModel([draft])
    return write_claims(question, shown, "en", model, embedder, Prompts(), Keys())


def test_a_sentence_cut_by_the_limit_is_not_a_claim(embedder: HashingEmbedder) -> None:
    whole = PEAK + " " + "The rate of bubble bursts peaks after feeding at 24 degrees. " * 5
    cut = (whole + " ".join(["The rate of bubble bursts peaks"] * 9))[:400]
    found = claims("When does it peak?", cut, [sentence(PEAK)], embedder)
    assert [claim.text for claim in found] == [PEAK]


def test_a_name_in_another_form_of_the_word_leaves_the_quote(embedder: HashingEmbedder) -> None:
    shown = [sentence("We train a masked loaf model on bread of four bakeries.")]
    (claim,) = claims(
        "What is trained?", "They train a Masked Loaf Modeling on bread.", shown, embedder
    )
    assert claim.quoted


def test_on_one_paper_a_name_of_the_question_does_not_cost_the_quote(
    embedder: HashingEmbedder,
) -> None:
    question = "What second task does CrumbNet train?"
    answer = "CrumbNet trains a second small task that joins pairs of loaves."
    (claim,) = claims(question, answer, [sentence(TASK)], embedder)
    assert claim.text == TASK
    assert claim.quoted


def test_on_many_papers_a_quote_must_speak_of_the_one_asked_about(
    embedder: HashingEmbedder,
) -> None:
    question = "What second task does CrumbNet train?"
    answer = "CrumbNet trains a second small task that joins pairs of loaves."
    lamp = "A lighthouse lamp turns once a minute."
    other = Evidence(LIGHTHOUSE, None, 0, lamp, lamp, lamp, 0.1, 0.1, vector(lamp))
    assert claims(question, answer, [sentence(TASK, page=None), other], embedder, cited=2) == ()


def test_quotes_without_a_model_show_their_cosine(embedder: HashingEmbedder) -> None:
    (claim,) = quote_claims([sentence(PEAK, score=1.8)], Keys())
    assert claim.citations[0].cosine == 0.9
