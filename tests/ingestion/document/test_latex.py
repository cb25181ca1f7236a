r"""LaTeX source as a document."""

import pytest

from ingestion.document import Document, Equation, Table
from ingestion.document.latex.reading import read_latex
from ingestion.document.latex.source import NoPaper, TooLarge, main_file

PREAMBLE = r"""\documentclass{article}
\newcommand{\ours}{\textsc{Small-Net}\xspace} % a comment
\newcommand{\vect}[2][x]{\mathbf{#1}_{#2}}
\newtheorem{lem}{Lemma}
\newif\ifdraft
\title{Small \\ Nets}
\author{Ada Author\thanks{Paid.} \and Bob Builder \\ University of Nowhere}
\begin{document}
"""
BODY = r"""\begin{abstract}We study nets.\end{abstract}
\section{Method}\label{sec:m}
\ours{} has a width of $d_{\mathrm{model}}=512$, see \cref{tab:r} and \citep{vas}.\footnote{A note.}
\ifdraft Hidden words.\fi
\begin{equation}\label{eq:l} L=\frac{\vect{1}}{b} \end{equation}
\begin{align} a&=b \nonumber \\ c&=d \end{align}
\begin{lem}[Key] Nets are small.\end{lem}
\begin{table}
\begin{tabular}{lcc} \toprule
\multirow{2}{*}{Model} & \multicolumn{2}{c}{BLEU} \\ \cmidrule(lr){2-3}
 & EN-DE & EN-FR \\ \midrule
\multirow{2}{*}{Ours} & \textbf{28.4} & $41.8${\tiny$\pm$$0.1$} \\
 & 27.3 & 50\% \\ \bottomrule
\end{tabular}
\caption{Results on WMT. More words.}\label{tab:r}
\end{table}
\begin{itemize}\item One point. \item Another.\end{itemize}
\appendix
\section{More}
Back to Section~\ref{sec:m} and \eqref{eq:l}.
"""
ITEMS = r"""\begin{thebibliography}{9}
\bibitem[{Vaswani et~al.(2017)Vaswani and Shazeer}]{vas} A. Vaswani and N. Shazeer.
\newblock Attention is all you need.
\newblock arXiv:1706.03762, 2017.
\end{thebibliography}
"""


def read(body: str = BODY + ITEMS, **files: str) -> Document:
    sources = {"main.tex": PREAMBLE + body + r"\end{document}"} | files
    return read_latex({name: text.encode() for name, text in sources.items()})


def texts(document: Document, kind: str) -> list[str]:
    return [document.text_of(block) for block in document.blocks if block.kind == kind]


def test_title_authors_abstract_and_numbered_sections() -> None:
    paper = read()
    assert paper.title == "Small Nets"
    assert paper.authors == ("Ada Author", "Bob Builder")
    assert paper.abstract == "We study nets."
    assert texts(paper, "heading") == ["1 Method", "Appendix A More", "References"]


def test_macros_are_expanded_comments_and_hidden_branches_left_out() -> None:
    paper = read()
    assert "Small-Net has a width of d_model = 512, see Table 1" in paper.text
    assert "Hidden" not in paper.text
    assert "comment" not in paper.text


def test_equations_keep_their_latex_and_count_as_latex_counts() -> None:
    paper = read()
    first, second = paper.of_kind("equation")
    assert paper.text_of(first) == r"L=\frac{\mathbf{x}_{1}}{b}"
    assert first.content == Equation("1", ("1",))
    assert second.content == Equation("2", ("2",))
    assert "Back to Section 1 and (1)." in paper.text


def test_a_table_has_its_caption_spans_and_numbers() -> None:
    paper = read()
    table = paper.of_kind("table")[0].content
    assert isinstance(table, Table)
    assert table.caption == "Table 1: Results on WMT. More words."
    assert [row.header for row in table.rows] == [True, True, False, False]
    assert paper.text_of(table.rows[2]) == "Ours | 28.4 | 41.8±0.1"
    assert table.rows[3].reading == (
        "Table 1: Results on WMT. More words. Model: Ours; BLEU EN-DE: 27.3; BLEU EN-FR: 50%."
    )


def test_ticks_and_crosses_of_a_table_are_cells() -> None:
    rows = r"Way & Free & Stable \\ A & \ding{51} & \ding{53} \\ B & \ding{55} & \checkmark \\"
    paper = read(rf"\begin{{tabular}}{{lcc}}{rows}\end{{tabular}}")
    table = paper.of_kind("table")[0].content
    assert isinstance(table, Table)
    assert [row.reading for row in table.rows[1:]] == [
        "Way: A; Free: ✓; Stable: ✕.",
        "Way: B; Free: ✗; Stable: ✓.",
    ]


def test_theorems_lists_and_footnotes_are_blocks() -> None:
    paper = read()
    assert texts(paper, "theorem") == ["Lemma 1 (Key). Nets are small."]
    assert texts(paper, "list") == ["• One point.", "• Another."]
    assert texts(paper, "footnote") == ["A note."]


def test_bibitems_are_references_that_citations_name() -> None:
    paper = read()
    (reference,) = paper.references()
    assert (reference.key, reference.title) == ("vas", "Attention is all you need")
    assert (reference.label, reference.arxiv_id) == ("Vaswani et al.(2017)", "1706.03762")
    assert "(Vaswani et al., 2017)" in paper.text
    assert paper.marks[0].keys == ("vas",)


@pytest.mark.parametrize(
    "files",
    [
        {"main.bbl": ITEMS},
        {
            "refs.bib": "@article{vas, title={Attention is {All} you need}, author={Vaswani, A. and Shazeer, N.},"
            ' year=2017, journal="arXiv:1706.03762"}\n@book{other, title={Not cited}}'
        },
        {
            "main.bbl": r"\entry{vas}{article}{} \name{author}{2}{}{{{hash=1}{family={Vaswani},given={A.}}}"
            r"{{hash=2}{family={Shazeer},given={N.}}}} \field{title}{Attention is all you need}"
            r"\field{year}{2017} \verb{eprint} \verb 1706.03762" + "\n" + r"\endverb \endentry"
        },
    ],
)
def test_references_beside_the_text_are_those_that_it_cites(files: dict[str, str]) -> None:
    (reference,) = read(BODY + r"\bibliography{refs}", **files).references()
    assert reference.title.lower() == "attention is all you need"
    assert reference.authors == ("A. Vaswani", "N. Shazeer")
    assert (reference.arxiv_id, reference.year) == ("1706.03762", 2017)


def test_files_are_joined_inside_the_archive_alone() -> None:
    paper = read(
        r"\input{sec/one} \input{/etc/passwd} \input{../../secret} \input{|ls}",
        **{"sec/one.tex": "Words of the first part of it.", "secret": "No."},
    )
    assert paper.text == "Words of the first part of it."
    assert "3 files" in paper.notices[0]


def test_files_that_include_one_another_without_end_are_refused() -> None:
    with pytest.raises(TooLarge, match="without end"):
        read(r"\input{a}", **{"a.tex": r"\input{b}", "b.tex": r"\input{a}"})


def test_the_main_file_is_the_one_that_opens_the_document() -> None:
    files = {
        "a.tex": r"\begin{document}",
        "main.tex": "x",
        "z.tex": r"\documentclass{a}\begin{document}",
    }
    assert main_file(files) == "z.tex"
    with pytest.raises(NoPaper):
        main_file({"notes.txt": "nothing here"})


def test_a_macro_that_names_itself_ends() -> None:
    assert "The end of it." in read(r"\newcommand{\x}{\x\x}\x The end of it.").text
