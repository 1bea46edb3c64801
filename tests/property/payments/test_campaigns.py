"""CHN under random sequences, beside a log of what people did; and the five oracles, each of which finds a fault that
is put back."""

from __future__ import annotations

from functools import cache

import pytest

from audit.systems.channels import Channels
from audit.systems.channels_edges import ChannelsEdges
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.spec.channels import Asked, Back, Earned, Settlement, TreasuryPaid
from keifu.units import COIN
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 3_000
CHANNELS, CLAIMS = "payments/Channels.vy", "payments/lib/claims.vy"

test_channels_keep_their_invariants = sequences(Channels, examples=quick_or_deep(3, 100))
test_channels_keep_them_at_their_edges = sequences(ChannelsEdges, examples=quick_or_deep(3, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Claims that are covered in part, fees of both kinds, withdrawals that pay, refunds, the treasury."""
    engine = Engine(Channels)
    system, search = engine.system, Search(engine, seed=1)
    assert isinstance(system, Channels)
    reached: set[str] = set()

    while engine.calls < CALLS:
        assert search.step() is None
        for item in system.model.log:
            reached |= {"earned"} if isinstance(item, Earned) else set()
            reached |= {"asked"} if isinstance(item, Asked) else set()
            reached |= {"treasury"} if isinstance(item, TreasuryPaid) else set()
            if isinstance(item, Back) and item.amount:
                reached.add("given" if item.given else "taken")
            if isinstance(item, Settlement) and item.fee >= 1:
                reached.add("rewarded" if item.rewarded else "kept")

    assert reached == {"earned", "asked", "treasury", "given", "taken", "rewarded", "kept"}


# the oracles ----------------------------------------------------------------------------------------------------------

PAID_TOO_MUCH = Bug(
    "",
    CLAIMS,
    "token_transfers._push(IERC20(_token), _receiver, amount - part)",
    "token_transfers._push(IERC20(_token), _receiver, amount + part)",
    ("Channels",),
)
CLAIMED_GOES_BACK = Bug(
    "",
    CLAIMS,
    "    return (_word & U128) - (_word >> UPPER)\n",
    "    return _word & U128\n",
    ("Channels",),
)
ALL_CHANNELS_ONE = Bug(
    "",
    CHANNELS,
    "    claims._channels[channel] = unsafe_add(word, wanted)\n",
    "    claims._channels[channel] = unsafe_add(word, wanted // 2)\n",
    ("Channels",),
)
LATE = Bug(
    "",
    CHANNELS,
    "    assert block.timestamp >= (asked >> claims.UPPER)",
    "    assert block.timestamp >= 86_400 + (asked >> claims.UPPER)",
    ("Channels",),
)
LAST_IS_LOST = Bug(
    "",
    CLAIMS,
    "            self._book(receiver, token, earned, paid)\n",
    "",
    ("Channels",),
)

compiled = cache(compile_with)


def started(bug: Bug | None) -> Channels:
    system = Engine(Channels, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, Channels)
    system.start()
    return system


def call(system: Channels, action: str, *args: object) -> None:
    """One action of the campaign that must succeed."""
    steps = getattr(type(system), action)
    run = steps.method if hasattr(steps, "method") else steps
    generator = run(system, system["stranger"], *args)
    order = next(generator)
    answer = system.evm.raw.call(order.sender, order.to, order.data)
    assert answer is not None, system.evm.revert().reason
    with pytest.raises(StopIteration):
        generator.send(answer)


def funded(bug: Bug | None) -> Channels:
    """Every channel of the pool has coins."""
    system = started(bug)
    for row in system.pool:
        call(system, "deposit", row, 10 * COIN + 3, "", "payer")
    return system


def claimed(bug: Bug | None) -> Channels:
    system = funded(bug)
    first = system.pool[0]
    call(system, "claim", first, first, first, "", "", "receiver", False, 1)
    return system


def profit(bug: Bug | None) -> None:
    system = claimed(bug)
    system.do("channels.settle", system["receiver"], system["token"], sender=system["stranger"])
    system.model.settle(system["receiver"], system["token"])
    assert system.nobody_gains() is True


def promise(bug: Bug | None) -> None:
    system = claimed(bug)
    first = system.pool[0]
    system.do("channels.refund", first.values, 20 * COIN, sender=first.terms.receiver)
    system.model.refund(first.terms.receiver, first.terms, 20 * COIN)
    assert system.promises_are_payable() is True


def harm(bug: Bug | None) -> None:
    assert started(bug).bystanders_lose_nothing() is True


def delay(bug: Bug | None) -> None:
    assert funded(bug).everybody_leaves_in_time() is True


def neutrality(bug: Bug | None) -> None:
    assert funded(bug).batches_are_neutral() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (promise, CLAIMED_GOES_BACK, "promise: |must succeed|must answer"),
    (profit, PAID_TOO_MUCH, "profit: .* more than the log"),
    (harm, ALL_CHANNELS_ONE, "harm: "),
    (delay, LATE, "must succeed in the end, was refused: channels: delay has not passed"),
    (neutrality, LAST_IS_LOST, "neutrality: |^assert False is True"),
]


test_an_oracle_finds_what_was_put_back = finds(quick_or_deep(ORACLES[:2], ORACLES))
test_an_oracle_is_content_without_a_fault = content(ORACLES)
