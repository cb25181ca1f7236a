"""From what a model writes to checked claims: what stands, in which form, and what is dropped."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.embedding import HashingEmbedder
from rag_agent.citation import Claim
from rag_agent.grounding.drafting import as_shown, checked, quote_claims, shown, write_claims
from rag_agent.grounding.evidence import Evidence
from rag_agent.grounding.keys import Keys
from rag_agent.model.client import Message
from rag_agent.model.scripted import ScriptedModel
from rag_agent.prompts.reader import Prompts
from tests.papers import LIGHTHOUSE
from tests.rag_agent.grounding.pieces import PEAK, evidence

LOAF = "This peak predicts the rise of the loaf better than the height of the dough."
WHEN = "When does the rate of bubble bursts peak?"
SHOWN = [evidence(PEAK), evidence(LOAF, 80)]


def claims(
    reply: str, question: str = WHEN, shown: Sequence[Evidence] = tuple(SHOWN)
) -> tuple[Claim, ...]:
    embedder = HashingEmbedder(512)
    return write_claims(question, shown, ScriptedModel([reply]), embedder, Prompts(), Keys())


def texts(reply: str, question: str = WHEN) -> list[str]:
    return [claim.text for claim in claims(reply, question)]


def test_of_a_long_caption_or_lead_the_model_sees_less_never_half_a_row_or_formula() -> None:
    caption = "Table 1: " + "Results of many ways. " * 30
    row = "Way: Ours; 5 steps: 16.5."
    assert as_shown(evidence(row, reading=caption + row, is_row=True)).endswith(row)
    lead, formula = "Let us say much. " * 40, f"$$L={'x+' * 200}1$$ (3)"
    assert formula[:-4] in as_shown(evidence(formula, reading=lead + formula))
    assert len(as_shown(evidence("word " * 300))) < 500


def test_a_bare_fact_is_a_claim_with_its_quote() -> None:
    (claim,) = claims("5.2 hours after feeding")
    assert claim.text == "5.2 hours after feeding"
    assert claim.supported
    assert not claim.quoted
    assert [citation.quote for citation in claim.citations] == [PEAK]


@pytest.mark.parametrize(
    "reply",
    [
        "NOT STATED",
        "Not stated.",
        "The excerpts do not mention it.",
        "There is no information about the rate of bubble bursts.",
        "It is not explicitly stated.",
        "",
        "...",
    ],
)
def test_what_says_that_the_texts_do_not_say_is_no_claim(reply: str) -> None:
    assert texts(reply) == []


@pytest.mark.parametrize(
    "reply",
    [
        "7 hours after feeding",
        "The rate of bubble bursts peaks 5.2 days after feeding.",
        "The rate of bubble bursts peaks at BakeryNet 5.2 hours after feeding.",
        "Bananas ripen in paper bags.",
    ],
)
def test_what_fails_its_check_is_dropped_and_no_quote_stands_in(reply: str) -> None:
    assert claims(reply) == ()


def test_an_answer_that_adds_nothing_is_none() -> None:
    shown = [evidence("The lattice spacing was used in the calculation of the mass.")]
    reply = "The lattice spacing was used in the calculation."
    assert claims(reply, "Which lattice spacing was used in the calculation?", shown) == ()


@pytest.mark.parametrize(
    "aside", ["The excerpt states that the", "According to the provided text, the", "The"]
)
def test_nothing_is_said_of_excerpts(aside: str) -> None:
    assert texts(f"{aside} rate peaks 5.2 hours after feeding.") == [
        "The rate peaks 5.2 hours after feeding."
    ]


def test_a_sentence_out_of_a_list_is_told_without_its_bullet_and_quoted_with_it() -> None:
    item = f"• {PEAK}"
    (claim,) = quote_claims([evidence(item)], Keys())
    assert claim.text == PEAK
    assert claim.citations[0].quote == item


def test_each_sentence_is_checked_by_itself() -> None:
    assert texts(f"{PEAK} It rose by 90 percent.", "Explain the peak of the rate.") == [PEAK]


def test_the_same_is_said_once() -> None:
    assert texts(f"{PEAK}\n- {PEAK}\n* 5.2 hours after feeding") == [PEAK]


def test_yes_is_joined_to_its_reason() -> None:
    question = "Does the peak predict the rise of the loaf?"
    for reply in (f"Yes. {LOAF}", f"Yes, {LOAF[0].lower()}{LOAF[1:]}", f"Answer: yes\n{LOAF}"):
        (said,) = texts(reply, question)
        assert said.startswith("Yes. ")
        assert said[5:].casefold() == LOAF.casefold()


def test_a_bare_yes_has_a_quote() -> None:
    (claim,) = claims("Yes", "Does this peak predict the rise of the loaf?")
    assert claim.text == "Yes."
    assert [citation.quote for citation in claim.citations] == [LOAF]


def test_an_invented_reason_falls_and_leaves_the_bare_verdict() -> None:
    question = "Does this peak predict the rise of the loaf?"
    assert texts("Finding: It predicts the rise within 3 minutes. Answer: Yes", question) == [
        "Yes."
    ]
    assert texts("Finding: Yes, on LibriSpeech.\nAnswer: Yes", "Does it help on LibriSpeech?") == []


def test_claims_are_told_as_they_stand_and_never_taken_back() -> None:
    told: list[Claim] = []
    written = write_claims(
        "Explain the peak of the rate.",
        SHOWN,
        ScriptedModel([f"{PEAK} {LOAF}"]),
        HashingEmbedder(512),
        Prompts(),
        Keys(),
        told.append,
    )
    assert tuple(told) == written
    assert [claim.text for claim in told] == [PEAK, LOAF]


def test_the_best_sentence_stands_next_to_the_question() -> None:
    seen: list[str] = []

    def reply(messages: Sequence[Message]) -> str:
        seen.append(messages[-1][1])
        return PEAK

    shown = [evidence(PEAK, score=2.0), evidence(LOAF, 80, score=1.0)]
    write_claims(WHEN, shown, ScriptedModel([reply]), HashingEmbedder(512), Prompts(), Keys())
    assert seen[0].index(LOAF) < seen[0].index(PEAK) < seen[0].index(WHEN)


def test_the_items_of_a_list_are_shown_together_and_those_nobody_chose_by_their_beginning() -> None:
    opens = "We hold it against two others:"
    chosen = evidence("• Poolish: it is wet and is left alone for hours.", 100, lead_in=opens)
    other = evidence(
        f"• Biga: {'it is stiff. ' * 20}", 200, lead_in=opens, completes=True, score=0.1
    )
    lines = shown([evidence(opens, 60), chosen, other, evidence(PEAK, 400, score=2.0)])
    assert len(lines) == 2
    assert lines[0].startswith(f"{opens} {chosen.text} • Biga: it is stiff.")
    assert lines[0].endswith("…")
    assert len(lines[0]) < 200
    assert lines[1] == PEAK


def test_a_sentence_of_an_abstract_is_shown_with_its_papers_title() -> None:
    seen: list[str] = []

    def reply(messages: Sequence[Message]) -> str:
        seen.append(messages[-1][1])
        return "NOT STATED"

    shown = [evidence("A lamp turns.", paper=LIGHTHOUSE, page=None), evidence(PEAK)]
    write_claims(WHEN, shown, ScriptedModel([reply]), HashingEmbedder(512), Prompts(), Keys())
    assert f"- ({LIGHTHOUSE.title}) A lamp turns." in seen[0]
    assert f"- {PEAK}" in seen[0]


def test_nothing_shown_asks_no_model() -> None:
    model = ScriptedModel([])
    assert write_claims(WHEN, [], model, HashingEmbedder(512), Prompts(), Keys()) == ()


def test_quotes_without_a_model_show_their_cosine_and_only_what_is_quotable() -> None:
    shown = [evidence(PEAK, score=1.8, cosine=0.9), evidence("1 Bread", 90, quotable=False)]
    (claim,) = quote_claims(shown, Keys())
    assert claim.quoted
    assert claim.citations[0].cosine == 0.9


@given(st.text(max_size=120))
def test_whatever_is_written_a_claim_has_a_quote_and_no_other_number(text: str) -> None:
    claim = checked(text, WHEN, SHOWN, HashingEmbedder(512), Keys())
    assert claim is None or claim.citations


def test_a_reason_that_stands_beside_the_quote_is_quoted_too() -> None:
    rise = "The dough rises fastest at 24 degrees."
    reason = "We argue that this is because of the yeast."
    further = "The flour was bought in May."
    places = {rise: 0, reason: len(rise) + 1, further: len(rise) + len(reason) + 2}
    shown = [evidence(text, start) for text, start in places.items()]
    told = claims(rise, "Why does it rise so fast then?", shown)
    assert [(claim.text, claim.quoted) for claim in told] == [(rise, False), (reason, True)]
    assert [claim.text for claim in claims(rise, "When does it rise so fast?", shown)] == [rise]
    far = [shown[0], evidence(reason, 2_000)]
    assert len(claims(rise, "Why does it rise so fast?", far)) == 1
    other_paper = evidence(reason, len(rise) + 1, paper=LIGHTHOUSE)
    assert len(claims(rise, "Why does it rise so fast?", [shown[0], other_paper])) == 1


def test_only_what_is_told_of_reasons_takes_a_number() -> None:
    before, rise, behind = (
        "The yeast is warm because of the oven.",
        "The dough rises fastest at 24 degrees.",
        "This is because the yeast is warm then.",
    )
    second = "The crust of the loaf browns at 200 degrees."
    texts = (before, rise, behind, second)
    starts = [sum(len(text) + 1 for text in texts[:place]) for place in range(len(texts))]
    shown = [evidence(text, start) for text, start in zip(texts, starts, strict=True)]
    told = claims(f"{rise} {second}", "Why is it so, and what comes then?", shown)
    assert [claim.text for claim in told] == [rise, second, behind]
    assert [citation.key for claim in told for citation in claim.citations] == [1, 2, 3]
