"""How sure a model was of a reply."""

from rag_agent.model.sureness import Sureness


def test_a_server_that_tells_nothing_leaves_its_word() -> None:
    assert Sureness([(" blue", -3.0)]).of_last(("yes", "no")) == 0.0


def test_the_last_verdict_counts() -> None:
    told = Sureness()
    for token, logprob in ((" Yes", -2.0), (" it", -0.5), (" No", -0.5)):
        told.note(token, logprob)
    assert told.of_last(("yes", "no")) == -0.5
