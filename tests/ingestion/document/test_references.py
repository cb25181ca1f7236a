"""Printed entries, read for what they name."""

import pytest

from ingestion.document.references import authors_of, doi_in, reference_of


@pytest.mark.parametrize(
    "parts",
    [
        ["Ashish Vaswani and Noam Shazeer.", "Attention is all you need.", "In NeurIPS, 2017."],
        ["Ashish Vaswani and Noam Shazeer.", "2017.", "Attention is all you need.", "In NeurIPS."],
        ["Ashish Vaswani and Noam Shazeer, “Attention is all you need,” in NeurIPS, 2017."],
        ["Ashish Vaswani, Noam Shazeer (2017). Attention is all you need. In NeurIPS."],
        ["Ashish Vaswani and Noam Shazeer. Attention is all you need. NeurIPS 2017."],
    ],
)
def test_title_authors_and_year_of_the_usual_styles(parts: list[str]) -> None:
    reference = reference_of(parts, key="k", label="[1]")
    assert reference.title == "Attention is all you need"
    assert reference.authors == ("Ashish Vaswani", "Noam Shazeer")
    assert (reference.year, reference.label) == (2017, "1")


@pytest.mark.parametrize(
    ("text", "arxiv_id"),
    [
        ("arXiv preprint arXiv:1706.03762v5, 2017", "1706.03762"),
        ("CoRR, abs/2307.08691, 2023", "2307.08691"),
        ("https://arxiv.org/pdf/2005.11401", "2005.11401"),
        ("Phys. 2 (1998) 231 [hep-th/9711200]", "hep-th/9711200"),
        ("pages 1706.03762 of it", ""),
    ],
)
def test_arxiv_ids_in_their_forms(text: str, arxiv_id: str) -> None:
    assert reference_of([text]).arxiv_id == arxiv_id


def test_a_year_is_no_part_of_an_id_and_a_doi_no_address() -> None:
    reference = reference_of(["A. B. A title of some words. arXiv:1906.03762. doi: 10.1000/XyZ.1."])
    assert (reference.year, reference.doi) == (0, "10.1000/xyz.1")
    assert doi_in("https://doi.org/10.48550/arXiv.1706.03762") == ""


def test_last_names_before_initials_are_turned() -> None:
    assert authors_of("Vaswani, A., Shazeer, N. M., & et al.") == ["A. Vaswani", "N. M. Shazeer"]
