"""Hostile files: each ends with a clear reason, within the limits, and nothing of it is followed.

`python -m tests.ingestion.fulltext.test_hostile` prints what each costs: processor seconds and peak memory.
"""

import gzip
import io
import os
import resource
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.errors import DocumentError
from ingestion.fulltext.documents import read_document
from ingestion.settings import PdfSettings

LIMITS = PdfSettings(timeout_s=30)
PAPER = rb"\documentclass{article}\begin{document}Words of a paper, in a sentence.\end{document}"


def archive(*members: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
        for member in members:
            info, data = (member, b"") if isinstance(member, tarfile.TarInfo) else (None, member[1])
            if info is None:
                info = tarfile.TarInfo(member[0])  # type: ignore[index]
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def bomb(megabytes: int) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed:
        for _ in range(megabytes):
            packed.write(bytes(1_000_000))
    return out.getvalue()


REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "only a name that leads outside": (
        "a.tar.gz",
        lambda: archive(("../../x.tex", PAPER)),
        "no LaTeX",
    ),
    "only an absolute name": ("b.tar.gz", lambda: archive(("/etc/x.tex", PAPER)), "no LaTeX"),
    "a symbolic link": ("c.tar.gz", lambda: archive(link("x.tex", "/etc/passwd")), "no LaTeX"),
    "a hard link": (
        "d.tar.gz",
        lambda: archive(link("x.tex", "/etc/passwd", tarfile.LNKTYPE)),
        "no LaTeX",
    ),
    "a device": ("e.tar.gz", lambda: archive(link("x.tex", "", tarfile.CHRTYPE)), "no LaTeX"),
    "a bomb": ("f.tar.gz", lambda: bomb(420), "more than 30 MB"),
    "thousands of files": (
        "g.tar.gz",
        lambda: archive(*((f"{n}.png", b"") for n in range(3_100))),
        "3,000 files",
    ),
    "too much text": ("h.tar.gz", lambda: archive(("a.tex", bytes(31_000_000))), "MB of text"),
    "a cut archive": ("i.tar.gz", lambda: archive(("main.tex", PAPER * 90))[:60], "cut off"),
    "no archive": ("j.tar.gz", lambda: b"hello, I am no archive", "no .tar"),
    "a PDF packed": ("k.gz", lambda: gzip.compress(b"%PDF-1.7 and so on"), "a PDF"),
    "files that include one another": (
        "l.tar.gz",
        lambda: archive(
            ("main.tex", rb"\begin{document}\input{a}"),
            ("a.tex", rb"\input{main}\input{a2}"),
            ("a2.tex", rb"\input{a}"),
        ),
        "without end",
    ),
    "groups beyond any depth": ("m.tex", lambda: b"{" * 60_000, "."),
    "elements beyond any depth": ("n.html", lambda: b"<div>" * 200_000, "."),
    "no text": ("o.html", lambda: b"<html><body><script>x()</script></body></html>", "no text"),
    "an empty file": ("p.html", lambda: b"", r"p\.html is empty"),
    "nothing but blanks": ("q.tex", lambda: b" \n\t" * 9, r"q\.tex is empty"),
    "nothing but a remark": ("r.html", lambda: b"<!-- to do -->", "no text of a paper"),
}
SURVIVED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "inclusions from outside": (
        "a.tar.gz",
        lambda: archive(
            ("main.tex", PAPER.replace(b"Words", rb"\input{/etc/passwd}\input{../x}Words"))
        ),
    ),
    "commands for a shell": (
        "b.tex",
        lambda: PAPER.replace(b"Words", rb"\write18{touch /tmp/x}\input{|touch /tmp/x}Words"),
    ),
    "a macro that doubles itself": (
        "c.tex",
        lambda: PAPER.replace(rb"\begin", rb"\def\a{\a\a\a}\begin", 1).replace(
            b"Words", rb"Words \a"
        ),
    ),
    "macros that double one another": (
        "d.tex",
        lambda: PAPER.replace(
            rb"\begin",
            b"".join(rb"\def\x%c{\x%c\x%c}" % (97 + n, 98 + n, 98 + n) for n in range(24))
            + rb"\begin",
            1,
        ).replace(b"Words", rb"\xa Words"),
    ),
    "a huge span": (
        "e.html",
        lambda: (
            b"<table><tr><td colspan=99999 rowspan=99999>a</td></tr><tr><td>b</td></tr></table>"
            b"<p>Words of a paper.</p>"
        ),
    ),
    "an entity of a file": (
        "f.html",
        lambda: (
            b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><p>&e; Words of a paper.</p>"
        ),
    ),
    "names beside a paper": (
        "g.tar.gz",
        lambda: archive(("../x.tex", b"No."), link("y.tex", "/etc/passwd"), ("main.tex", PAPER)),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.long
def test_a_hostile_file_is_refused_with_its_reason_in_time(case: str, tmp_path: Path) -> None:
    name, made, reason = REFUSED[case]
    (tmp_path / name).write_bytes(made())
    started = time.monotonic()
    with pytest.raises(DocumentError, match=reason) as refusal:
        read_document(tmp_path / name, LIMITS)
    assert time.monotonic() - started < 35
    assert refusal.value.next_step
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("case", SURVIVED)
@pytest.mark.long
def test_what_a_paper_asks_for_outside_is_not_followed(case: str, tmp_path: Path) -> None:
    name, made = SURVIVED[case]
    (tmp_path / name).write_bytes(made())
    read = read_document(tmp_path / name, LIMITS)
    assert "Words of a paper" in read.text
    assert "root:" not in read.text
    assert "No." not in read.text
    assert [file.name for file in tmp_path.iterdir()] == [name]


def cost(case: str) -> tuple[float, float, str]:
    """Processor seconds and peak megabytes of the process that reads a case's file, and how it ends.

    The process is a child of a child that does nothing else, so that no earlier case counts.
    """
    readable, writable = os.pipe()
    if not (child := os.fork()):
        name, made = (REFUSED | SURVIVED)[case][:2]
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(made())
            try:
                told = f"read: {len(read_document(Path(folder) / name, LIMITS).text)} characters"
            except DocumentError as error:
                told = error.what
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        figures = f"{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1000} {told}"
        os.write(writable, figures.encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as said:
        seconds, megabytes, told = said.read().split(" ", 2)
    os.waitpid(child, 0)
    return float(seconds), float(megabytes), told


def main() -> None:
    """Print the cost of every case, the dearest last."""
    costs = {case: cost(case) for case in [*REFUSED, *SURVIVED]}
    for case, (seconds, megabytes, told) in sorted(costs.items(), key=lambda each: each[1][1]):
        print(f"{case:34}{seconds:7.2f} s{megabytes:7.0f} MB  {told}")
    most_s = max(seconds for seconds, _, _ in costs.values())
    most_mb = max(megabytes for _, megabytes, _ in costs.values())
    print(f"{len(costs)} files, at most {most_s:.2f} s of the processor and {most_mb:.0f} MB")
    sys.exit(most_mb > 1_074)


if __name__ == "__main__":
    main()
