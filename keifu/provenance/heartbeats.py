"""Heartbeats in files: one JSON object a line, as nodes write them and verifiers read them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from keifu._files import read_bounded
from keifu.errors import CheckFailed, InputError
from keifu.keys import Account
from keifu.provenance._model import Heartbeat, environments_domain, heartbeat_digest
from keifu.provenance.bundle_file import HeartbeatDocument, heartbeat_json, heartbeat_of
from keifu.provenance.documents import Documents
from keifu.provenance.proved import Proved
from keifu.provenance.verify import check_bytes, require

__all__ = ["HeardDocument", "HeardPage", "line_of", "read_heartbeats", "sign_heartbeat"]

LARGEST_FILE = 64 << 20  # bytes: some 200,000 heartbeats


class HeardDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A heartbeat as a watcher hands it on, with whose it is."""

    operator: str
    said: HeartbeatDocument


class HeardPage(msgspec.Struct, forbid_unknown_fields=True):
    """What a watcher answers; each is read by itself, so that one bad one spoils none of the others."""

    heartbeats: list[msgspec.Raw]


def line_of(heartbeat: Heartbeat, signature: bytes) -> str:
    """As one line of the file."""
    return json.dumps(heartbeat_json(heartbeat, signature), sort_keys=True)


def read_heartbeats(path: Path) -> list[tuple[Heartbeat, bytes]]:
    """Raises InputError naming the line that is no heartbeat."""
    found: list[tuple[Heartbeat, bytes]] = []
    for number, line in enumerate(read_bounded(path, LARGEST_FILE, "a file of heartbeats").splitlines(), 1):
        try:
            found.append(heartbeat_of(msgspec.json.decode(line, type=HeartbeatDocument)))
        except (ValueError, RecursionError, OverflowError, InputError) as error:
            raise InputError(
                f"{path}, line {number}: not a heartbeat", remedy="`keifu prov heartbeat` writes one a line"
            ) from error
    return found


def sign_heartbeat(
    proved: Proved, environment: bytes, path: Path, documents: Documents, node: Account
) -> tuple[Heartbeat, bytes]:
    """What `node` says that it runs, in the second of the block: the bytes at `path`, under the promotion that the
    block proves. Raises CheckFailed when they are not what was promoted: a false heartbeat costs whoever signs it."""
    made, entry = proved.production(environment)
    if entry is None:
        raise CheckFailed("nothing was ever promoted there")
    require([check_bytes(entry, path, documents.manifest(entry.record))])
    said = Heartbeat(node.address.lower(), environment, made.seq, entry.record.digest, proved.time)
    domain = environments_domain(proved.trust.chain, proved.trust.environments)
    return said, node.sign(heartbeat_digest(domain, said))
