"""Records of the registry as the tables have them: a source for lineages, and what was made from a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keifu.chain.suite import REGISTRY
from keifu.errors import InputError
from keifu.explorer.view import Event, View
from keifu.provenance import Record, Relation, Status
from keifu.provenance.registry import Entry

__all__ = ["MOST", "Records", "record_of"]

MOST = 400  # records of one picture: a stranger may register any graph


def record_of(event: Event) -> Record | None:
    """What a registration says; None for texts that no record of ours could hold."""
    said: Mapping[str, Any] = event["args"]["record"]
    hashes = (bytes.fromhex(said[name][2:]) for name in ("digest", "contentRoot", "programRoot", "manifest"))
    links = [(link["relation"], bytes.fromhex(link["parent"][2:])) for link in said["links"]]
    texts = (said["uri"], said["licence"], said["version"])
    try:
        return Record.from_args((said["author"], said["kind"], *hashes, *texts, links))
    except InputError:
        return None


class Records:
    """A RecordStore over the tables, which gives so many records and no more."""

    def __init__(self, view: View) -> None:
        self.view, self.most, self.left = view, MOST, MOST

    def entry(self, record_id: bytes) -> Entry | None:
        if self.left <= 0:
            return None
        self.left -= 1
        event = self.view.last(REGISTRY, "Registered", id="0x" + record_id.hex())
        return self.entry_of(event) if event else None

    def entry_of(self, event: Event) -> Entry | None:
        record = record_of(event)
        if record is None:
            return None
        record_id = event["args"]["id"]
        changed = self.view.last(REGISTRY, "StatusChanged", id=record_id)
        status = Status(changed["args"]["status"]) if changed else Status.ACTIVE
        reason = changed["args"]["reason"] if changed else ""
        return Entry(bytes.fromhex(record_id[2:]), record, status, event["block_time"], event["block_number"], reason)

    def resting(self, record_id: bytes) -> dict[bytes, tuple[Event, bytes]]:
        """What was made from a record, nearest first: the registration, and the parent through which it was."""
        found: dict[bytes, tuple[Event, bytes]] = {}
        pending = [record_id]
        for parent in pending:
            named = "0x" + parent.hex()
            for event in self.view.mentioning(named, contract=REGISTRY, event="Registered", limit=self.most).events:
                child = bytes.fromhex(event["args"]["id"][2:])
                made_from = any(
                    link["parent"] == named and link["relation"] != Relation.SUPERSEDES
                    for link in event["args"]["record"]["links"]
                )
                if made_from and child not in found and child != record_id and len(found) < self.most:
                    found[child] = event, parent
                    pending.append(child)
        return found
