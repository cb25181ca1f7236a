"""The library: one Milvus collection of papers, in Milvus Lite's folder or on a Milvus server.

Only this module and the owner of Milvus Lite's folder import pymilvus.
"""

import hashlib
import json
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ingestion.errors import KeywordUnsupported, SchemaMismatch, StoreError, StoreUnavailable
from ingestion.paper import Paper
from ingestion.settings import StoreSettings
from ingestion.store.owner import owner_of
from ingestion.terms import keyword_text

SCHEMA_VERSION = 1
_BM25 = {"bm25_k1": 1.2, "bm25_b": 0.6}  # chosen on half of two query sets, `make bench-retrieval`
_KEYWORD_BYTES = 60_000  # Milvus VARCHAR holds 65,535 bytes
_BATCH = 1000
_NOTE = "arxiv_agent"
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that every hit meets. Values are data, never query syntax.

    Args:
        category: arXiv category (`cs.CL`) or archive (`cs`); empty: any.
        author: Words of one author's name, in any order, case and accents ignored; empty: any.
        from_year: First year, inclusive; 0: any.
        to_year: Last year, inclusive; 0: any.
    """

    category: str = ""
    author: str = ""
    from_year: int = 0
    to_year: int = 0

    def expression(self) -> str:
        """The Milvus filter expression, empty when nothing is asked for."""
        parts = []
        if self.category:
            parts.append(f"array_contains(categories, {_literal(self.category.lower())})")
        parts += [
            f"array_contains(author_terms, {_literal(word)})" for word in name_words(self.author)
        ]
        if self.author and not name_words(self.author):
            parts.append("year < 0")  # a name without a single letter or digit matches nobody
        if self.from_year:
            parts.append(f"year >= {int(self.from_year)}")
        if self.to_year:
            parts.append(f"year <= {int(self.to_year)}")
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What the collection is: `uri`, `embedding_model`, `dim`, `schema_version`, `keyword_search`."""

    uri: str
    embedding_model: str
    dim: int
    schema_version: int
    keyword_search: bool


