"""What the page for holders and authors is served with: its files, and what only the index and the published list know.

The page asks the reader's own wallet about the chain. From here it has the addresses of the suite, the line of an
account in the published list, and where an account has something: it then asks the chain what.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from keifu.chain.suite import HUB
from keifu.errors import InputError
from keifu.index import Store
from keifu.index.reading import MOST, Question, events_of
from keifu.serving import Response, problem
from keifu.tge import NoGrant, find_proof
from keifu.units import is_address

__all__ = ["POLICY", "Dapp"]

# Icons of wallets are in what wallets announce.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
PLACE = "/dapp"
ESCROW, REGISTRY = "VestingEscrow", "ProvenanceRegistry"
_log = logging.getLogger("keifu.explorer")
_KINDS = {
    "index.html": "text/html; charset=utf-8",
    "dapp.css": "text/css; charset=utf-8",
    "dapp.js": "text/javascript; charset=utf-8",
}


class Dapp:
    """The page that `make dapp` has put into `folder`, with the list of grants that is published in `grants`, if
    there is one. Raises InputError when a file is missing."""

    def __init__(self, folder: Path, grants: Path | None = None) -> None:
        self._grants = grants
        self._files = dict(_files(folder))

    def file(self, path: str) -> Response | None:
        """A file of the page by its address, or None when it is another question."""
        if path == PLACE:
            return Response(301, b"", location=f"{PLACE}/")
        return self._files.get(path)

    def answer(self, path: str, store: Store) -> Response:
        """What the page asks, as JSON."""
        match path.removeprefix(PLACE).split("/"):
            case ["", "suite.json"]:
                return _json(_suite(store))
            case ["", "operators.json"]:
                return _json(_operators(store))
            case ["", "account", account] if is_address(account):
                return _json(_places(store, account.lower()))
            case ["", "grant", account] if is_address(account):
                return self._grant(account)
        return problem(404, "there is nothing there", f"{PLACE}/ is the page")

    def _grant(self, account: str) -> Response:
        if self._grants is None:
            return _json({"grant": None, "published": False})
        try:
            return _json({"grant": find_proof(self._grants, account), "published": True})
        except NoGrant:
            return _json({"grant": None, "published": True})
        except InputError as error:
            _log.warning("%s", error)
            return problem(503, "the published list cannot be read", "the log of the server says why")


def _files(folder: Path) -> Iterator[tuple[str, Response]]:
    for name, kind in _KINDS.items():
        try:
            body = (folder / name).read_bytes()
        except OSError as error:
            raise InputError(f"{folder} has no {name}: {error.strerror}", remedy="make dapp builds the page") from error
        place = f"{PLACE}/" if name == "index.html" else f"{PLACE}/{name}"
        yield place, Response(200, body, kind, f'"{hashlib.sha256(body).hexdigest()[:16]}"', POLICY)


def _json(value: object) -> Response:
    return Response(200, msgspec.json.encode(value), policy=POLICY)


def _suite(store: Store) -> dict[str, Any]:
    """As a deployment record says it; `@keifu/abi` reads addresses from it."""
    suite = store.suite
    contracts = {name: {"address": place} for place, name in suite.contracts.items()}
    return {"chain_id": suite.chain_id, "contracts": contracts}


def _operators(store: Store) -> list[dict[str, Any]]:
    """Those that have announced terms, with their newest ones; at most as many as a page of events holds."""
    said = {event["args"]["operator"]: event["args"] for event in _events(store, HUB, "TermsAnnounced")}
    return [
        {"operator": operator, "metadata": args["metadata"], "commission_bps": int(args["commission_bps"])}
        for operator, args in said.items()
    ]


def _places(store: Store, account: str) -> dict[str, list[str]]:
    """Grants of the escrow that are or were the account's, operators with whom it has staked, tickets of what left, and
    its records."""
    grants = [
        *_of(store, ESCROW, "Created", "id", beneficiary=account),
        *_of(store, ESCROW, "BeneficiaryTransferred", "id", successor=account),
    ]
    staked = _of(store, HUB, "Staked", "operator", owner=account)
    tickets = _of(store, HUB, "Unstaked", "ticket", owner=account)
    records = _of(store, REGISTRY, "Registered", "id", author=account)
    found = {"escrows": grants, "operators": staked, "tickets": tickets, "records": records}
    return {name: [*dict.fromkeys(items)] for name, items in found.items()}


def _of(store: Store, contract: str, event: str, column: str, **where: str) -> list[str]:
    return [str(found["args"][column]) for found in _events(store, contract, event, where)]


def _events(
    store: Store, contract: str, event: str, where: Mapping[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """The newest ones, oldest first."""
    table = store.by_event.get((contract, event))
    if table is not None:
        yield from reversed(events_of(store, Question(table, where or {}, newest_first=True, limit=MOST)).events)
