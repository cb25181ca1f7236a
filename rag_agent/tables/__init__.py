"""Comparison tables: rows are papers, columns what is asked, each cell a value with its quote or not stated."""

from rag_agent.tables.columns import Column, columns_of, propose
from rag_agent.tables.table import Cell, Row, Table

__all__ = ["Cell", "Column", "Row", "Table", "columns_of", "propose"]
