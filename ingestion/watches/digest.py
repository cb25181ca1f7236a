"""Digests as files: Markdown for people, RSS for feed readers."""

import re
from collections.abc import Sequence
from email.utils import format_datetime
from pathlib import Path
from xml.etree import ElementTree

from ingestion.machine.private_folder import make_private
from ingestion.sources.gate import replace_file
from ingestion.watches.watch import Digest, Item

FEED = "watches.rss"
"""Name of the feed of all topics."""

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|])")
_SHOWN_AUTHORS = 3
_UNSAFE = re.compile(r"[^\w-]+")
_MAX_NAME_CHARACTERS = 40


def write_digest(digest: Digest, before: Sequence[Digest], folder: Path) -> Path:
    """Write a digest's Markdown file, and the feed of it and those before; its file.

    The same digest is always written to the same file, so writing it again changes nothing.

    Raises:
        OSError: The files could not be written; those of before are as they were.
    """
    make_private(folder)
    file = folder / file_name(digest)
    replace_file(file, markdown(digest).encode())
    replace_file(folder / FEED, rss([*before, digest]))
    return file


def file_name(digest: Digest) -> str:
    """`2026-11-24-graph-neural-networks-7.md`."""
    topic = _UNSAFE.sub("-", digest.watch.topic.lower()).strip("-")[:_MAX_NAME_CHARACTERS]
    return f"{digest.at:%Y-%m-%d}-{topic or 'watch'}-{digest.number}.md"


def markdown(digest: Digest) -> str:
    """A digest as Markdown; what papers say is text in it, never markup."""
    watch = digest.watch
    where = f" in {watch.category}" if watch.category else ""
    head = f"# {_escaped(watch.topic)}\n\n{len(digest.items)} new{where}, {digest.at:%Y-%m-%d}\n"
    return "\n".join([head, *map(_entry, digest.items)])


def rss(digests: Sequence[Digest]) -> bytes:
    """An RSS 2.0 feed of the digests' papers, the newest digest first; an entry keeps its guid for ever."""
    feed = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(feed, "channel")
    _add(channel, "title", "arxiv-agent: watched topics")
    _add(channel, "link", "https://arxiv.org/")
    _add(channel, "description", "New papers on the topics you watch, each told once")
    for digest in sorted(digests, key=lambda each: -each.number):
        for item in digest.items:
            _add_item(channel, digest, item)
    return bytes(ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True))


def _add_item(channel: ElementTree.Element, digest: Digest, item: Item) -> None:
    entry = ElementTree.SubElement(channel, "item")
    _add(entry, "title", item.paper.title)
    _add(entry, "link", item.paper.url)
    _add(entry, "description", item.paper.abstract)
    _add(entry, "category", digest.watch.topic)
    _add(entry, "pubDate", format_datetime(digest.at))
    guid = ElementTree.SubElement(entry, "guid", isPermaLink="false")
    guid.text = f"{digest.watch.number}:{item.paper.arxiv_id}"


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _entry(item: Item) -> str:
    paper = item.paper
    others = " and others" if len(paper.authors) > _SHOWN_AUTHORS else ""
    authors = _escaped(", ".join(paper.authors[:_SHOWN_AUTHORS]) + others)
    facts = " · ".join(filter(None, (authors, paper.published, " ".join(paper.categories))))
    beside = f"\n\nBeside your “{_escaped(item.beside)}”." if item.beside else ""
    return (
        f"## [{_escaped(paper.title)}]({paper.url})\n\n{facts} · {item.nearness:.2f}\n\n"
        f"{_escaped(paper.abstract)}{beside}\n"
    )


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
