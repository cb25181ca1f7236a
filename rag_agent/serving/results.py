"""What other programs get: typed, and every statement with its quotes."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import BaseModel, Field

from ingestion.paper import Paper
from rag_agent.answer import Answer
from rag_agent.citation import Citation, Claim, Hit, QuoteKind
from rag_agent.review.documents import as_markdown
from rag_agent.review.review import Review, cited
from rag_agent.serving.quote_check import Carried, QuoteCheck
from rag_agent.tables import Table


class PaperRecord(BaseModel):
    """A paper as the library knows it."""

    arxiv_id: str
    version: int | None = None
    title: str
    authors: list[str]
    year: int
    categories: list[str]
    url: str
    doi: str
    abstract: str
    own_summary: bool = Field(description="Whether `abstract` is this program's summary instead")

    @classmethod
    def of(cls, paper: Paper) -> Self:
        """The record of a paper."""
        return cls(
            arxiv_id=paper.arxiv_id,
            version=paper.version or None,
            title=paper.title,
            authors=list(paper.authors),
            year=paper.year,
            categories=list(paper.categories),
            url=paper.url,
            doi=paper.any_doi,
            abstract=paper.abstract,
            own_summary=paper.origin == "starter",
        )


class FoundPaper(PaperRecord):
    """A paper found by a search."""

    cosine: float = Field(description="Of paper and query, -1 to 1")
    passes: bool = Field(description="Whether it is near enough to count as found")


class Found(BaseModel):
    """Papers of the library, best first."""

    query: str = Field(description="As searched, in English")
    papers: list[FoundPaper]

    @classmethod
    def of(cls, query: str, hits: tuple[Hit, ...]) -> Self:
        """The hits of a search."""
        papers = [
            FoundPaper(
                **PaperRecord.of(hit.paper).model_dump(),
                cosine=round(hit.cosine, 4),
                passes=hit.passes,
            )
            for hit in hits
        ]
        return cls(query=query, papers=papers)


class Quote(BaseModel):
    """A verbatim quote and where it stands."""

    key: int = Field(description="The number in brackets that refers to it, from 1")
    arxiv_id: str
    title: str
    authors: list[str]
    year: int
    url: str
    page: int | None = Field(description="Page of the PDF from 1; null for the abstract")
    kind: QuoteKind = Field(description="abstract, pdf, or summary, which is not the authors'")
    quote: str = Field(description="Letter by letter as it stands there")

    @classmethod
    def of(cls, citation: Citation) -> Self:
        """The quote of a citation."""
        paper = citation.paper
        return cls(
            key=citation.key,
            arxiv_id=paper.arxiv_id,
            title=paper.title,
            authors=list(paper.authors),
            year=paper.year,
            url=paper.url,
            page=citation.page,
            kind=citation.kind,
            quote=citation.quote,
        )


class Sentence(BaseModel):
    """One sentence of an answer."""

    text: str
    supported: bool = Field(description="Whether its quotes carry it, as code has checked")
    quotes: list[int] = Field(description="Keys of its quotes")

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """A checked sentence."""
        keys = [citation.key for citation in claim.citations]
        return cls(text=claim.text, supported=claim.supported, quotes=keys)


class AskResult(BaseModel):
    """An answer; `answered` is false where the texts at hand do not say it."""

    question: str
    answered: bool
    answer: str = Field(description="With citation marks such as [1]")
    sentences: list[Sentence]
    quotes: list[Quote]
    nearest: list[Quote] = Field(description="The nearest sentences, which do not answer")
    missing: list[str] = Field(description="Parts of the question that were not found")
    verdict: str
    notices: list[str]
    model: str
    seconds: float

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """An answer as other programs get it."""
        return cls(
            question=answer.question,
            answered=answer.answered,
            answer=answer.text,
            sentences=[Sentence.of(claim) for claim in answer.claims],
            quotes=[Quote.of(citation) for citation in answer.sources],
            nearest=[Quote.of(citation) for citation in answer.nearest_sentences],
            missing=list(answer.missing),
            verdict=answer.verdict,
            notices=list(answer.notices),
            model=answer.model,
            seconds=round(answer.seconds, 3),
        )


class Reading(BaseModel):
    """What was read of a paper: the sentences that say most about a question, or a page's text."""

    paper: PaperRecord
    looked_in: Literal["full text", "abstract"]
    quotes: list[Quote]
    page: int | None = None
    pages: int = Field(0, description="Pages of the PDF; 0 where it is not at hand")
    text: str = Field("", description="Text of the page, where one was asked for")
    notices: list[str] = []


