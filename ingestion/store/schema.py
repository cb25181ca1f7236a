"""The collection's fields and indexes, and the note that says what it was made with."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingestion.errors import SchemaMismatch

SCHEMA_VERSION = 1
_BM25 = {"bm25_k1": 1.2, "bm25_b": 0.6}  # chosen on half of two query sets, `make bench-retrieval`
_NOTE = "arxiv_agent"

MAX_ID_BYTES = 128
MAX_CATEGORIES = 64
MAX_AUTHOR_TERMS = 4000  # the author list of a large experiment has 3,000 names


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What the collection is: `uri`, `embedding_model`, `dim`, `schema_version`, `keyword_search`."""

    uri: str
    embedding_model: str
    dim: int
    schema_version: int
    keyword_search: bool


def open_collection(
    client: Any, name: str, embedding_model: str, dim: Callable[[], int], address: str
) -> StoreInfo:
    """Load a collection, made first where there is none, or where a process was killed making it.

    Raises:
        SchemaMismatch: It was made with another model or schema version.
    """
    recorded = _noted(client, name) if client.has_collection(name) else None
    half_made = recorded == {} and _is_empty(client, name)  # killed while it was being made
    if recorded is None or half_made:
        length = dim()  # asked first: who only looks refuses here
        if half_made:
            client.drop_collection(name)
        _create(client, name, embedding_model, length)
        recorded = _noted(client, name)
    fields = client.describe_collection(name)["fields"]
    info = StoreInfo(
        uri=address,
        embedding_model=str(recorded.get("embedding_model", "unknown")),
        dim=int(recorded.get("dim", 0)),
        schema_version=int(recorded.get("schema_version", 0)),
        keyword_search=any(field["name"] == "sparse" for field in fields),
    )
    _require(info, embedding_model)
    client.load_collection(name)
    return info


def _require(info: StoreInfo, embedding_model: str) -> None:
    if (info.embedding_model, info.schema_version) != (embedding_model, SCHEMA_VERSION):
        raise SchemaMismatch(
            f"The library was made with {info.embedding_model} (schema {info.schema_version}), "
            f"the settings say {embedding_model} (schema {SCHEMA_VERSION})",
            kept="The library is untouched",
            next_step="Go back to that model (ARXIV_AGENT_EMBEDDING__MODEL), or embed anew: set "
            "ARXIV_AGENT_STORE__COLLECTION to a new name and run `arxiv-agent ingest` again",
        )


def _create(client: Any, name: str, embedding_model: str, dim: int) -> None:
    recorded = {"embedding_model": embedding_model, "dim": dim, "schema_version": SCHEMA_VERSION}
    note = json.dumps(recorded)
    keyword_search = _has_bm25(client)
    client.create_collection(
        name,
        schema=_fields(dim, note, keyword_search),
        index_params=_indexes(client, keyword_search),
        consistency_level="Session",  # a server's default would not yet see what was just written
    )
    if _is_lite(client):
        client.alter_collection_properties(name, properties={_NOTE: note})


def _fields(dim: int, note: str, keyword_search: bool) -> Any:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, description=note)
    schema.add_field("arxiv_id", DataType.VARCHAR, is_primary=True, max_length=MAX_ID_BYTES)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field("record", DataType.VARCHAR, max_length=65_535)
    schema.add_field("fingerprint", DataType.VARCHAR, max_length=64)
    schema.add_field("year", DataType.INT16)
    schema.add_field("origin", DataType.VARCHAR, max_length=16)
    schema.add_field("category_names", DataType.VARCHAR, max_length=4096)
    for field, capacity in (("categories", MAX_CATEGORIES), ("author_terms", MAX_AUTHOR_TERMS)):
        schema.add_field(
            field,
            DataType.ARRAY,
            element_type=DataType.VARCHAR,
            max_capacity=capacity,
            max_length=256,
        )
    if keyword_search:
        _add_bm25(schema)
    return schema


def _add_bm25(schema: Any) -> None:
    from pymilvus import DataType, Function, FunctionType

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


def _indexes(client: Any, keyword_search: bool) -> Any:
    from pymilvus import MilvusClient

    index = MilvusClient.prepare_index_params()
    index.add_index("vector", metric_type="COSINE", **_dense_index(client))
    if keyword_search:
        index.add_index(
            "sparse",
            index_type="SPARSE_INVERTED_INDEX",
            metric_type="BM25",
            params={"params": _BM25},  # pymilvus unpacks one level, and Milvus Lite reads "params"
        )
    return index


def _noted(client: Any, name: str) -> dict[str, Any]:
    """What `_create` noted: a server keeps a collection's description, Milvus Lite its properties."""
    description = client.describe_collection(name)
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
