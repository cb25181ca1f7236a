"""Markdown and plain text as documents."""

from ingestion.document import Table
from ingestion.document.plain import read_markdown, read_text

MARKDOWN = b"""# Small Nets

Words with **stress**, a [link](http://x.y) and $x^2$.

## Results
| Model | BLEU |
|---|---:|
| Ours | 28.4 |

- One
- Two

```python
x = 1  # | no table |
```

$$E = \\frac{m}{c}$$ (4)

## References
[1] A. Vaswani. Attention is all you need. arXiv:1706.03762, 2017.
"""


def test_markdown_has_headings_tables_lists_programs_formulas_and_references() -> None:
    read = read_markdown(MARKDOWN)
    assert read.title == "Small Nets"
    assert [block.kind for block in read.blocks] == [
        *(
            "text",
            "heading",
            "table",
            "list",
            "list",
            "algorithm",
            "equation",
            "heading",
            "reference",
        )
    ]
    assert "Words with stress, a link and x^2." in read.text
    table = read.of_kind("table")[0].content
    assert isinstance(table, Table)
    assert table.rows[1].reading == "Model: Ours; BLEU: 28.4."
    assert read.references()[0].arxiv_id == "1706.03762"


def test_a_plain_text_has_its_title_first_and_a_paragraph_between_empty_lines() -> None:
    read = read_text(
        b"A title\n\nOne line\nand the next.\n\nReferences\n\n1. B. C. Some words here.\n"
    )
    assert read.title == "A title"
    assert [read.text_of(block) for block in read.of_kind("text")] == ["One line and the next."]
    assert len(read.references()) == 1
