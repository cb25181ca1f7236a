r"""What pylatexenc is told of LaTeX: the arguments of commands and environments, and which of them are shown."""

from functools import cache
from typing import Any

# \name: arguments in pylatexenc's notation (`*` star, `[` optional, `{` mandatory).
DROPPED = {
    **dict.fromkeys(
        "label vspace hspace vskip hskip bibliographystyle pagestyle thispagestyle usepackage RequirePackage"
        " graphicspath hypersetup captionsetup includepdf input include addbibresource pagenumbering phantom vphantom"
        " hphantom linespread enlargethispage hyphenation institute affiliation affil email thanks date keywords"
        " icmlsetsymbol icmlcorrespondingauthor icmlkeywords lstset tikzset pgfplotsset usetikzlibrary color rowcolor"
        " arrayrulecolor crefname Crefname nocite index glsaddall selectlanguage tcbset algrenewcommand newfloat"
        " floatname address ead orcid corref cortext fntext acknowledgments setcitestyle DeclareUnicodeCharacter"
        " footnotemark stepcounter refstepcounter setcounter addtocounter".split(),
        "*[{",
    ),
    **dict.fromkeys("includegraphics epsfig psfig cellcolor columncolor".split(), "*[[{"),
    **dict.fromkeys(
        "setlength addtolength definecolor colorlet fontsize setcounter addtocounter".split(), "{{"
    ),
    **dict.fromkeys("renewcommand newcommand providecommand".split(), "*{[[{"),
    "definecolor": "[{{{",
    "icmlaffiliation": "{{",
    "titleformat": "*{[{{{{[",
    "titlespacing": "*{{{{",
    "rule": "[{{",
    "addcontentsline": "{{{",
    "markboth": "{{",
    "noalign": "{",
    "vadjust": "{",
    "cline": "{",
    "cmidrule": "[",
    "SetCell": "[{",
    "specialrule": "{{{",
    "addlinespace": "[",
    "hline": "[",
    "toprule": "[",
    "midrule": "[",
    "bottomrule": "[",
    "twocolumn": "",
}
SHOWN = {  # the last argument is text like any other
    **dict.fromkeys(
        "text textbf textit emph textsc texttt textrm textsf textup textmd textnormal textsl underline uline ul mbox"
        " hbox fbox centerline uppercase lowercase MakeUppercase MakeLowercase textsubscript textsuperscript sout st"
        " hl boxed framebox tnote subcaption abs textls mathrm mathbf textquote enquote title".split(),
        "{",
    ),
    **dict.fromkeys("textcolor colorbox rotatebox makebox".split(), "[{{"),
    "fcolorbox": "[{{{",
    "resizebox": "*{{{",
    "scalebox": "{[{",
    "raisebox": "{[[{",
    "parbox": "[[[{{",
    "adjustbox": "{{",
    "href": "[{{",
    "hyperref": "[{",
    "footnotesize": "",
    "makecell": "*[{",
    "thead": "*[{",
    "shortstack": "[{",
    "multicolumn": "{{{",
    "multirow": "[{[{[{",
    "diagbox": "[{{",
    "rotcell": "{",
    "ensuremath": "{",
    "texorpdfstring": "{{",
    "subfloat": "[[{",
    "subfigure": "[[{",
    "textstyleemph": "{",
    "threeparttable": "",
    "captionof": "*{[{",
    "caption": "*[{",
    "SI": "[{[{",
    "qty": "[{{",
    "num": "[{",
    "si": "[{",
    "unit": "[{",
    "bibinfo": "{{",
    "bibfield": "{{",
    "bibnamefont": "{",
    "bibfnamefont": "{",
    "citenamefont": "{",
    "Eprint": "{{",
    "eprint": "{",
    "enotetext": "{",
    "ref": "*{",
    "footnote": "[{",
    "footnotetext": "[{",
    "url": "{",
    "path": "{",
    "nolinkurl": "{",
    "bibitem": "[{",
    "bibliography": "{",
    "printbibliography": "[",
    "keptlisting": "{",
    "keptmaths": "{",
    "ding": "{",
    "item": "[",
    "tag": "*{",
    "icmlauthor": "{{",
    "icmltitle": "{",
    "author": "[{",
    "Author": "{",
    "abstract": "{",
    "title": "[{",
    "gls": "{",
    "Gls": "{",
    "glspl": "{",
    "Glspl": "{",
    "acrshort": "{",
    "acrlong": "{",
    "acrfull": "{",
    "ac": "{",
}
REFERRED = frozenset(
    "ref eqref cref Cref autoref subref vref pageref nameref crefrange Crefrange".split()
)
HEADINGS = {
    name: level
    for level, names in enumerate(
        ("part chapter section", "subsection", "subsubsection", "paragraph", "subparagraph"),
        start=1,
    )
    for name in names.split()
}
CITING = frozenset(
    name + suffix
    for name in (
        "cite citep citet citealp citealt citeauthor citeyear citeyearpar Citep Citet Citealp Citealt parencite"
        " textcite autocite footcite fullcite supercite citenum onlinecite Parencite Textcite Autocite shortcite"
        " citeasnoun citeN possessivecite smartcite"
    ).split()
    for suffix in ("", "s")
)
EQUATIONS = {
    name: name
    for name in "equation displaymath multline dmath math align gather eqnarray alignat flalign xalignat".split()
}
ALIGNED = frozenset("align gather eqnarray alignat flalign xalignat".split())
r"""Displays whose every line has a number of its own, unless `\nonumber` takes it away."""
TABULARS = {
    "tabular": "[{",
    "tabular*": "{[{",
    "tabularx": "{[{",
    "tabulary": "{[{",
    "longtable": "[{",
    "supertabular": "[{",
    "xltabular": "[{{",
    "tblr": "[{",
    "longtblr": "[{",
    "talltblr": "[{",
    "booktabs": "[{",
    "NiceTabular": "[{[",
    "NiceTabularX": "{[{[",
    "NiceTabular*": "{[{[",
    "tabu": "[{",
    "longtabu": "[{",
    "array": "[{",
}
FLOATS = {
    **dict.fromkeys(("table", "table*", "sidewaystable", "sidewaystable*", "margintable"), "table"),
    **dict.fromkeys(
        ("figure", "figure*", "sidewaysfigure", "sidewaysfigure*", "marginfigure"), "figure"
    ),
    **dict.fromkeys(("SCfigure", "teaserfigure", "scheme", "chart"), "figure"),
    **dict.fromkeys(
        ("algorithm", "algorithm*", "algorithm2e", "procedure", "listing", "Code"), "algorithm"
    ),
    "wraptable": "table",
    "wrapfigure": "figure",
    "floatingfigure": "figure",
    "subtable": "panel",
    "subfigure": "panel",
    "longtable": "table",
}
LISTS = frozenset(
    "itemize enumerate description compactitem compactenum inparaenum inparaitem tasks".split()
)
CODE = frozenset("algorithmic algorithmicx algpseudocode pseudocode distribalgo ALC@g".split())
UNSHOWN = frozenset(
    "tikzpicture pgfpicture axis picture comment filecontents CCSXML overpic psfrags circuitikz forest".split()
)
_ARGUMENTS = {
    "minipage": "[[[{",
    "adjustbox": "{",
    "wrapfigure": "[{[{",
    "wraptable": "[{[{",
    "floatingfigure": "[{",
    "subtable": "[[{",
    "subfigure": "[[{",
    "alignat": "{",
    "alignat*": "{",
    "thebibliography": "{",
    "spacing": "{",
    "multicols": "{",
    "algorithmic": "[",
    "tcolorbox": "[",
    "mdframed": "[",
    "tablenotes": "[",
    "itemize": "[",
    "enumerate": "[",
    "description": "[",
    "appendices": "",
    "CJK": "{{",
    "CJK*": "{{",
    "landscape": "",
    "threeparttable": "[",
    "abstract": "[",
    "keywords": "",
}


