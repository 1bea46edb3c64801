"""The five oracles over orders: each finds a fault that is put back, and is content without one."""

from __future__ import annotations

from functools import cache

from audit.systems.compute_orders import REQUESTS, ComputeOrderBook
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from tests.oracles import Oracle, content, finds

PLACED, ACCEPTED, DELIVERED = range(3)


def _bug(original: str, changed: str) -> Bug:
    return Bug("", "compute/ComputeOrders.vy", original, changed, ("ComputeOrders",))


A_WEI_MORE = _bug("payouts.credits[_state.client] += _state.fee", "payouts.credits[_state.client] += _state.fee + 1")
A_WEI_LESS = _bug("extcall hub.reward(order.provider, order.fee)", "extcall hub.reward(order.provider, order.fee - 1)")
ANYBODY_ACCEPTS = _bug(
    "    assert _provider in [msg.sender, self._speaks_for(msg.sender, hotkeys.TRANSACTION)],"
    ' "orders: not the provider"\n',
    "    pass\n",
)
A_DAY_LONGER = _bug(
    "block.timestamp > order.until and order.open", "block.timestamp > order.until + 86_400 and order.open"
)
THE_FIRST_PAYS_TWICE = _bug("payouts.credits[_paid] += bond", "payouts.credits[_paid] += bond + _index * _open")

compiled = cache(compile_with)


def started(bug: Bug | None) -> ComputeOrderBook:
    """One order is placed, one accepted, one delivered."""
    system = Engine(ComputeOrderBook, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, ComputeOrderBook)
    system.start()
    return system


def profit(bug: Bug | None) -> None:
    system = started(bug)
    order = system.orders[PLACED]
    system.do("orders.cancel", PLACED, sender=order.client)
    order.over = "refunded"
    system.credit_to(order.client, order.fee)
    assert system.nobody_gains() is True


def promise(bug: Bug | None) -> None:
    assert started(bug).fees_are_payable() is True


def harm(bug: Bug | None) -> None:
    system = started(bug)
    call = system.tx("orders.accept", PLACED, sender=system["stranger"])
    system.evm.raw.call(call.sender, call.to, call.data)
    assert system.bystanders_lose_nothing() is True


def delay(bug: Bug | None) -> None:
    assert started(bug).everybody_leaves_in_time() is True


def neutrality(bug: Bug | None) -> None:
    system = started(bug)
    order = system.orders[DELIVERED]
    for at in (1, 3):
        proof = list(system.requests.proof(at))
        system.do("orders.demand", DELIVERED, at, REQUESTS[at], proof, sender=order.client)
        order.asked[at] = system.now + system.ask("orders.answer_window")
        order.open.add(at)
        system.moves(order.client, -system.ask("orders.bond"))
    assert system.closing_is_neutral() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, A_WEI_MORE, "profit: .* more than the log"),
    (promise, A_WEI_LESS, "promise: a claim of"),
    (harm, ANYBODY_ACCEPTS, "orders: order is accepted"),
    (delay, A_DAY_LONGER, "orders: the client may still ask"),
    (neutrality, THE_FIRST_PAYS_TWICE, "neutrality: closed questions"),
]


test_an_oracle_finds_what_was_put_back = finds(ORACLES)
test_an_oracle_is_content_without_a_fault = content(ORACLES)
