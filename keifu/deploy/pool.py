"""What the pool of a node holds of the deployer: a nonce that is missing, or a transaction that nobody takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from keifu.chain import ChainClient
from keifu.errors import EnvironmentFault, RpcError
from keifu.keys import Account

__all__ = ["replace_stuck", "require_idle"]

POLLS = 60
SECONDS_A_POLL = 1.0


def _waiting(client: ChainClient, sender: str) -> tuple[int, int]:
    """The next nonce of a block, and the next one behind what the pool can put into blocks."""
    mined, known = (client.rpc.quantity("eth_getTransactionCount", sender, tag) for tag in ("latest", "pending"))
    return mined, known


def require_idle(client: ChainClient, sender: str) -> None:
    """Raises EnvironmentFault when transactions of the sender are on their way, or stand in the pool behind a nonce
    that is missing: they would take effect in the middle of the deployment. Not every node shows its pool."""
    mined, known = _waiting(client, sender)
    if known > mined:
        raise EnvironmentFault(
            f"{sender} has transactions that are not mined yet: {known - mined}, from nonce {mined} on",
            remedy="wait until they are, or run the same command with --replace-stuck",
        )
    queued = _queued(client, sender)
    numbers = sorted(int(number) for number in queued if int(number) > known)
    if numbers:
        raise EnvironmentFault(
            f"{sender} has sent nonce {numbers[0]}, and nonce {known} is missing before it",
            remedy=f"send nonce {known}, or replace {numbers[0]} by a transfer of nothing, then run this again",
        )


def _queued(client: ChainClient, sender: str) -> dict[str, Any]:
    """Transactions of the sender that wait for an earlier one, by nonce; none where the node shows no pool."""
    for method, arguments in (("txpool_contentFrom", [sender]), ("txpool_content", [])):
        try:
            found: Any = client.rpc.call(method, *arguments)
        except RpcError:
            continue
        queued = found.get("queued", {}) if isinstance(found, dict) else {}
        if method == "txpool_content":
            queued = next((of for who, of in queued.items() if who.lower() == sender), {})
        return dict(queued)
    return {}


def replace_stuck(
    client: ChainClient, account: Account, *, sleep: Callable[[float], None] = time.sleep, polls: int = POLLS
) -> list[int]:
    """Wait for what an earlier run has sent. What no block takes in that time is replaced by a transfer of nothing,
    with a fee that is raised step by step and never above the most that is ever paid; the nonces that were replaced.

    Raises EnvironmentFault when even that is not taken.
    """
    for _ in range(polls):
        mined, known = _waiting(client, account.address)
        if known <= mined:
            return []
        sleep(SECONDS_A_POLL)
    replaced = list(range(mined, known))
    for nonce in replaced:
        client.replace(account, nonce)
    return replaced
