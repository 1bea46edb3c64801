"""Those who ask a node for covers, and leave before they are answered."""

from __future__ import annotations

import asyncio
import sqlite3
from types import SimpleNamespace
from typing import Any

from keifu.compute.receipt import Receipts
from keifu.keys import Account as Key
from keifu.node.compute.covering import Covering


def test_a_peer_that_leaves_before_it_is_answered_harms_nobody() -> None:
    suite: Any = SimpleNamespace(at=lambda *_: None)
    chain: Any = SimpleNamespace(id=1, client=None, suite=suite)  # it is not asked for a newest block
    market: Any = SimpleNamespace(address="0x" + "11" * 20)
    settings: Any = SimpleNamespace(cover_most=1)
    offering: Any = SimpleNamespace()
    domain = Receipts(1, market.address).domain
    covering = Covering(
        chain, market, domain, settings, Key.from_role("receipts"), offering, sqlite3.connect(":memory:")
    )
    account: Any = SimpleNamespace(id=bytes(32))

    async def leave() -> None:
        asked = asyncio.ensure_future(covering.sign(account, 1))
        await asyncio.sleep(0)
        assert not covering.is_idle
        asked.cancel()
        await asyncio.sleep(0)
        covering.step()

    asyncio.run(leave())
    assert covering.is_idle
