import gzip
import json
import tracemalloc
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import SourceError
from ingestion.paper import Paper
from ingestion.sources.json_records import MAX_LINE_BYTES
from ingestion.sources.metadata_files import Reject, read_papers

ABSTRACT = "We show that the rings of Saturn are younger than the dinosaurs, by counting dust."


def record(number: int, **fields: object) -> dict[str, object]:
    return {"id": f"2101.{number:05}", "title": f"Rings {number}", "abstract": ABSTRACT, **fields}


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in records)


def read(*paths: Path) -> tuple[list[str], list[tuple[int, str]]]:
    found = list(read_papers(paths))
    papers = [each.arxiv_id for each in found if isinstance(each, Paper)]
    return papers, [(each.line, each.reason) for each in found if isinstance(each, Reject)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("array", [False, True])
def test_lines_and_arrays_gzipped_or_not(
    tmp_path: Path, name: str, zipped: bool, array: bool
) -> None:
    records = [record(1), record(2), {"id": "2101.00003"}]
    content = json.dumps(records, indent=1).encode() if array else lines(*records)
    file = tmp_path / (name + ".gz" if zipped else name)
    file.write_bytes(gzip.compress(content) if zipped else content)
    assert read(file) == (["2101.00001", "2101.00002"], [(3, "no title")])


def test_a_folder_is_read_at_any_depth_and_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.jsonl").write_bytes(lines(record(2)))
    (tmp_path / "a.json").write_bytes(lines(record(1)))
    (tmp_path / "notes.txt").write_text("not metadata")
    assert read(tmp_path, tmp_path / "a.json")[0] == ["2101.00001", "2101.00002"]


def test_bad_lines_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mixed.jsonl"
    file.write_bytes(
        b"\xef\xbb\xbf"
        + lines(record(1))
        + b"{broken\n"
        + b"\n"
        + b'{"id": "2101.00009", "title": "\xff\xfe"}\n'
        + b'{"id": "2101.00009", "title": "\\ud800"}\n'
        + b'{"id": "2101.00009", "year": NaN}\n'
        + b"[" * 5_000
        + b"\n"
        + lines([1], "text", record(7, abstract="word " * 40_000), record(2))
        + lines(record(8, title="注意力机制", authors=["שלום"]))
        + b'{"id": "2101.00003", "ti'
    )
    papers, rejects = read(file)
    assert papers == ["2101.00001", "2101.00002", "2101.00008"]
    assert rejects == [
        *((number, "not JSON") for number in (2, 4, 5, 6)),
        (7, "nested deeper than 32 levels"),
        (8, "not a JSON object"),
        (9, "not a JSON object"),
        (10, "abstract longer than 10,000 characters"),
        (13, "not JSON"),
    ]


def test_the_excerpt_is_safe_to_print(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\x1b[2J\x07 evil \xe2\x80\xae" + b"x" * 1_000)
    (reject,) = read_papers([file])
    assert isinstance(reject, Reject)
    assert reject.excerpt.isprintable()
    assert len(reject.excerpt) <= 120


@pytest.mark.parametrize("array", [False, True])
def test_a_truncated_gzip_keeps_what_stands_before_the_cut(tmp_path: Path, array: bool) -> None:
    noise = [record(n, title=sha256(bytes([n])).hexdigest()) for n in range(250)]
    content = gzip.compress(json.dumps(noise).encode() if array else lines(*noise))
    (tmp_path / "cut.jsonl.gz").write_bytes(content[: len(content) // 2])
    (tmp_path / "whole.jsonl").write_bytes(lines(record(999)))
    papers, rejects = read(tmp_path)
    assert len(papers) > 100
    assert papers[-1] == "2101.00999"
    (reject,) = rejects
    assert reject == (len(papers), "the file is cut off or damaged here, the rest is not read")


def test_a_cut_array_keeps_what_stands_before_the_cut(tmp_path: Path) -> None:
    file = tmp_path / "cut.json"
    file.write_bytes(json.dumps([record(1), record(2)]).encode()[:-30])
    assert read(file) == (
        ["2101.00001"],
        [(2, "not JSON from here on, the rest of the file is not read")],
    )


@pytest.mark.parametrize("content", [b"", b"\n \n", b"[]", gzip.compress(b"", mtime=0)])
def test_an_empty_file_says_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_bytes(content)
    assert read(file) == ([], [(0, "the file holds no record")])


def test_no_permission_is_a_reject_and_the_next_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, fine = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    locked.touch()
    fine.write_bytes(lines(record(1)))
    really_open = Path.open

    def refuse(
        path: Path, *args: object
    ) -> object:  # root may read everything, so chmod proves nothing
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return really_open(path, *args)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    assert read(tmp_path) == (["2101.00001"], [(0, "no permission to read the file")])


def test_a_path_that_is_not_there_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(record(1)))
    with pytest.raises(SourceError, match="does not exist"):
        next(read_papers([tmp_path / "a.jsonl", tmp_path / "b.jsonl"]))
    (tmp_path / "none").mkdir()
    with pytest.raises(SourceError, match="holds no file"):
        next(read_papers([tmp_path / "none"]))


def test_progress_counts_bytes_on_disk(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines(*map(record, range(50)))))
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    seen: list[tuple[int, int]] = []
    list(read_papers([tmp_path], lambda done, total: seen.append((done, total))))
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


def test_memory_does_not_grow_with_a_file_or_a_line(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "long.jsonl.gz", "wb", compresslevel=1) as file:
        file.write(b"{" + b" " * (8 * MAX_LINE_BYTES) + b"}\n")
        for number in range(2_000):
            file.write(lines(record(number)))
    tracemalloc.start()
    count = sum(1 for _ in read_papers([tmp_path]))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 2_001
    assert peak_bytes < 5 * MAX_LINE_BYTES


@given(content=st.binary(max_size=200) | st.text(alphabet='[]{}",:0e-.x\\n\u20ac').map(str.encode))
def test_any_bytes_are_read_without_an_exception(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.jsonl"
    for prefix in (b"", b"[", b"\x1f\x8b"):
        file.write_bytes(prefix + content)
        assert all(isinstance(each, Reject) for each in read_papers([file]))


def test_a_number_too_long_for_an_int_ends_the_array(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'[{"id": ' + b"9" * 5_000 + b"}]")
    assert all(isinstance(each, Reject) for each in read_papers([file]))


@pytest.mark.slow
def test_every_record_of_the_shared_file_is_a_paper_or_withdrawn(shared_data: Path) -> None:
    papers, rejects = read(shared_data / "arxiv" / "dev-20k.jsonl.gz")
    assert len(papers) + len(rejects) == 20_000
    assert {reason for _, reason in rejects} == {"withdrawn"}
    assert len(rejects) == 22


DEEP = b"[" * 1000 + b"]" * 1000


@pytest.mark.parametrize("field", ["comment", "authors_parsed", "x"])
def test_a_deep_record_is_rejected_and_the_rest_goes_on(tmp_path: Path, field: str) -> None:
    deep = json.dumps(record(2, **{field: 0})).encode().replace(b": 0}", b": " + DEEP + b"}")
    as_lines, as_array = tmp_path / "a.jsonl", tmp_path / "b.json"
    as_lines.write_bytes(lines(record(1)) + deep + b"\n" + DEEP + b"\n" + lines(record(3)))
    as_array.write_bytes(
        b"[" + b",".join([lines(record(4)), deep, DEEP, lines(record(5)).strip()]) + b"]"
    )
    reason = "nested deeper than 32 levels"
    expected = [(2, reason), (3, reason)]
    assert read(as_lines) == (["2101.00001", "2101.00003"], expected)
    assert read(as_array) == (["2101.00004", "2101.00005"], expected)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("sign", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.long
def test_deep_nesting_takes_no_memory(tmp_path: Path, sign: bytes) -> None:
    file = tmp_path / "deep.json"
    file.write_bytes(b"[" + lines(record(1)) + b"," + sign * 40_000)
    tracemalloc.start()
    papers, rejects = read(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert papers == ["2101.00001"]
    assert rejects
    assert peak < 30e6


def test_brackets_inside_texts_are_no_nesting(tmp_path: Path) -> None:
    title = '[[[{"' * 40
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines(record(1, title=title), record(2, authors_parsed=[["A", "B"]] * 200)))
    assert read(file) == (["2101.00001", "2101.00002"], [])


@pytest.mark.timeout(20)
def test_a_file_that_unpacks_to_blank_lines_ends_soon_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "blank.jsonl.gz"
    file.write_bytes(
        gzip.compress(lines(record(1)) + b"\n" * 10_000_000 + lines(record(2)), compresslevel=1)
    )
    assert read(file) == (
        ["2101.00001"],
        [(2, "over a million blank lines, the rest of the file is not read")],
    )


@pytest.mark.timeout(20)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_without_end_and_a_value_without_end_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    monkeypatch.setattr("ingestion.sources.json_records.MAX_SKIPPED_BYTES", 8 << 20)
    monkeypatch.setattr("ingestion.sources.json_records.MAX_VALUE_BYTES", 4 << 20)
    file, array = tmp_path / "long.jsonl", tmp_path / "long.json"
    file.write_bytes(lines(record(1)) + b"x" * (10 << 20) + end)
    array.write_bytes(b"[" + lines(record(2)) + b',"' + b"x" * (10 << 20) + end)
    assert read(file) == (["2101.00001"], [(2, "a line of over 8 MB, the rest is not read")])
    papers, [(number, reason)] = read(array)
    assert papers == ["2101.00002"]
    assert number == 2
    assert "not read" in reason


def test_progress_is_told_between_rejected_and_blank_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes((b"\n" * 1000 + b"{broken\n") * 200)
    told: list[int] = []
    list(read_papers([file], lambda done, of: told.append(done)))
    assert len(told) == 200
    assert told[0] < told[-1] == file.stat().st_size


@pytest.mark.parametrize("zipped", [False, True])
def test_an_array_with_a_byte_order_mark_and_a_file_with_old_line_ends(
    tmp_path: Path, zipped: bool
) -> None:
    marked, old = tmp_path / "a.json", tmp_path / "b.jsonl"
    for file, content in (
        (marked, b"\xef\xbb\xbf" + json.dumps([record(1), record(2)]).encode()),
        (old, lines(record(3), record(4)).replace(b"\n", b"\r")),
    ):
        file.write_bytes(gzip.compress(content) if zipped else content)
    assert read(marked) == (["2101.00001", "2101.00002"], [])
    assert read(old) == (["2101.00003", "2101.00004"], [])
