"""What a command that LaTeXML did not know leaves behind: its arguments, run into the text after it."""

import re

_COLOURS = (
    "red|green|blue|cyan|magenta|yellow|black|white|gray|grey|darkgray|lightgray|brown|lime|olive|orange|pink"
    "|purple|teal|violet"
)
_KEYS = re.compile(r"\s*\*?(?:\[[^\]]*\])*([^\s()\[\].;]+?)(?=[.,;:)\]]*(?:\s|$)|[)\]])")
_ARGUMENTS = (
    (re.compile(r"\\[A-Za-z]*(?:cite|ref)"), _KEYS),
    (
        re.compile(r"\\multirow"),
        re.compile(r"\s*(?:\[\w*\])?-?\d+(?:\*|[\d.]+(?:pt|em|ex|cm|mm|in))"),
    ),
    (
        re.compile(r"\\(?:cmidrule|cline|cmidrulewidth)"),
        re.compile(r"\s*(?:\[[^\]]*\])?(?:\([^)]*\))?\d+-\d+"),
    ),
    (
        re.compile(r"\\[A-Za-z]*color"),
        re.compile(rf"\s*(?:\[\w+\])?(?:(?:{_COLOURS})(?:!\d+(?:!\w+)?)*)"),
    ),
    (re.compile(r"\\(?:makecell|thead|shortstack)"), re.compile(r"\s*\[[clrtb]*\]")),
    (re.compile(r"\{(?:algorithm|figure|table)"), re.compile(r"\s*\[[htbpH!]+\]")),
)


class Residue:
    """The argument that the next text begins with, if the last command had one."""

    def __init__(self) -> None:
        self._command = ""

    def of(self, command: str) -> None:
        r"""A command was met: `\citep`, `\multirow`, `{algorithm}`."""
        self._command = command.strip()

    def taken_from(self, text: str) -> tuple[list[str], str]:
        """Citation keys that the text begins with, and the text without the argument."""
        command = self._command
        if not command or not text.strip():
            return [], text
        self._command = ""
        pattern = next((argument for name, argument in _ARGUMENTS if name.match(command)), None)
        found = pattern.match(text) if pattern else None
        if not found:
            return [], text
        keys = found[1].split(",") if pattern is _KEYS and "cite" in command else []
        return [key for key in keys if key], text[found.end() :]