class Store:
    """Papers by arXiv id with their vectors. Safe to share between threads.

    Args:
        settings: Server address, or none for Milvus Lite in `home/library`.
        home: Data folder.
        embedding_model: Name of the model that the vectors come from; recorded in the collection.
        dim: Length of a vector. A callable is asked only when the collection has to be created, so that
            opening an existing library does not load the model.

    Raises:
        StoreUnavailable: Nothing answers at the address, or the folder cannot be opened.
        SchemaMismatch: The collection was made with another model, dimension or schema version.
    """

    def __init__(
        self, settings: StoreSettings, home: Path, embedding_model: str, dim: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._folder = home / "library"
        self._model = embedding_model
        self._dim = dim
        self._lock = threading.RLock()
        self._client: Any = None
        self._info: StoreInfo | None = None
        with self._lock:
            self._connect()

    @property
    def info(self) -> StoreInfo:
        """What was found when the collection was opened or made."""
        if self._info is None:
            raise StoreUnavailable("The library is closed")
        return self._info

    def close(self) -> None:
        """Give up the connection. The owner of a local folder goes on until it is idle."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client, self._info = None, None

    def upsert(self, papers: Sequence[Paper], vectors: NDArray[np.float32]) -> None:
        """Write papers, replacing those of the same id.

        Args:
            papers: Distinct ids.
            vectors: float32 (len(papers), dim), rows of norm 1.
        """
        rows = [
            _row(paper, vector, self.info) for paper, vector in zip(papers, vectors, strict=True)
        ]
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            self._call(partial(_upsert, name=self._name, rows=batch))

    def delete(self, ids: Sequence[str]) -> int:
        """Remove papers; how many of them were there."""
        found = len(self.fingerprints(ids))
        if found:
            self._call(lambda client: client.delete(self._name, filter=_among(ids)))
        return found

    def get(self, ids: Sequence[str]) -> dict[str, Paper]:
        """The papers of these ids that the library has."""
        rows = self._rows(ids, ["record"])
        return {id_: _paper(row["record"]) for id_, row in rows.items()}

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of papers that the library has: float32 (len(ids), dim), in the order of `ids`.

        Raises:
            KeyError: An id is not in the library.
        """
        rows = self._rows(ids, ["vector"])
        if not ids:
            return np.zeros((0, self.info.dim), np.float32)
        return np.array([rows[id_]["vector"] for id_ in ids], np.float32)

    def candidates(
        self, ids: Sequence[str]
    ) -> tuple[list[str], list[frozenset[str]], NDArray[np.float32]]:
        """What a second look at papers needs, for those that the library has, in the order of `ids`.

        Returns:
            Their ids, their distinct terms for keyword search (`ingestion.terms`), and their vectors:
            float32 (found, dim).

        Raises:
            KeywordUnsupported: The server is older than Milvus 2.5, which holds no terms.
        """
        self._require_keyword_search()
        rows = self._rows(ids, ["keyword_text", "vector"])
        known = [id_ for id_ in ids if id_ in rows]
        texts = [frozenset(rows[id_]["keyword_text"].split()) for id_ in known]
        vectors = np.array([rows[id_]["vector"] for id_ in known], np.float32)
        return known, texts, vectors.reshape(len(known), self.info.dim)

    def fingerprints(self, ids: Sequence[str]) -> dict[str, str]:
        """What each known paper's content hashed to when it was written, by id."""
        rows = self._rows(ids, ["fingerprint"])
        return {id_: str(row["fingerprint"]) for id_, row in rows.items()}

    def dense(
        self, vector: NDArray[np.float32], k: int, filters: Filters = Filters()
    ) -> list[tuple[str, float]]:
        """The `k` nearest papers: (id, raw cosine), best first."""
        return self._search("vector", vector.tolist(), "COSINE", k, filters)

    def keyword(self, text: str, k: int, filters: Filters = Filters()) -> list[tuple[str, float]]:
        """The `k` best papers by BM25: (id, score), best first.

        Args:
            text: Analysed terms with spaces between them; a repeated term counts as often.
            k: Most hits returned; papers without any of the terms are none.
            filters: Conditions on every hit.

        Raises:
            KeywordUnsupported: The server is older than Milvus 2.5.
        """
        self._require_keyword_search()
        return self._search("sparse", text, "BM25", k, filters) if text.strip() else []

    def _require_keyword_search(self) -> None:
        if not self.info.keyword_search:
            raise KeywordUnsupported(
                "Keyword search needs Milvus 2.5 or newer (its BM25 functions); this server is older",
                kept="Dense search works",
                next_step="Search with --mode dense, or move to a newer server (docker-compose.yml has one)",
            )

    def count(self) -> int:
        """Papers in the library."""
        rows = self._call(
            lambda client: client.query(self._name, filter="", output_fields=["count(*)"])
        )
        return int(rows[0]["count(*)"])

    def papers(self, filters: Filters = Filters()) -> Iterator[Paper]:
        """All papers that meet the filters, in no set order, a thousand at a time."""
        for row in self._iterate(["record"], filters):
            yield _paper(row["record"])

    def histogram(self) -> Iterator[tuple[int, tuple[str, ...], str]]:
        """Year, categories and origin of every paper, without loading the papers themselves."""
        for row in self._iterate(["year", "category_names", "origin"], Filters()):
            names = str(row["category_names"])
            yield int(row["year"]), tuple(names.split()), str(row["origin"])

    def flush(self) -> None:
        """Seal what was written so that searches are quick (many times slower before, on Milvus Lite)."""
        self._call(lambda client: client.flush(self._name))

    def size_bytes(self) -> int:
        """Bytes on disk of a local library; 0 on a server, which does not tell."""
        if self._settings.uri:
            return 0
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    @property
    def _name(self) -> str:
        return self._settings.collection

    def _search(
        self, field: str, value: Any, metric: str, k: int, filters: Filters
    ) -> list[tuple[str, float]]:
        found = self._call(
            lambda client: client.search(
                self._name,
                data=[value],
                anns_field=field,
                limit=k,
                filter=filters.expression(),
                search_params={"metric_type": metric},
            )
        )
        return [(str(hit.id), float(hit.distance)) for hit in found[0]]

    def _rows(self, ids: Sequence[str], fields: list[str]) -> dict[str, dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for start in range(0, len(ids), _BATCH):
            batch = list(ids[start : start + _BATCH])
            rows += self._call(partial(_get, name=self._name, ids=batch, fields=fields))
        return {str(row["arxiv_id"]): row for row in rows}

    def _iterate(self, fields: list[str], filters: Filters) -> Iterator[dict[str, Any]]:
        iterator = self._call(
            lambda client: client.query_iterator(
                self._name,
                batch_size=_BATCH,
                filter=filters.expression(),
                output_fields=["arxiv_id", *fields],
            )
        )
        try:
            while rows := iterator.next():
                yield from rows
        finally:
            iterator.close()

    def _call(self, call: Callable[[Any], _Result]) -> _Result:
        """Run one call; a local owner that ended since the last one is started again, once."""
        from pymilvus.exceptions import MilvusException

        with self._lock:
            if self._client is None:
                self._connect()
            client = self._client
        try:
            return call(client)
        except MilvusException as error:
            if self._settings.uri or not _is_lost(error):
                raise _store_error(error, self._address) from error
        with self._lock:
            if self._client is client:
                self._connect()
            client = self._client
        try:
            return call(client)
        except MilvusException as error:
            raise _store_error(error, self._address) from error

    @property
    def _address(self) -> str:
        return self._settings.uri or str(self._folder)

    def _connect(self) -> None:
        import logging

        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException

        # It logs features that Milvus Lite lacks and nobody asks for, and each error that it raises too.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        if self._settings.uri:
            uri, token = self._settings.uri, self._settings.token.get_secret_value()
        else:
            owner = owner_of(self._folder)
            uri, token = owner.uri, owner.token
        try:
            self._client = MilvusClient(uri=uri, token=token, timeout=self._settings.timeout_s)
            with self._one_opener():
                self._info = self._open(self._client)
        except MilvusException as error:
            raise _store_error(error, self._address) from error

    def _one_opener(self) -> AbstractContextManager[Any]:
        """Of several processes that find no collection in a local folder one makes it."""
        from filelock import FileLock

        return (
            FileLock(self._folder / "open.lock", mode=0o600)
            if not self._settings.uri
            else nullcontext()
        )

    def _open(self, client: Any) -> StoreInfo:
        if not client.has_collection(self._name):
            _create(client, self._name, self._model, self._dim())
        description = client.describe_collection(self._name)
        recorded = _recorded(description)
        if not recorded and _is_empty(client, self._name):  # killed while it was being made
            client.drop_collection(self._name)
            _create(client, self._name, self._model, self._dim())
            description = client.describe_collection(self._name)
            recorded = _recorded(description)
        info = StoreInfo(
            uri=self._address,
            embedding_model=str(recorded.get("embedding_model", "unknown")),
            dim=int(recorded.get("dim", 0)),
            schema_version=int(recorded.get("schema_version", 0)),
            keyword_search=any(field["name"] == "sparse" for field in description["fields"]),
        )
        if (info.embedding_model, info.schema_version) != (self._model, SCHEMA_VERSION):
            raise SchemaMismatch(
                f"The library was made with {info.embedding_model} (schema {info.schema_version}), "
                f"the settings say {self._model} (schema {SCHEMA_VERSION})",
                kept="The library is untouched",
                next_step="Go back to that model (ARXIV_AGENT_EMBEDDING__MODEL), or embed anew: set "
                "ARXIV_AGENT_STORE__COLLECTION to a new name and run `arxiv-agent ingest` again",
            )
        client.load_collection(self._name)
        return info


def _upsert(client: Any, name: str, rows: list[dict[str, Any]]) -> None:
    client.upsert(name, rows)


def _get(client: Any, name: str, ids: list[str], fields: list[str]) -> list[dict[str, Any]]:
    # Not client.get: it puts ids into its filter without escaping them.
    return list(client.query(name, filter=_among(ids), output_fields=["arxiv_id", *fields]))


def name_words(name: str) -> list[str]:
    """The words of a person's name without case and accents, so that `Lanzendorfer` finds Lanzendörfer."""
    plain = unicodedata.normalize("NFKD", name)
    return re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)).casefold())


