"""What each key used and what it cost: sums, and an invoice with a line for each answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from keifu.compute.client.store import Request, Store

__all__ = ["Used", "as_csv", "invoice", "used"]

COLUMNS = (
    "time", "key", "provider", "model", "channel", "number", "state", "units_in", "units_out", "cost",
)  # fmt: skip


@dataclass(frozen=True)
class Used:
    """What one key used of one model. `unsure` is what answers that were lost or refused may have cost."""

    key: str
    model: str
    requests: int = 0
    units_in: int = 0
    units_out: int = 0
    fees: int = 0
    unsure: int = 0

    def data(self) -> dict[str, Any]:
        return asdict(self)


def used(store: Store, *, key: str | None = None, since: int = 0, until: int | None = None) -> list[Used]:
    """By key and model, in the order of their names."""
    found: dict[tuple[str, str], Used] = {}
    for item in _costing(store.requests(key=key, since=since, until=until)):
        before = found.get((item.key, item.model), Used(item.key, item.model))
        is_sure = item.state == "answered"
        found[item.key, item.model] = replace(
            before,
            requests=before.requests + 1,
            units_in=before.units_in + item.units_in,
            units_out=before.units_out + item.units_out,
            fees=before.fees + item.fee,
            unsure=before.unsure + (0 if is_sure else item.cost),
        )
    return [found[name] for name in sorted(found)]


def invoice(
    store: Store, *, key: str | None = None, since: int = 0, until: int | None = None
) -> list[dict[str, str | int]]:
    """A line for each request that cost something, or may have; amounts in the token's smallest unit."""
    return [_line(item) for item in _costing(store.requests(key=key, since=since, until=until))]


def as_csv(lines: Iterable[dict[str, str | int]]) -> str:
    """With a head; a spreadsheet reads nothing of it as a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in line.items()} for line in lines)
    return text.getvalue()


def _costing(requests: Iterable[Request]) -> Iterable[Request]:
    return (item for item in requests if item.state != "void")


def _line(item: Request) -> dict[str, str | int]:
    return {
        "time": datetime.fromtimestamp(item.time, UTC).isoformat().replace("+00:00", "Z"),
        "key": item.key,
        "provider": item.provider,
        "model": item.model,
        "channel": item.channel.hex(),
        "number": item.number or 0,
        "state": item.state,
        "units_in": item.units_in,
        "units_out": item.units_out,
        "cost": item.cost,
    }


def _plain(value: str | int) -> str | int:
    """A name of a model is somebody else's word."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value
