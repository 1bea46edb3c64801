"""Vectors of texts that are paid for and compared, and computed again where the account's owner has the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from keifu.errors import CheckFailed
from keifu.provenance.verify import Finding
from keifu.sdk.link import Link
from keifu.sdk.paying import Asked, asking
from keifu.sdk.recomputing import computed_again

__all__ = ["Vectors", "embed"]

EMBEDDINGS = "/v1/embeddings"


@dataclass(frozen=True)
class Vectors:
    """One for each text, in their order. `evidence` is the word under which they may be shown; `is_recomputed` says
    that this machine has computed all of them again. `findings` are all checks."""

    vectors: tuple[tuple[float, ...], ...]
    evidence: str
    is_recomputed: bool
    fee: int
    units_in: int
    findings: tuple[Finding, ...]
    receipt: str  # as it came, for `keifu verify-reply` and the market


class _Item(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answered(msgspec.Struct):
    data: list[_Item]


def embed(link: Link, model: str, texts: str | Sequence[str], to: Asked, integers: str | Path | None) -> Vectors:
    """See `Keifu.embed`."""
    given = [texts] if isinstance(texts, str) else list(texts)
    with asking(link, to) as (client, where):
        answer = client.ask(where, EMBEDDINGS, {"model": model, "input": given, "encoding_format": "float"})
    try:
        items = msgspec.json.decode(answer.body, type=_Answered).data
    except (ValueError, RecursionError) as error:
        raise CheckFailed(f"the answer has no vectors: {error}", remedy="ask another provider") from error
    if [item.index for item in items] != list(range(len(given))):
        raise CheckFailed(f"{len(items)} vectors came for {len(given)} texts", remedy="ask another provider")
    found = answer.findings + (computed_again(integers, answer) if integers else ())
    vectors = tuple(tuple(item.embedding) for item in items)
    receipt = answer.receipt
    return Vectors(
        vectors, answer.evidence.word, bool(integers), receipt.fee, receipt.input_units, found,
        answer.receipt_text,
    )  # fmt: skip
