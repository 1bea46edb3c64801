"""What commands share that ask a provider and pay it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._compute import asked_of, side_of, trust_options
from keifu.cli.usage import client_folder
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.compute.client.client import ComputeClient, Provider

__all__ = ["client_of", "paying_options"]


def paying_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Whom to ask, and up to what."""
    for option in (
        click.option(
            "--ahead", type=click.IntRange(1), default=None,
            show_default="1; over https or on one machine a 32nd of what the provider has answered",
            help="Requests that one voucher may pay, where the provider takes it: so much can be lost at once. 1"
            " signs nothing ahead, 1,024 is the most.",
        ),
        click.option(
            "--deposit", type=click.IntRange(0), default=0, show_default=True,
            help="Open a channel with the first request where there is none, and put so much into it.",
        ),
        click.option(
            "--most", type=click.IntRange(1), required=True,
            help="What one request may cost, in the token's smallest unit.",
        ),
        click.option("--provider", "url", required=True, metavar="URL", help="The provider's address."),
    ):  # fmt: skip
        body = option(body)
    return trust_options(client_folder(asked_of(body)))


@contextmanager
def client_of(
    session: RpcSession,
    *,
    url: str,
    operator: str,
    environment: bytes | None,
    tees: tuple[str, ...],
    folder: Path | None,
    most: int,
    deposit: int,
    ahead: int | None,
    trust: Path | None,
    offline: bool,
) -> Iterator[tuple[ComputeClient, Provider]]:
    from keifu.compute.client.client import ComputeClient, Provider
    from keifu.compute.client.store import Store, usual_folder
    from keifu.payments.wallet import Terms, Wallet

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--provider {url} is no address of a provider", remedy="http://HOST:PORT")
    if deposit and offline:
        raise UsageError("--deposit needs the chain's record", remedy="leave out --offline, or keifu channel open")
    side = side_of(session, trust, offline=offline)
    collector = _collector(session) if deposit else ""
    terms = Terms(side.chain_id, side.channels, side.market, most, collector, deposit, ahead=ahead)
    with Store(folder or usual_folder()) as store:
        wallet = Wallet(session.account, store, terms)
        with ComputeClient(wallet, side.sources, now=side.now) as client:
            yield client, Provider(url, operator, environment, tees=frozenset(map(str.lower, tees)))


def _collector(session: RpcSession) -> str:
    from keifu.chain.suite import ERC3009_COLLECTOR

    return session.suite(ERC3009_COLLECTOR)[ERC3009_COLLECTOR]
