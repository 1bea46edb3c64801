"""Reading an index from many threads while another process writes it: one connection a thread."""

from __future__ import annotations

import threading

from keifu.index.database import Database, open_database
from keifu.index.store import Store

__all__ = ["Readers"]


class Readers:
    """Stores over the index at `place`. Raises EnvironmentFault when there is no index."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._threads = threading.local()
        self._opened: list[Database] = []
        self._guard = threading.Lock()
        _ = self.store  # a wrong place is told before anything is served

    @property
    def store(self) -> Store:
        """This thread's. What it is of was read when it was opened; that never changes but by new contracts."""
        store: Store | None = getattr(self._threads, "store", None)
        if store is None or store.contracts_changed():
            if store is None:
                database = open_database(self._place, read_only=True)
                with self._guard:
                    self._opened.append(database)
            else:
                database = store.database
            store = self._threads.store = Store.read(database)
        return store

    def forget(self) -> None:
        """Close this thread's connection; the next one is opened anew: a server of one may have been restarted."""
        store: Store | None = self._threads.__dict__.pop("store", None)
        if store is not None:
            with self._guard:
                self._opened.remove(store.database)
            store.database.close()

    def close(self) -> None:
        """Close the connections of all threads, none of which reads any more."""
        with self._guard:
            for database in self._opened:
                database.close()
            self._opened.clear()
