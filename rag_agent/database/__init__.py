"""Rows that outlive a process: in SQLite files of the data folder, or in one PostgreSQL for many processes."""

from rag_agent.database.database import Connection, Database, Schema, statements
from rag_agent.database.opening import Databases

__all__ = ["Connection", "Database", "Databases", "Schema", "statements"]
