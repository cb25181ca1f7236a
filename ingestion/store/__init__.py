"""The library of papers in Milvus: opened, written, searched, counted. All of pymilvus is in here.

Milvus Lite's folder belongs to one owner process, which every program reaches over loopback as it would a
server; so there is one form of store, and one contract suite that Lite and servers pass.
"""

from ingestion.store.census import Census, take_census
from ingestion.store.collection import Store
from ingestion.store.filters import Filters, name_words
from ingestion.store.owner import stop_owner
from ingestion.store.record import fingerprint, same_text
from ingestion.store.schema import StoreInfo

__all__ = [
    "Census",
    "Filters",
    "Store",
    "StoreInfo",
    "fingerprint",
    "name_words",
    "same_text",
    "stop_owner",
    "take_census",
]
