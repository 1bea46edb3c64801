"""The index: every event of every contract of the suite in typed tables, and an API to read them.

Indexer        follows the suite into a database: SQLite, or PostgreSQL
Store          the tables, for whoever reads them
reconcile      compares what the tables say with the contracts' own views at the same block
Totals         sums, counts and latest values of the tables
Readers        stores for the threads of a server
Api            answers requests for lists, events and searches
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.index.api import Api
    from keifu.index.database import Database, open_database
    from keifu.index.indexer import Indexer, suite_of
    from keifu.index.readers import Readers
    from keifu.index.reconcile import Report, reconcile
    from keifu.index.store import Position, Store, Suite
    from keifu.index.tables import Table, tables_of
    from keifu.index.totals import Totals

__all__ = [
    "Api",
    "Database",
    "Indexer",
    "Position",
    "Readers",
    "Report",
    "Store",
    "Suite",
    "Table",
    "Totals",
    "open_database",
    "reconcile",
    "suite_of",
    "tables_of",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.index.api": ["Api"],
        "keifu.index.database": ["Database", "open_database"],
        "keifu.index.indexer": ["Indexer", "suite_of"],
        "keifu.index.readers": ["Readers"],
        "keifu.index.reconcile": ["Report", "reconcile"],
        "keifu.index.store": ["Position", "Store", "Suite"],
        "keifu.index.tables": ["Table", "tables_of"],
        "keifu.index.totals": ["Totals"],
    },
)
