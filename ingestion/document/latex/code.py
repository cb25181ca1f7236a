r"""Algorithms in LaTeX, line by line: the commands of algorithmic and algorithm2e as the words they print."""

import re

_WORDS = {
    **dict.fromkeys(("state", "statex", "statei", "stmt"), ""),
    **dict.fromkeys(("require", "kwreq"), "Require:"),
    **dict.fromkeys(("ensure",), "Ensure:"),
    **dict.fromkeys(("kwin", "kwinput", "input"), "Input:"),
    **dict.fromkeys(("kwout", "kwoutput", "output"), "Output:"),
    **dict.fromkeys(("kwdata",), "Data:"),
    **dict.fromkeys(("kwresult", "kwret"), "Result:"),
    **dict.fromkeys(("return",), "return"),
    **dict.fromkeys(("for", "forall", "foreach", "forpar"), "for"),
    **dict.fromkeys(("while",), "while"),
    **dict.fromkeys(("if", "uif", "lif"), "if"),
    **dict.fromkeys(("elsif", "elseif", "uelseif"), "else if"),
    **dict.fromkeys(("else", "uelse"), "else"),
    **dict.fromkeys(("repeat",), "repeat"),
    **dict.fromkeys(("until",), "until"),
    **dict.fromkeys(("loop",), "loop"),
    **dict.fromkeys(("procedure", "function", "fn"), "function"),
    **dict.fromkeys(
        ("endfor", "endwhile", "endif", "endloop", "endprocedure", "endfunction"), "end"
    ),
    **dict.fromkeys(("comment", "tcp", "tcc", "tcp*"), "//"),
}
_COMMAND = re.compile(r"\\([A-Za-z]+\*?)(?![A-Za-z])")
_LINE = re.compile(
    r"\\(?=(?:state|statex|require|ensure|kwin|kwout|kwdata|kwresult|for|forall|foreach|while|if|elsif|elseif|else"
    r"|repeat|until|loop|procedure|function|end(?:for|while|if|loop|procedure|function)|return)(?![a-z]))"
    r"|\\;|\\\\|\n\s*\n",
    re.IGNORECASE,
)


def lines_of(latex: str) -> list[str]:
    r"""The lines of an algorithm, as LaTeX with its commands replaced by words.

    Args:
        latex: What stands in `algorithmic`, or in an `algorithm` of algorithm2e.
    """
    starts = [match.start() for match in _LINE.finditer(latex)]
    pieces = [latex[a:b] for a, b in zip([0, *starts], [*starts, len(latex)], strict=True)]
    lines = [
        " ".join(_COMMAND.sub(_word, piece.removeprefix("\\;").removeprefix("\\\\")).split())
        for piece in pieces
    ]
    return [line for line in lines if line.strip("{}[] 0123456789")]


def _word(match: re.Match[str]) -> str:
    word = _WORDS.get(match[1].lower())
    return match[0] if word is None else f"{word} "
