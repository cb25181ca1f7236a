from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

from ingestion.watches.digest import FEED, file_name, markdown, rss, write_digest
from ingestion.watches.watch import Digest, Item, Watch
from tests.papers import PONDS, SOURDOUGH

WATCH = Watch(3, "ponds & tides", "physics.geo-ph", date(2027, 11, 1), date(2027, 11, 6))
DIGEST = Digest(
    7, WATCH, datetime(2027, 11, 6, tzinfo=UTC), (Item(PONDS, 0.71, "Waves"), Item(SOURDOUGH, 0.5))
)


def test_markdown_names_each_paper_with_its_address_and_why() -> None:
    text = markdown(DIGEST)
    assert text.startswith("# ponds & tides\n\n2 new in physics.geo-ph, 2027-11-06\n")
    assert f"]({PONDS.url})" in text
    assert "Beside your “Waves”." in text
    assert "0.71" in text


def test_what_papers_say_is_no_markup() -> None:
    evil = replace(PONDS, title="[click](http://evil)", abstract="<script>`x`</script> " * 5)
    text = markdown(replace(DIGEST, items=(Item(evil, 0.9),)))
    assert "<script>" not in text.replace(r"\<script\>", "")
    assert r"\[click\](http://evil)" in text


def test_the_feed_is_xml_whose_entries_keep_their_guid() -> None:
    evil = replace(PONDS, title='<b> & "quotes" ]]>')
    one = rss([replace(DIGEST, items=(Item(evil, 0.9),))])
    feed = ElementTree.fromstring(one)
    entry = feed.find("channel/item")
    assert entry is not None
    assert entry.findtext("title") == evil.title
    assert entry.findtext("guid") == f"3:{PONDS.arxiv_id}"
    assert one == rss([replace(DIGEST, items=(Item(evil, 0.9),))])


def test_files_are_the_same_however_often_they_are_written(tmp_path: Path) -> None:
    file = write_digest(DIGEST, [], tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert write_digest(DIGEST, [], tmp_path) == file
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {FEED, "2027-11-06-ponds-tides-7.md"}


def test_a_topic_is_no_path() -> None:
    outside = replace(DIGEST, watch=replace(WATCH, topic="../../etc/passwd"))
    assert file_name(outside) == "2027-11-06-etc-passwd-7.md"
    assert file_name(replace(DIGEST, watch=replace(WATCH, topic="图神经网络"))).endswith("-7.md")
