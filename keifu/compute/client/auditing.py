"""An audit of a reply that somebody has kept: its provider hands out the products of its layers, and is paid for them.

They are checked by secret numbers, and everything else is computed again: a fifth of what the reply took. Where they
are false, or nobody hands them out, the whole reply is computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from keifu.compute.client.checks import Check, Exchange
from keifu.compute.client.client import ProviderFault
from keifu.compute.client.recomputing import Recomputing
from keifu.compute.products import Handed, unpacked
from keifu.errors import InputError
from keifu.inference.tokens.auditing import Auditor, WrongProducts
from keifu.inference.tokens.keeping import Stored
from keifu.inference.tokens.linear import rows_of_matrices
from keifu.inference.tokens.sampling import Drawing
from keifu.provenance.verify import Finding

__all__ = ["Ask", "Auditing"]

Ask = Callable[[dict[str, Any]], bytes]  # a request for products: the answer, paid for and compared


class _Named(msgspec.Struct):
    model: str


class Auditing:
    """One model of the client's own, and whoever hands out."""

    def __init__(self, stored: Stored, ask: Ask) -> None:
        """Raises InputError for a model that cannot be audited."""
        self._stored, self._ask, self._auditor = stored, ask, Auditor(stored.program)
        self._bytes = 0

    def findings(self, exchange: Exchange) -> list[Finding]:
        """What holds of a reply and what does not. Raises InputError for a request that names no model."""
        try:
            model = msgspec.json.decode(exchange.request, type=_Named).model
        except (ValueError, RecursionError) as error:
            raise InputError(f"the request cannot be read: {error}") from error
        reply = exchange.request, exchange.response, exchange.signed.receipt
        self._bytes = 0

        def compute(prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None) -> tuple[list[int], bytes]:
            def deliver(layer: int, first: int, count: int) -> list[Any]:
                return self._delivered(model, prompt, reply, (layer, first, count))

            return self._auditor.audit(prompt, reply, deliver, drawing)

        try:
            found = Recomputing(self._stored, compute).findings(*reply)
        except WrongProducts as error:
            return [Finding(Check.PRODUCTS, False, error.message), *self._again(*reply)]
        except ProviderFault as error:
            said = f"not handed out, so all was computed again: {error.message}"
            return [Finding(Check.PRODUCTS, True, said), *self._again(*reply)]
        return [Finding(Check.PRODUCTS, True, f"{self._bytes:,} bytes, checked by secret numbers"), *found]

    def _again(self, *reply: Any) -> list[Finding]:
        return Recomputing(self._stored).findings(*reply)

    def _delivered(
        self, model: str, prompt: Sequence[int], reply: Sequence[int], part: tuple[int, int, int]
    ) -> list[Any]:
        layer, first, count = part
        body = self._ask(
            {"model": model, "prompt": prompt, "reply": reply, "layer": layer, "first": first, "count": count}
        )
        try:
            handed = msgspec.json.decode(body, type=Handed)
            self._bytes += len(handed.products)
            return unpacked(handed, rows_of_matrices(self._auditor.program, layer), count)
        except (ValueError, RecursionError, InputError) as error:
            raise WrongProducts(f"layer {layer}'s products cannot be read: {error}") from error
