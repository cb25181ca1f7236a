"""The searches of Milvus Lite's owner, answered from arrays in memory.

Milvus Lite remains what is written to. Its own searches walk through every row in Python: at 20,000 papers
70 to 90 ms for vectors, 50 to 65 ms for BM25 and 5 s for the first of these, and it scores BM25 by the
statistics of each segment apart. To read a row by its id it builds all its fields (bench/LOG.md).
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.adapter.grpc.translators.records import records_to_fields_data
from milvus_lite.adapter.grpc.translators.search import parse_search_request
from milvus_lite.exceptions import MilvusLiteError
from milvus_lite.search.filter import evaluate_mask
from pymilvus.grpc_gen import common_pb2, milvus_pb2, schema_pb2

from ingestion.store.exact_search import Collection, Mask, Part

_VECTOR, _SPARSE = "vector", "sparse"  # of ingestion.store.collection's schema
_READ = {"query_vectors", "top_k", "metric_type", "anns_field", "expr", "search_params"}
_UNSET: tuple[object, ...] = (None, False, 0, -1, [])


class SearchingServicer(MilvusServicer):  # type: ignore[misc]
    """Milvus Lite's service with plain searches of its own.

    A plain search asks for the ids and scores of one query's best rows by cosine or BM25, with or without
    a filter. All else goes to Milvus Lite, which also says what is wrong with a request.
    """

    def __init__(self, database: Any) -> None:
        super().__init__(database)
        self._views: dict[str, _View] = {}
        self._building = threading.Lock()

    def LoadCollection(self, request: Any, context: Any) -> Any:  # noqa: N802 (gRPC's name)
        """Load a collection and prepare its first search in the background."""
        answer = super().LoadCollection(request, context)
        if answer.code == 0:
            collection = self._get_collection(request, context)
            threading.Thread(target=self._view, args=(collection,), daemon=True).start()
        return answer

    def Search(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer a plain search; hand on any other."""
        try:
            wanted = parse_search_request(request)
            collection = self._get_collection(request, context)
            hits = self._hits(collection, wanted) if _is_plain(wanted, collection) else None
        except MilvusLiteError:
            hits = None
        if hits is None:
            return super().Search(request, context)
        return milvus_pb2.SearchResults(
            status=common_pb2.Status(),
            results=schema_pb2.SearchResultData(
                num_queries=1,
                top_k=wanted["top_k"],
                topks=[len(hits)],
                ids=schema_pb2.IDs(str_id=schema_pb2.StringArray(data=[id_ for id_, _ in hits])),
                scores=[score for _, score in hits],
                primary_field_name=collection.pk_field,
            ),
            collection_name=collection.name,
        )

    def Query(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Read rows by their ids, the fields asked for alone; hand on any other query."""
        fields = list(request.output_fields)
        try:
            collection = self._get_collection(request, context)
            ids = self._extract_pks_from_expr(request.expr, collection)
            known = {field.name for field in collection.schema.fields}
        except MilvusLiteError:
            return super().Query(request, context)
        view = self._views.get(collection.data_dir)
        if (
            ids is None
            or not fields
            or not known.issuperset(fields)
            or _is_paged(request)
            or view is None  # not built for this: in an ingest each batch is read after a write
            or view.state != _state(collection)
        ):
            return super().Query(request, context)
        rows = view.read(ids, fields)
        return milvus_pb2.QueryResults(
            status=common_pb2.Status(),
            fields_data=records_to_fields_data(rows, collection.schema, fields),
            collection_name=collection.name,
            output_fields=fields,
            primary_field_name=collection.pk_field,
        )

    def _hits(self, collection: Any, wanted: dict[str, Any]) -> list[tuple[str, float]]:
        view = self._view(collection)
        allowed = view.allowed(collection, wanted["expr"])
        [query], k = wanted["query_vectors"], wanted["top_k"]
        if wanted["anns_field"] == _VECTOR:
            return view.rows.nearest(np.asarray(query, np.float32), k, allowed)
        [counts] = collection._prepare_sparse_queries([query], _SPARSE)
        asked = collection.get_index_info(_SPARSE)["build_params"]
        k1, b = float(asked.get("bm25_k1", 1.5)), float(asked.get("bm25_b", 0.75))
        return view.rows.matching(counts, k, k1, b, allowed)

    def _view(self, collection: Any) -> "_View":
        """The rows as they are now, from what is still there of the last view."""
        with self._building:
            state = _state(collection)
            last = self._views.get(collection.data_dir)
            if last is None or last.state != state:
                last = _read(collection, state, last.sealed if last else {})
                self._views[collection.data_dir] = last
            return last


@dataclass(frozen=True, slots=True)
class _View:
    """The rows of a collection at one time.

    Args:
        state: What tells this time from any later one.
        sealed: The parts that come from sealed segments, by file.
        tables: One Arrow table a part, for filters.
        rows: The rows.
        places: Part and row of each valid id.
    """

    state: tuple[Any, ...]
    sealed: dict[str, Part]
    tables: list[Any]
    rows: Collection
    places: dict[str, tuple[int, int]]

    def allowed(self, collection: Any, expression: str | None) -> Sequence[Mask]:
        """Masks of the valid rows that meet a filter expression."""
        if not expression:
            return self.rows.valid
        condition = collection._compile_filter(expression)
        masks = [evaluate_mask(condition, table) for table in self.tables]
        return [valid & mask for valid, mask in zip(self.rows.valid, masks, strict=True)]

    def read(self, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any]]:
        """Fields of the rows of these ids, in their order; unknown ids are left out."""
        places = [self.places[id_] for id_ in ids if id_ in self.places]
        found = [(self.tables[part], row) for part, row in places]
        return [{name: table.column(name)[row].as_py() for name in fields} for table, row in found]


def _is_plain(wanted: dict[str, Any], collection: Any) -> bool:
    return (
        collection.load_state == "loaded"
        and (wanted["anns_field"], wanted["metric_type"])
        in ((_VECTOR, "COSINE"), (_SPARSE, "BM25"))
        and len(wanted["query_vectors"]) == 1
        and wanted["radius"] is None
        and wanted["range_filter"] is None
        and all(value in _UNSET for name, value in wanted.items() if name not in _READ)
    )


def _is_paged(request: Any) -> bool:
    return any(pair.key in ("limit", "offset", "iterator") for pair in request.query_params)


def _state(collection: Any) -> tuple[Any, ...]:
    """Differs after every write, flush and compaction: between flushes these numbers only grow."""
    segments, deletions = collection._read_snapshot()
    unsealed = collection._memtable
    return (
        id(unsealed),
        unsealed.num_physical_rows(),
        len(unsealed.delete_index_snapshot()),
        len(deletions),
        tuple(segment.file_path for segment in segments),
    )


def _read(collection: Any, state: tuple[Any, ...], known: dict[str, Part]) -> _View:
    segments, deletions = collection._read_snapshot()
    unsealed = collection._memtable
    pending = unsealed.delete_index_snapshot()
    ids, sequence, _, _, table = unsealed.to_search_snapshot(None, include_table=True)
    sealed = {
        segment.file_path: known.get(segment.file_path)
        or Part(segment.pks, segment.vector_data(_VECTOR)[0], _sparse(segment.table))
        for segment in segments
    }
    parts = list(sealed.values())
    tables = [segment.table for segment in segments]
    sequences = [segment.seqs for segment in segments]
    if ids:
        vectors = table.column(_VECTOR).combine_chunks().flatten().to_numpy()
        parts.append(Part(ids, vectors.reshape(len(ids), -1), _sparse(table)))
        tables.append(table)
        sequences.append(sequence)
    newest = _newest([part.ids for part in parts], sequences)
    places = {
        id_: (part, row)
        for id_, (number, part, row) in newest.items()
        if not deletions.is_deleted(id_, number) and pending.get(id_, (-1,))[0] < number
    }
    valid = [np.zeros(len(part.ids), np.bool_) for part in parts]
    for part, row in places.values():
        valid[part][row] = True
    return _View(state, sealed, tables, Collection(parts, valid), places)


def _newest(
    ids: Sequence[Sequence[str]], sequences: Sequence[Any]
) -> dict[str, tuple[int, int, int]]:
    """Where each id was last written: the number of the write, part and row."""
    newest: dict[str, tuple[int, int, int]] = {}
    for part, (names, sequence) in enumerate(zip(ids, sequences, strict=True)):
        for row, (name, number) in enumerate(zip(names, sequence.tolist(), strict=True)):
            if number > newest.get(name, (-1,))[0]:
                newest[name] = (number, part, row)
    return newest


def _sparse(table: Any) -> list[bytes]:
    return [row or b"" for row in table.column(_SPARSE).to_pylist()]