class Checked(BaseModel):
    """Whether a paper carries a sentence."""

    sentence: str
    arxiv_id: str
    carried: Carried = Field(
        description="verbatim: it stands there; carried: its numbers, names and words are the quotes'"
    )
    looked_in: Literal["full text", "abstract"]
    quotes: list[Quote]
    nearest: list[Quote] = Field(description="The nearest sentences, which do not carry it")
    notices: list[str] = []

    @classmethod
    def of(cls, arxiv_id: str, check: QuoteCheck, notices: list[str]) -> Self:
        """A check of a sentence against a paper."""
        return cls(
            sentence=check.sentence,
            arxiv_id=arxiv_id,
            carried=check.carried,
            looked_in=check.looked_in,
            quotes=[Quote.of(citation) for citation in check.quotes],
            nearest=[Quote.of(citation) for citation in check.nearest],
            notices=notices,
        )


class ComparedCell(BaseModel):
    """One value of a comparison table."""

    column: str
    value: str = Field(description="As stated; `not stated` where the paper does not state it")
    stated: bool
    quotes: list[Quote] = Field(description="What carries the value")


class ComparedPaper(BaseModel):
    """One row of a comparison table."""

    paper: PaperRecord
    cells: list[ComparedCell]


class Compared(BaseModel):
    """Papers compared: each cell is a value with its quotes, or not stated."""

    question: str
    columns: list[str]
    rows: list[ComparedPaper]
    notices: list[str]

    @classmethod
    def of(cls, table: Table) -> Self:
        """A table as other programs get it."""
        return cls(
            question=table.question,
            columns=list(table.columns),
            rows=[
                ComparedPaper(
                    paper=PaperRecord.of(row.paper),
                    cells=[
                        ComparedCell(
                            column=column,
                            value=cell.text,
                            stated=bool(cell.value),
                            quotes=[Quote.of(citation) for citation in cell.citations],
                        )
                        for column, cell in zip(table.columns, row.cells, strict=True)
                    ],
                )
                for row in table.rows
            ],
            notices=list(table.notices),
        )


class ReviewSection(BaseModel):
    """A part of a review."""

    title: str
    sentences: list[Sentence]

    @classmethod
    def of(cls, title: str, claims: Iterable[Claim]) -> Self:
        """Sentences under a title."""
        return cls(title=title, sentences=[Sentence.of(claim) for claim in claims])


class Reviewed(BaseModel):
    """A literature review: every sentence has the quotes that carry it, as code has checked."""

    topic: str
    sections: list[ReviewSection]
    differences: list[Sentence] = Field(
        description="Quotes of two papers that differ, side by side"
    )
    quotes: list[Quote]
    papers: list[PaperRecord] = Field(description="Those cited, in the order of their numbers")
    unused: list[PaperRecord] = Field(description="Read, and not cited")
    not_found: list[str] = Field(description="Parts of the topic on which no paper was found")
    markdown: str = Field(description="The whole review as a document, with its BibTeX")
    notices: list[str]

    @classmethod
    def of(cls, review: Review) -> Self:
        """A review as other programs get it."""
        return cls(
            topic=review.topic,
            sections=[ReviewSection.of(one.title, one.sentences) for one in review.sections],
            differences=[Sentence.of(claim) for claim in review.differences],
            quotes=[Quote.of(citation) for citation in cited(review.sentences)],
            papers=[PaperRecord.of(paper) for paper in review.papers],
            unused=[PaperRecord.of(paper) for paper in review.unused],
            not_found=list(review.not_found),
            markdown=as_markdown(review),
            notices=list(review.notices),
        )


class Fetched(BaseModel):
    """Papers taken from arXiv into the library."""

    papers: list[PaperRecord]
    new: int
    updated: int


class Exported(BaseModel):
    """Papers for a reference manager."""

    format: str
    papers: int
    text: str