@cache
def context(theorems: tuple[str, ...] = ()) -> Any:
    """pylatexenc's knowledge of LaTeX with ours before it.

    Args:
        theorems: Environments that the paper defines as theorems.
    """
    from pylatexenc.latexwalker import get_default_latex_context_db
    from pylatexenc.macrospec import EnvironmentSpec, MacroSpec

    macros = {**SHOWN, **DROPPED, **dict.fromkeys(REFERRED, "*{"), **dict.fromkeys(HEADINGS, "*[{")}
    macros |= dict.fromkeys(CITING, "*[[{") | {"crefrange": "*{{", "Crefrange": "*{{"}
    floats = dict.fromkeys(FLOATS, "[")
    environments = {**floats, **dict.fromkeys([*LISTS, *CODE], "["), **TABULARS, **_ARGUMENTS}
    environments |= dict.fromkeys(theorems, "[")
    known = get_default_latex_context_db()
    known.add_context_category(
        "papers",
        [MacroSpec(name, arguments) for name, arguments in macros.items()],
        [EnvironmentSpec(name, arguments) for name, arguments in environments.items()],
        prepend=True,
    )
    return known


@cache
def texts() -> Any:
    """pylatexenc's characters for commands: accents, symbols, dashes."""
    from pylatexenc.latex2text import LatexNodes2Text, get_default_latex_context_db

    return LatexNodes2Text(latex_context=get_default_latex_context_db(), math_mode="verbatim")


_OURS = {  # what the styles of conferences define and archives leave out, and what pylatexenc does not know
    **{
        "eg": "e.g.",
        "ie": "i.e.",
        "cf": "cf.",
        "etal": "et al.",
        "etc": "etc.",
        "vs": "vs.",
        "wrt": "w.r.t.",
    },
    **{"Eg": "E.g.", "Ie": "I.e.", "textminus": "−", "cmark": "✓", "xmark": "✗", "checkmark": "✓"},
    **{"%": "%", "textpm": "±", "texttimes": "×", "textdegree": "°", "star": "⋆", "degree": "°"},
}


@cache
def shown_as(name: str) -> str | None:
    """The character that a command without arguments stands for; None for any other."""
    return _OURS.get(name) or _known_characters().get(name)


@cache
def _known_characters() -> dict[str, str]:
    from pylatexenc.latex2text import get_default_latex_context_db

    shown = {
        spec.macroname: spec.simplify_repl
        for spec in get_default_latex_context_db().iter_macro_specs()
    }
    return {name: text for name, text in shown.items() if isinstance(text, str) and "%" not in text}
