"""The SDK's part on paid answers, as its guide prints it: a cover is taken, and claimed when the provider is gone."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import keifu
from keifu.compute.client.store import Store
from keifu.compute.market.reports import commit
from keifu.compute.wire import unpack
from keifu.errors import CheckFailed, UsageError
from keifu.keys import Account, keccak256
from keifu.local.suite import warp
from keifu.units import COIN, DAY
from tests.beaten import Beaten
from tests.integration.compute.conftest import PaidNode, until
from tests.integration.compute.market.conftest import CAP, FEE, Promised
from tests.integration.compute.market.test_offer import receipt_key

GUIDE = Path(keifu.__file__).parents[1] / "docs" / "guides" / "sdk.md"
PART = re.findall(r"^## Pay for answers.*?(?=^## )", GUIDE.read_text(), re.MULTILINE | re.DOTALL)[0]
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PART, re.MULTILINE | re.DOTALL)
QUICK = "compute.claim_after=1"  # all that was earned is claimed when nothing was asked for two seconds


@pytest.fixture
def seller(
    paid: Promised, provide: Callable[..., PaidNode], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], PaidNode]:
    monkeypatch.setenv("KEIFU_RPC", paid.anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(paid.folder / "deployments"))
    monkeypatch.setenv("KEIFU_CLIENT", str(tmp_path / "client"))
    monkeypatch.setenv("KEIFU_ROLE", "payer")

    def seller(role: str) -> PaidNode:
        node = provide(role, QUICK)
        until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
        return node

    return seller


def _kill_on(words: Any, node: PaidNode) -> None:
    until(lambda: words.asked[-1]["messages"][-1]["content"] == "hang")
    node.end(signal.SIGKILL)
    words.released.set()


def test_the_guides_part_on_paid_answers(
    paid: Promised, seller: Callable[[str], PaidNode], words: Any, capsys: Any
) -> None:
    node = seller("seller of the guide")
    names: dict[str, Any] = {"keifu": keifu, "provider": node.url, "operator": node.account}
    with keifu.connect() as k:
        names["k"] = k
        for printed in EXAMPLES:
            example = printed.replace("Are you there?", "hang")
            if "covers.demand" in example:
                until(lambda: paid.held(bytes.fromhex(names["channel"].id))[1] >= FEE, node.process)
                Thread(target=_kill_on, args=(words, node)).start()  # it dies while it works
            if "covers.claim" in example:
                assert k.covers.answered(names["channel"].id, node.account) is None
                warp(paid.client, max(names["due"] + 1 - paid.client.now, 1))
                closing = _second(k, Beaten(k.covers._link.deployer, paid.by(paid.anvil.account("passer-by")), "close"))
            exec(compile(example, str(GUIDE), "exec"), names)  # noqa: S102 - the page's own examples
        assert names["covered"].restitution == 20
        assert closing.beaten == ["close"]
        said = capsys.readouterr().out.split()
        assert Decimal(said[-1]) == Decimal(paid.market.bond() + FEE) / COIN
        assert k.covers.show(names["channel"].id, node.account).restitution == 0
        assert k.covers.claim(names["channel"].id, node.account) == 0


def test_a_false_receipt_is_claimed_and_a_dear_cover_is_not_taken(
    paid: Promised, seller: Callable[[str], PaidNode], tmp_path: Path
) -> None:
    node = seller("false seller of the sdk")
    asked: dict[str, Any] = {"provider": node.url, "operator": node.account}
    with keifu.connect() as k:
        channel = k.channels.open(node.account, COIN, delay=DAY)
        with pytest.raises(UsageError, match="is no id of a channel"):
            k.covers.show("my channel", node.account)
        with pytest.raises(CheckFailed, match=r"at most 0\.1 were agreed to"):
            until(lambda: _taken(k, channel.id, asked, "0.1"), node.process)
        covered = k.covers.take(channel.id, **asked, restitution=20, most="0.2")
        warp(paid.client, 2)
        receipt = unpack(k.infer("words", "hi", **asked, most=1_000).receipt).receipt
        key = Account.from_role(f"{node.folder.name} receipt")
        # Of another number: the chain may be ahead of the clock by which the node signed the true one.
        lie = replace(
            receipt, number=receipt.number + 1, time=paid.client.now, response_hash=keccak256(b"another answer")
        )
        with Store(tmp_path / "client") as store:
            lies = paid.receipts.sign(key, [lie, replace(lie, request_hash=keccak256(b"yet another"))])
            for signed in lies:
                store.refuse(0, signed, "response hash")
        passer = paid.by(paid.anvil.account("passer-by"))
        for signed in lies:
            commit(passer, paid.suite, signed.receipt)
        reporting = _second(k, Beaten(k.covers._link.deployer, passer, "report"))
        assert k.covers.claim(channel.id, node.account) >= covered.restitution
        assert reporting.beaten == ["report"]  # the passer-by has the reward, the payer its restitution


def _second(k: Any, made: Beaten) -> Beaten:
    """Let a connection send by it."""
    vars(k.covers._link)["deployer"] = made
    return made


def _taken(k: Any, channel: str, asked: dict[str, Any], most: str) -> bool:
    try:
        k.covers.take(channel, **asked, restitution=20, most=most)
    except keifu.CheckFailed as error:
        if "agreed" in error.message:
            raise
        return False  # it does not know the channel yet
    return True
