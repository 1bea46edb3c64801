"""A folder has one sale, or one clone, for one buyer: for another one nothing is signed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from keifu.agent import trading
from keifu.agent.faults import ChoreFault
from keifu.agent.trading import Asking, clone, sell
from keifu.inft import DataFolder
from keifu.inft.requesting import Wanted
from keifu.inft.statements import Move
from keifu.inft.transfer import TRANSFER_FILE
from keifu.keys import Account
from tests.unit.node.attesting import BUYER, KEY, MOVE, OWNER, TERMS, Bench

OTHER = Account.from_role("other buyer")
MOVE_OF_CLONE = Move(MOVE.token, MOVE.token_id, MOVE.sender, MOVE.receiver, 9)
WANTED = Wanted(BUYER.address, KEY.public_key)


@pytest.fixture
def folders(tmp_path):
    """An agent's data, and what an earlier call has left: the transfer, and no order."""
    bench = Bench(tmp_path)
    DataFolder(bench.data.items, f"{MOVE.token_id:064x}").save(tmp_path / "agent")

    def folders(move):
        request = bench.request(move=move)
        out = tmp_path / "out"
        out.mkdir()
        request.transfer(bench.all(request)[0].items).save(out / TRANSFER_FILE)
        return tmp_path / "agent", out

    return folders


@pytest.fixture
def scene(monkeypatch):
    """A chain that knows the token's owner, and signs nothing."""
    token = SimpleNamespace(owner=OWNER.address, clones=0, clone_cap=1)
    monkeypatch.setattr(trading, "read_token", lambda *_: token)
    monkeypatch.setattr(trading, "account_of", lambda *_: "0x" + "aa" * 20)
    monkeypatch.setattr(trading, "offer", lambda *_: pytest.fail("an order was signed"))
    monkeypatch.setattr(trading.inft, "clone", lambda *_: pytest.fail("a clone was made"))
    client, chain = SimpleNamespace(chain_id=TERMS.chain_id), SimpleNamespace(sender=OWNER.address)
    return SimpleNamespace(client=client, chain=chain, suite=Suite(), sign=None, registry="")


class Suite(dict):
    def __init__(self):
        super().__init__({"DataVerifier": TERMS.verifier})

    def at(self, client, name):
        return SimpleNamespace(parent_of=lambda number: 0)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(OTHER.address, KEY.public_key), Wanted(BUYER.address, OTHER.public_key),
        Wanted(BUYER.address, KEY.public_key, backing=5), Wanted(BUYER.address, KEY.public_key, is_clone=True),
    ],
)  # fmt: skip
def test_a_sale_for_somebody_else_signs_no_order(folders, scene, wanted):
    """A call that ended between transfer and order, and another buyer's command in its folder."""
    place, out = folders(MOVE)
    with pytest.raises(ChoreFault) as fault:
        sell(scene, place, wanted, 5, Asking((), None), out)
    assert fault.value.code == "other_terms"
    assert not (out / trading.ORDER_FILE).exists()


def test_a_clone_for_somebody_else_is_not_made(folders, scene):
    place, out = folders(MOVE_OF_CLONE)
    for wanted in (Wanted(OTHER.address, KEY.public_key, is_clone=True), WANTED):
        with pytest.raises(ChoreFault) as fault:
            clone(scene, place, wanted, Asking((), None), out)
        assert fault.value.code == "other_terms"
    wanted = Wanted(BUYER.address, KEY.public_key, is_clone=True)
    assert clone(scene, place, wanted, Asking((), None), out).state == "waiting"


def test_the_same_sale_goes_on(folders, scene, monkeypatch):
    place, out = folders(MOVE)
    offered = []
    monkeypatch.setattr(trading, "offer", lambda *args: offered.append(args))
    assert sell(scene, place, WANTED, 5, Asking((), None), out).state == "offered"
    assert len(offered) == 1