def fingerprint(paper: Paper) -> str:
    """A hash of what is embedded and one of everything the source said, keywords aside, joined by a colon.

    So an unchanged paper is known without extracting keywords, and one whose text is unchanged keeps its vector.
    """
    return f"{_digest(paper.text)}:{_digest(_record(replace(paper, keywords=())))}"


def same_text(one: str, other: str) -> bool:
    """Whether two fingerprints are of papers with the same text."""
    return one.partition(":")[0] == other.partition(":")[0]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _record(paper: Paper) -> str:
    values = {field.name: getattr(paper, field.name) for field in fields(paper)}
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _paper(record: str) -> Paper:
    values = json.loads(record)
    for name in ("authors", "categories", "keywords"):
        values[name] = tuple(values[name])
    return Paper(**values)


def _row(paper: Paper, vector: NDArray[np.float32], info: StoreInfo) -> dict[str, Any]:
    names = [category.lower() for category in paper.categories]
    row = {
        "arxiv_id": paper.arxiv_id,
        "vector": vector,
        "record": _record(paper),
        "fingerprint": fingerprint(paper),
        "year": paper.year,
        "origin": paper.origin,
        "category_names": " ".join(paper.categories),
        # An archive stands for all its categories: `cs` finds cs.CL.
        "categories": sorted({*names, *(name.partition(".")[0] for name in names)})[:64],
        "author_terms": sorted({word for name in paper.authors for word in name_words(name)})[
            :4000
        ],
    }
    if info.keyword_search:
        row["keyword_text"] = keyword_text(paper).encode()[:_KEYWORD_BYTES].decode(errors="ignore")
    return row


