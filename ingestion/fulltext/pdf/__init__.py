"""From words in boxes to a page's clean text: lines, blocks of one kind, tables, the parts of a paper.

`lay_out` is the way in; `page` holds what comes out. The steps are `lines`, `body` (what is usual in the
document), `blocks`, `tables`, `parts` (front matter, abstract, references) and `writer`; `front` guesses
title and authors.

Every number in these modules says where it is from: a convention of typesetting, or a measurement.
"Measured" tells how many of the 3,573 blocks of twenty papers (210 pages: ten of `pdfs/papers`, ten of
`qa/qasper-papers`) become others, old and new ones counted, when the number is a fifth less or a quarter
more. Where nothing changes, the number is safe; where much does, look at these papers before changing it.
"""

from ingestion.fulltext.pdf.layout import lay_out
from ingestion.fulltext.pdf.page import Block, PageText

__all__ = ["Block", "PageText", "lay_out"]
