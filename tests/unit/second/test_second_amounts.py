"""An amount that a command says is the one of its own transaction, whatever others do to the account beside it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from keifu.abi import Receipt
from keifu.agents import actions as agents
from keifu.chain.logs import said_in
from keifu.chain.suite import DISTRIBUTOR, ORDERS, REEXECUTION, TOKEN
from keifu.compute.market import orders, services
from keifu.errors import NoAnswer
from keifu.payments import Channel
from keifu.reexecution import actions as reexecution
from keifu.reexecution.reading import Terms
from keifu.tge import chain as tge
from keifu.tge.files import Proof
from keifu.units import COIN, DAY
from tests.beaten import Meanwhile

NOWHERE, ROOT = bytes(32), b"\x07" * 32
FEE, LESS = 40 * COIN, 3 * COIN


def meanwhile(scene: Any, function: str, happens: Any) -> Meanwhile:
    return Meanwhile(scene.evm, scene.own, function, happens)


def place(scene, fee: int, chain: Any = None) -> int:
    """An order of `own` that nobody has accepted."""
    terms = {"fee": fee, "deadline": scene.evm.now + DAY}
    return orders.place(chain or scene.by(scene.own), scene.suite, scene.other.address, NOWHERE, ROOT, 1, **terms)


def test_what_a_third_account_is_said_to_get_is_what_it_gets(scene):
    """The fee had been paid to its owner, and a smaller one was credited since."""
    third = scene.evm.account("third")
    first, last = place(scene, FEE), place(scene, LESS)
    orders.cancel(scene.by(scene.own), scene.suite, first)

    def happens() -> None:
        scene.by(scene.other).call(scene.suite[ORDERS], ORDERS, "pay", scene.own.address)
        orders.cancel(scene.by(scene.own), scene.suite, last)

    paid = services.withdraw(meanwhile(scene, "withdraw", happens), scene.suite, third.address, ORDERS)
    assert paid == scene.held(third) == LESS


def test_what_is_credited_at_the_last_moment_is_counted(scene):
    first, last, third = place(scene, FEE), place(scene, LESS), scene.evm.account("third")
    orders.cancel(scene.by(scene.own), scene.suite, first)
    chain = meanwhile(scene, "withdraw", lambda: orders.cancel(scene.by(scene.own), scene.suite, last))
    assert services.withdraw(chain, scene.suite, third.address, ORDERS) == scene.held(third) == FEE + LESS


def test_a_grant_that_vests_further_at_the_last_moment_is_counted(scene):
    """A step comes due before the transaction is in a block."""
    total = scene.distribution.allocation
    scene.chain.call(scene.suite[TOKEN], TOKEN, "transfer", scene.suite[DISTRIBUTOR], total)
    scene.evm.warp_to(scene.schedule.start + scene.schedule.step)
    before, proof = scene.held(scene.own), Proof(0, scene.own.address, total, tuple(scene.grants.tree.proof(0)))
    chain = meanwhile(scene, "claim", lambda: scene.evm.warp(scene.schedule.step))
    assert tge.claim(chain, scene.suite[DISTRIBUTOR], proof) == scene.held(scene.own) - before


def test_an_offer_has_its_own_number_though_its_operator_offers_another_one_first(scene):
    """From another terminal: whoever accepts that number takes other terms."""
    channel = Channel(*[scene.chain.sender] * 4, scene.suite[TOKEN], DAY, bytes(32))
    dear, cheap = (Terms(ROOT, ROOT, 3, 2, COIN, 800 * COIN, price, scene.evm.now + 60 * DAY) for price in (COIN, 0))
    chain = meanwhile(scene, "offer", lambda: reexecution.offer(scene.by(scene.own), scene.suite, channel, cheap))
    number = reexecution.offer(chain, scene.suite, channel, dear)
    promise = scene.at(REEXECUTION).promise(number)
    assert (number, reexecution.promise_of(number, promise).terms.price) == (2, COIN)


def test_an_agent_has_its_own_number_though_its_owner_registers_another_one_first(scene):
    """Whoever uses the other number binds its data to the wrong one."""
    own, first = scene.by(scene.own), []
    chain = meanwhile(scene, "register", lambda: first.append(agents.register(own, scene.suite, "https://1.example")))
    found = agents.register(chain, scene.suite, "https://2.example")
    uri = scene.at(agents.IDENTITY).tokenURI
    assert [uri(*first), uri(found)] == ["https://1.example", "https://2.example"]


def test_an_opinion_has_its_own_number_though_its_author_gives_another_one_after_it(scene):
    """Whoever takes the other one back lets this one count."""
    own, agent = scene.by(scene.own), agents.register(scene.by(scene.other), scene.suite, "")
    after = lambda: agents.give_feedback(own, scene.suite, agent, 99)  # noqa: E731
    chain = Meanwhile(scene.evm, scene.own, "giveFeedback", lambda: None, after)
    assert agents.give_feedback(chain, scene.suite, agent, 1) == 1


def test_an_order_has_its_own_number_though_its_client_places_the_same_first(scene):
    """For another fee: cancelling that one gives back the wrong one."""
    scene.by(scene.own).call(scene.suite[TOKEN], TOKEN, "approve", scene.suite[ORDERS], FEE + LESS)
    number = place(scene, FEE, meanwhile(scene, "place", lambda: place(scene, LESS)))
    assert orders.read_order(scene.at(ORDERS), number).fee == FEE


def test_a_receipt_that_does_not_say_it_is_no_amount():
    """The transaction is in a block: it is not sent again."""
    sent = Receipt(tx_hash="0x07")
    empty: Any = SimpleNamespace(transact=lambda *_: sent, call=lambda *_: FEE, sender="0x" + "01" * 20)
    with pytest.raises(NoAnswer, match="0x07, which is in a block, has no Paid"):
        services.withdraw(empty, SimpleNamespace(addresses={ORDERS: "0x"}), contract=ORDERS)  # type: ignore[arg-type]
    with pytest.raises(NoAnswer, match="has no Refunded"):
        said_in(Receipt(), "Refunded")
