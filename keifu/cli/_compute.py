"""What commands about paid answers share: the client's own side, from a trust file alone or with a chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._types import ADDRESS, BYTES32
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.compute.client.sources import Sources
    from keifu.provenance.proved import Proved
    from keifu.provenance.trust import Trust

__all__ = ["COMPUTE", "Side", "asked_of", "proved_of", "side_of", "trust_options"]

COMPUTE = "ComputeMarket"
REGISTRY, ENVIRONMENTS = "ProvenanceRegistry", "Environments"


@dataclass(frozen=True)
class Side:
    """Chain and market whose receipts count, where channels are, and from where keys and promotions are known."""

    chain_id: int
    market: str
    channels: str
    sources: Sources


def trust_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """--trust and --offline."""
    for option in (
        click.option("--offline", is_flag=True, help="Ask nobody: what your trust file pins is all that counts."),
        click.option(
            "--trust", type=click.Path(path_type=Path, dir_okay=False), envvar="KEIFU_TRUST", show_envvar=True,
            metavar="FILE", help="What you trust.  [default: your own file, when it is there]",
        ),
    ):  # fmt: skip
        body = option(body)
    return body


def asked_of(body: Callable[..., Any]) -> Callable[..., Any]:
    """--operator and --environment."""
    for option in (
        click.option("--environment", type=BYTES32, help="Environment that has to answer, by its id.  [default: any]"),
        click.option("--operator", type=ADDRESS, required=True, help="Operator whose receipts count."),
    ):
        body = option(body)
    return body


def side_of(session: Session, path: Path | None, *, offline: bool) -> Side:
    """Raises UsageError when what offline checks need is not pinned, CheckFailed when trust file and chain differ."""
    trust = _trust(path)
    if offline:
        if trust is None or not trust.compute:
            raise UsageError("no trust file pins a market", remedy="keifu trust init --provider OPERATOR")
        from keifu.compute.client.sources import Pinned

        return Side(trust.chain, trust.compute.market, trust.compute.channels, Pinned(trust.compute))
    import time

    from keifu.chain.suite import CHANNELS
    from keifu.compute.client.onchain import OnChain

    suite = session.suite(COMPUTE, CHANNELS, REGISTRY, ENVIRONMENTS)
    market, channels, chain_id = suite[COMPUTE], suite[CHANNELS], session.client.chain_id
    if trust is not None:
        trust.accept("the deployment's record", chain=chain_id, market=market, channels=channels)
    sources = OnChain(lambda: proved_of(session, trust), suite.at(session.client, COMPUTE), time.monotonic)
    return Side(chain_id, market, channels, sources)


def proved_of(session: Session, trust: Trust | None) -> Proved:
    """The registry as of the newest block, or of the block that the trust file names."""
    from keifu.provenance.proved import Proved
    from keifu.provenance.registry import Provenance

    suite, record = session.suite(REGISTRY, ENVIRONMENTS), session.record
    source = Provenance(session.client, suite[REGISTRY], suite[ENVIRONMENTS], first_block=record.first_block)
    return Proved.now(source) if trust is None else Proved(source, trust)


def _trust(path: Path | None) -> Trust | None:
    from keifu.provenance.trust import Trust, trust_file

    if path is None and not trust_file().exists():
        return None
    return Trust.read(path or trust_file())
