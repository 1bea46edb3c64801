"""Vectors of texts that are paid for and compared, and computed again where the account's owner has the model.

A provider that promises something for the vector of one text is asked text by text, so that each is proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from keifu.compute.client.apart import asked
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
    receipts: tuple[str, ...]  # one, or one for each text that was asked alone; for `keifu verify-reply` and the market


class _Item(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answered(msgspec.Struct):
    data: list[_Item]


def embed(
    link: Link, model: str, texts: str | Sequence[str], to: Asked, integers: str | Path | None, *, together: bool
) -> Vectors:
    """See `Keifu.embed`."""
    given = [texts] if isinstance(texts, str) else list(texts)
    document = {"model": model, "input": given, "encoding_format": "float"}
    with asking(link, to) as (client, where):
        answers = asked(client, where, EMBEDDINGS, document, together=together)
    try:
        items = msgspec.convert(answers.document, type=_Answered).data
    except (ValueError, RecursionError) as error:
        raise CheckFailed(f"the answer has no vectors: {error}", remedy="ask another provider") from error
    if [item.index for item in items] != list(range(len(given))):
        raise CheckFailed(f"{len(items)} vectors came for {len(given)} texts", remedy="ask another provider")
    again = [found for answer in answers.each for found in computed_again(integers, answer)] if integers else []
    vectors = tuple(tuple(item.embedding) for item in items)
    return Vectors(
        vectors, answers.evidence.word, bool(integers), answers.fee, answers.units[0],
        (*answers.findings, *again), answers.receipts,
    )  # fmt: skip
