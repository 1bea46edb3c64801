"""The models of intelligent NFTs, attestors, sales and agents, with answers that are computed by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.agents import Agents
from keifu.spec.attestors import Attestors, Signed
from keifu.spec.inft import Offer, Refused, Terms, Tokens
from keifu.spec.sales import Agreed, Market
from keifu.units import COIN, DAY

HASHES = (b"\x01" * 32, b"\x02" * 32)
CREATOR, BUYER, USER = (f"0x{number:040x}" for number in (1, 2, 3))
FIRST, SECOND, THIRD = (f"0x{number:040x}" for number in (11, 12, 13))


@pytest.fixture
def tokens():
    found = Tokens(now=1_000)
    found.mint_data(CREATOR, 1, HASHES, private=True, terms=Terms(CREATOR, Fraction(1, 10), 1, 2))
    return found


def test_shares_of_a_royalty_are_halves_of_what_is_left(tokens):
    tokens.clone(1, 2, BUYER, HASHES)
    tokens.move_data(USER, 2, HASHES)
    tokens.clone(2, 3, CREATOR, HASHES)
    # A tenth of 800: the owner of the second token gets half, the owner of the first a quarter, the creator the rest.
    assert tokens.royalty(3, 800) == [(USER, 40), (CREATOR, 20), (CREATOR, 20)]
    with pytest.raises(Refused, match="no clone left"):
        tokens.check_clone(3)
    with pytest.raises(Refused, match="no clone left"):
        tokens.check_clone(1)


def test_what_is_given_for_an_owners_time_ends_with_it(tokens):
    tokens.approve(CREATOR, USER, 1)
    tokens.authorize(CREATOR, 1, USER)
    tokens.move_data(BUYER, 1, HASHES)
    tokens.move_data(CREATOR, 1, HASHES)
    assert (tokens.approved(1), tokens.users(1), tokens.moves(1)) == (ZERO_ADDRESS, set(), 2)


def test_a_lease_runs_on_after_a_sale(tokens):
    offer = Offer(5, "coin", 100, 2, 1, 2_000)
    tokens.offer_lease(CREATOR, 1, offer)
    assert tokens.lease(USER, 1, offer) == 1_100
    tokens.move_data(BUYER, 1, HASHES)
    assert tokens.offer(1) is None
    assert (tokens.record_use(USER, 1, 1), tokens.leased_until(1)) == (1, 1_100)
    tokens.now = 1_100
    assert not tokens.may_use(1, USER)


@pytest.fixture
def attestors():
    """Two with 5,000 coins that count, in epoch 8."""
    found = Attestors(genesis=0, needed=2)
    for who in (FIRST, SECOND):
        found.name(who)
        found.lock(who, 5_000 * COIN)
        found.join(who)
    found.now = 7 * DAY
    return found


def signed(attestors, nonce, backing, wrong=False):
    attestors.check_signed((FIRST, SECOND), nonce, attestors.now, attestors.epoch, backing)
    attestors.verify(Signed(nonce, CREATOR, (FIRST, SECOND), backing, attestors.now, wrong))


def test_a_promise_needs_five_quarters_and_the_penalty(attestors):
    signed(attestors, b"one", 6_400 * COIN)
    # Half of 6,400 is 3,200, five quarters of it 4,000, and 200 for the penalty.
    assert attestors.reserved(FIRST) == 4_200 * COIN
    signed(attestors, b"two", 960 * COIN)
    assert attestors.reserved(FIRST) == 5_000 * COIN
    with pytest.raises(Refused, match="lock too small"):
        signed(attestors, b"three", 8)
    signed(attestors, b"three", 0)


def test_coins_count_when_they_are_old_and_go_newest_first(attestors):
    attestors.lock(FIRST, 3_000 * COIN)
    attestors.join(FIRST)
    assert attestors.weight(FIRST) == 5_000 * COIN
    attestors.leave(FIRST, 4_000 * COIN)
    assert attestors.weight(FIRST) == 4_000 * COIN
    attestors.now += 7 * DAY
    assert (attestors.weight(FIRST), attestors.coins(FIRST).lock) == (4_000 * COIN, 8_000 * COIN)
    with pytest.raises(Refused, match="too early"):
        attestors.release(FIRST)
    attestors.now += 7 * DAY
    assert attestors.release(FIRST) == 4_000 * COIN


def test_open_promises_hold_what_leaves(attestors):
    signed(attestors, b"one", 1_600 * COIN)
    attestors.leave(FIRST, 4_500 * COIN)
    attestors.now += 14 * DAY
    with pytest.raises(Refused, match="promises are open"):
        attestors.release(FIRST)
    attestors.free(b"one")
    assert attestors.release(FIRST) == 4_500 * COIN


def test_a_dropped_attestor_is_removed_after_the_notice(attestors):
    attestors.drop(FIRST)
    attestors.now += 7 * DAY - 1
    with pytest.raises(Refused, match="not to be removed"):
        attestors.remove(FIRST)
    attestors.now += 1
    attestors.remove(FIRST)
    assert attestors.weight(FIRST) == 0
    with pytest.raises(Refused, match="not named"):
        attestors.join(FIRST)


def agreed(number, price, token=1, backing=0):
    hashes = HASHES if token == 1 else ()
    return Agreed(number, CREATOR, BUYER, token, 0, hashes, 0, price, "coin", backing, number, 2_000_000)


@pytest.mark.parametrize("wrong", [False, True])
def test_a_price_goes_back_whole_or_to_creators_and_seller(tokens, attestors, wrong):
    market = Market("coin", tokens, attestors, now=attestors.now)
    order = agreed(b"one", 801)
    assert market.check_agreed(order, USER, (CREATOR, BUYER)) == (CREATOR, BUYER)
    signed(attestors, b"moved", 0, wrong)
    market.settle(order, CREATOR, BUYER, b"moved")
    with pytest.raises(Refused, match="nonce was used"):
        market.check_agreed(order, USER, (CREATOR, BUYER))
    with pytest.raises(Refused, match="window is open"):
        market.release(b"one")
    if wrong:
        attestors.check_wrong(b"moved")
        attestors.prove_wrong(b"moved", {})
    else:
        market.now += 3 * DAY + 1
    market.release(b"one")
    assert dict(market.owed()) == ({BUYER: 801} if wrong else {CREATOR: 801})
    with pytest.raises(Refused, match="sale is over"):
        market.release(b"one")


def test_reputation_begins_anew_with_other_data():
    agents = Agents({7: CREATOR, 8: CREATOR})
    agent = agents.register(CREATOR)
    agents.bind(CREATOR, agent, 7)
    agents.say(USER, agent, 5, 0, "")
    agents.say(USER, agent, 25, 1, "")
    agents.say(USER, agent, 9, 0, "speed")
    # 5, 2.5 and 9 with no decimal, which two of the three used.
    assert agents.summary(agent, [USER], "") == (3, Fraction(33, 6), 0)
    agents.bind(CREATOR, agent, 8)
    assert agents.summary(agent, [USER], "")[0] == 0
    agents.carry(CREATOR, agent)
    assert agents.summary(agent, [USER], "speed") == (1, 9, 0)
    with pytest.raises(Refused, match="nothing to carry"):
        agents.carry(CREATOR, agent)
