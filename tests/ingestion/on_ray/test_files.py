"""Metadata files in storage, played by a server on loopback."""

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from ingestion.errors import SourceError, SourceUnavailable
from ingestion.on_ray.files import all_files, open_file
from ingestion.sources.metadata_files import raw_records

LINES = b'{"id": "2712.00001"}\n{"id": "2712.00002"}\n'


def test_a_file_at_an_address_is_read_line_by_line(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/papers.jsonl").respond_with_data(LINES)
    address = httpserver.url_for("/papers.jsonl")
    assert all_files([address, address]) == [address]
    found = [(raw.line, raw.record) for raw in raw_records(address, lambda: open_file(address))]
    assert found == [(1, b'{"id": "2712.00001"}\n'), (2, b'{"id": "2712.00002"}\n')]


def test_a_folder_of_storage_gives_its_metadata_files(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl.gz", "notes.txt"):
        (tmp_path / name).write_bytes(LINES)
    found = all_files([f"file://{tmp_path}", str(tmp_path)])
    assert [name.rsplit("/", 1)[-1] for name in found] == ["a.jsonl.gz", "b.jsonl"] * 2


def test_storage_that_does_not_answer_is_no_damaged_file(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/papers.jsonl").respond_with_data("no", status=503)
    address = httpserver.url_for("/papers.jsonl")
    with pytest.raises(SourceUnavailable, match="goes on from there"):
        list(raw_records(address, lambda: open_file(address)))


@pytest.mark.parametrize("path", ["/nowhere/at/all.jsonl", "martian://bucket/papers.jsonl"])
def test_what_is_not_there_is_named(path: str) -> None:
    with pytest.raises(SourceError, match=path):
        all_files([path])


def test_a_node_that_does_not_see_a_file_says_so() -> None:
    with pytest.raises(SourceError, match="one of Ray's nodes"):
        open_file("/only/on/another/node.jsonl")