def _create(client: Any, name: str, embedding_model: str, dim: int) -> None:
    from pymilvus import DataType, Function, FunctionType, MilvusClient

    keyword_search = _has_bm25(client)
    recorded = {"embedding_model": embedding_model, "dim": dim, "schema_version": SCHEMA_VERSION}
    note = json.dumps(recorded)
    schema = MilvusClient.create_schema(auto_id=False, description=note)
    schema.add_field("arxiv_id", DataType.VARCHAR, is_primary=True, max_length=128)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field("record", DataType.VARCHAR, max_length=65_535)
    schema.add_field("fingerprint", DataType.VARCHAR, max_length=64)
    schema.add_field("year", DataType.INT16)
    schema.add_field("origin", DataType.VARCHAR, max_length=16)
    schema.add_field("category_names", DataType.VARCHAR, max_length=4096)
    for field, capacity in (("categories", 64), ("author_terms", 4000)):
        schema.add_field(
            field,
            DataType.ARRAY,
            element_type=DataType.VARCHAR,
            max_capacity=capacity,
            max_length=256,
        )
    index = MilvusClient.prepare_index_params()
    index.add_index("vector", metric_type="COSINE", **_dense_index(client))
    if keyword_search:
        schema.add_field(
            "keyword_text",
            DataType.VARCHAR,
            max_length=65_535,
            enable_analyzer=True,
            analyzer_params={"tokenizer": "standard"},
        )
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name="bm25",
                function_type=FunctionType.BM25,
                input_field_names=["keyword_text"],
                output_field_names=["sparse"],
            )
        )
        index.add_index(
            "sparse",
            index_type="SPARSE_INVERTED_INDEX",
            metric_type="BM25",
            params={"params": _BM25},  # pymilvus unpacks one level, and Milvus Lite reads "params"
        )
    client.create_collection(
        name,
        schema=schema,
        index_params=index,
        consistency_level="Session",  # a server's default would not yet see what was just written
    )
    if _is_lite(client):
        client.alter_collection_properties(name, properties={_NOTE: note})


def _recorded(description: dict[str, Any]) -> dict[str, Any]:
    """What `_create` noted: a server keeps a collection's description, Milvus Lite its properties."""
    note = description.get("description") or description.get("properties", {}).get(_NOTE) or "{}"
    try:
        recorded = json.loads(note)
    except ValueError:
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _is_empty(client: Any, name: str) -> bool:
    client.load_collection(name)
    rows = client.query(name, filter="", output_fields=["count(*)"])
    return int(rows[0]["count(*)"]) == 0


def _is_lite(client: Any) -> bool:
    # A server of the PyPI package milvus calls itself 2.3.5-lite.
    return str(client.get_server_version()).startswith("milvus_lite")


def _dense_index(client: Any) -> dict[str, Any]:
    """FLAT on Lite (HNSW was slower there at 10,000 and 50,000 rows); HNSW on a server, with usual values."""
    if _is_lite(client):
        return {"index_type": "FLAT"}
    return {"index_type": "HNSW", "params": {"M": 32, "efConstruction": 200}}


def _has_bm25(client: Any) -> bool:
    if _is_lite(client):
        return True
    numbers = str(client.get_server_version()).lstrip("v").split("-")[0].split(".")
    return tuple(int(number) for number in numbers[:2]) >= (2, 5)


def _literal(value: str) -> str:
    """A string literal of Milvus' filter language.

    Lite and servers agree on two escapes only; no stored value holds a control character or half a
    surrogate pair, so these become blanks and question marks, which match nothing either.
    """
    plain = re.sub(r"[\x00-\x1f\x7f]", " ", value).encode(errors="replace").decode()
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _among(ids: Sequence[str]) -> str:
    return f"arxiv_id in [{', '.join(map(_literal, ids))}]"


def _is_lost(error: Exception) -> bool:
    text = str(error).lower()
    return any(
        sign in text for sign in ("unavailable", "connect", "closed channel", "unauthenticated")
    )


def _store_error(error: Exception, address: str) -> StoreError:
    if _is_lost(error):
        return StoreUnavailable(
            f"The library at {address} does not answer: {str(error)[:200]}",
            kept="What was written before is kept",
            next_step="Start the server (`docker compose up -d`) or clear ARXIV_AGENT_STORE__URI for the local one",
        )
    return StoreError(
        f"The library at {address} refused a call: {str(error)[:300]}",
        kept="What was written before is kept",
        next_step="`arxiv-agent doctor` checks the library",
    )
