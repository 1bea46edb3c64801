"""in-toto statements: what an author says about an artefact in full, named by its SHA-256 in the manifest.

https://github.com/in-toto/attestation (Statement v1). The canonical form is JSON with sorted keys and no blanks, so
that the same statement has the same hash everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isinf
from typing import Any

from keifu.errors import CheckFailed, InputError

__all__ = ["LARGEST_STATEMENT", "PREDICATES", "canonical", "instant", "read_statement", "rfc3339", "statement"]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
LARGEST_STATEMENT = 16 << 20  # bytes
DEEPEST = 64  # lists and objects within each other
LONGEST_NUMBER = 400  # characters
_STRING, _BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL), re.compile(r"[\[\]{}]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # an escape of half a pair, with or without its other half
PREDICATES = {
    "run": "https://slsa.dev/provenance/v1",
    "evaluation": "https://in-toto.io/attestation/test-result/v0.1",
    "model": "https://cyclonedx.org/bom",
    "signature": "https://keifu.dev/openssf-signature/v1",
    "other": "https://keifu.dev/statement/v1",
}


def statement(name: str, digest: bytes, predicate: Mapping[str, Any], kind: str = "other") -> dict[str, Any]:
    """A statement about the artefact called `name` with this SHA-256 digest."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest.hex()}}],
        "predicateType": PREDICATES.get(kind, PREDICATES["other"]),
        "predicate": dict(predicate),
    }


def canonical(document: Mapping[str, Any]) -> bytes:
    """Bytes of a document, the same for the same content."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_statement(body: bytes, digest: bytes) -> dict[str, Any]:
    """The statement in `body`; raises CheckFailed when it is about another digest, InputError when it is none.

    Its form is its author's, but it has to be JSON that every verifier reads alike: no member named twice, no half of a
    pair of characters, no number beyond a double (RFC 7493).
    """
    if len(body) > LARGEST_STATEMENT:
        raise InputError(f"a statement of {len(body):,} bytes, at most {LARGEST_STATEMENT:,} are read")
    try:
        text = body.decode()
        _require_shallow(text)
        document: dict[str, Any] = json.loads(
            text, parse_int=_whole, parse_float=_real, parse_constant=_no_json, object_pairs_hook=_once
        )
        if _HALF.search(text):
            canonical(document)  # which has no bytes for half a pair
        subject = document["subject"][0]["digest"]["sha256"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise InputError("not an in-toto statement") from error
    if subject != digest.hex():
        raise CheckFailed(f"the statement is about {subject}, the record about {digest.hex()}")
    return document


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member that is named twice")
    return found


def _whole(text: str) -> int:
    return int(_short(text))


def _real(text: str) -> float:
    return float(_short(text))


def _short(text: str) -> str:
    if len(text) > LONGEST_NUMBER or isinf(float(text)):
        raise ValueError("a number that is too long, or too large")
    return text


def _no_json(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _require_shallow(text: str) -> None:
    """Before it is parsed: the parser goes as deep as the text does, and where a program has raised Python's limit of
    recursion, it runs over the end of its stack."""
    depth = 0
    for mark in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if mark[0] in "[{" else -1
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} lists and objects within each other")


def instant(text: str) -> int:
    """Unix seconds of an RFC 3339 time; raises InputError when it is none."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, AttributeError) as error:
        raise InputError(f"{text!r} is not a time", remedy="as in 2026-01-31T12:00:00Z") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def rfc3339(time: int) -> str:
    """Unix seconds as people read them, in UTC; as they are when no calendar reaches so far."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"second {time}"
