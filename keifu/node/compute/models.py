"""Models that others serve, by a node's settings."""

from __future__ import annotations

from pathlib import Path

from keifu.compute.client.checks import Prices
from keifu.compute.model import Claimed, Model
from keifu.compute.upstream import Upstream
from keifu.keys.keystore import read_password
from keifu.node.sections import ComputeWork, PassedOn

__all__ = ["upstreams"]


def upstreams(settings: ComputeWork, base: Path) -> list[Model]:
    """The models that others serve. Raises EnvironmentFault for a key file that cannot be read."""
    return [_upstream(name, item, base) for name, item in settings.models.items()]


def _upstream(name: str, item: PassedOn, base: Path) -> Upstream:
    key = read_password(base / item.key_file).decode() if item.key_file else ""
    return Upstream(
        name, item.upstream, Prices(item.request, item.million_in, item.million_out), theirs=item.theirs, key=key,
        endpoints=frozenset(item.endpoints), patience=float(item.patience), tee=item.tee,
        claimed=Claimed(digest=bytes.fromhex(item.reexecuted)) if item.reexecuted else None,
        reexecuted=bool(item.reexecuted),
    )  # fmt: skip
