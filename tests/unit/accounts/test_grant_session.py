"""AgentAccount.grant_session: what may be granted, by whom."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.accounts import APPROVABLE, PAYMENT, Limit, Target, selector

from .conftest import APPROVE, PERIOD, TOKEN_ID, TRANSFER

COIN = ZERO_ADDRESS  # the chain's coin, as a limit
MOVING = (
    "transfer(address,uint256)", "transferFrom(address,address,uint256)",
    "safeTransferFrom(address,address,uint256)", "safeTransferFrom(address,address,uint256,bytes)",
    "transferAndCall(address,uint256)", "transferAndCall(address,uint256,bytes)",
    "approve(address,uint256)", "increaseAllowance(address,uint256)",
)  # fmt: skip
NEVER = (
    "setApprovalForAll(address,bool)", "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    "permit(address,address,uint256,uint256,bytes)",
    "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
    "approve(address,address,uint160,uint48)", "increaseApproval(address,uint256)",
    "approveAndCall(address,uint256)", "approveAndCall(address,uint256,bytes)",
    "safeTransferFrom(address,address,uint256,uint256,bytes)",
    "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
)  # fmt: skip


def test_the_owner_grants(world):
    before = world.account.state()
    grant = world.grant(after=world.evm.now + 5)
    [log] = world.account.grant_session(grant.args, sender=world.owner).events("SessionGranted")

    assert log.args == {
        "key": world.key.address, "number": 1, "valid_after": grant.after, "valid_until": grant.until,
        "uses": 5, "period": PERIOD, "targets": tuple(grant.args[-2]), "limits": tuple(grant.args[-1]),
    }  # fmt: skip
    found = world.account.session(world.key)
    assert tuple(found) == (1, grant.after, grant.until, 5, PERIOD, True)
    assert world.account.allows(world.key, world.token, TRANSFER)
    assert world.account.spent(world.key, world.token) == (0, 100)
    assert world.account.state() == before + 1


@pytest.mark.parametrize("who", ["buyer", "key", "stranger"])
def test_nobody_else_grants(world, refused, who):
    with refused("account: not the owner"):
        world.account.grant_session(world.grant().args, sender=getattr(world, who))


def test_of_a_burned_token_nobody_grants(world, refused):
    world.nft.burn(TOKEN_ID, sender=world.owner)
    with refused("account: not the owner"):
        world.account.grant_session(world.grant().args, sender=world.owner)


def test_a_second_grant_takes_the_place_of_the_first(world, refused):
    """Neither its functions nor what was spent live on."""
    world.give()
    world.account.execute_session(*world.pay(60), sender=world.key)
    world.give(targets=(Target(world.payee.address),))

    assert world.session(world.key).number == 2
    assert world.account.spent(world.key, world.token) == (0, 100)
    with refused("account: call not granted"):
        world.account.execute_session(*world.pay(1), sender=world.key)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": COIN}, "account: no session key"),
        ({"uses": 0}, "account: bad number of uses"),
        ({"uses": 2**32}, "account: bad number of uses"),
        ({"period": 0}, "account: bad period"),
        ({"period": 2**32}, "account: bad period"),
        ({"until": 2**40}, "account: time too large"),
        ({"targets": ()}, "account: session without targets"),
        ({"targets": (Target(COIN),)}, "account: no target"),
        ({"limits": (Limit(COIN, 2**104),)}, "account: limit too large"),
        ({"limits": (Limit(COIN, 1), Limit(COIN, 2))}, "account: two limits of a token"),
        ({"limits": (Limit("0x" + "77" * 20, 1),)}, "account: limit on no token"),
    ],
)
def test_bad_terms(world, refused, changes, reason):
    with refused(reason):
        world.account.grant_session(world.grant(**changes).args, sender=world.owner)


@pytest.mark.parametrize(
    "changes", [{"uses": 2**32 - 1}, {"period": 2**32 - 1}, {"until": 2**40 - 1}, {"uses": 1}, {"period": 1}]
)
def test_the_last_good_terms(world, changes):
    world.give(**changes)
    assert world.session(world.key).alive


def test_a_session_that_never_begins_or_is_over(world, refused):
    now = world.evm.now
    for after, until in ((0, now), (now + 5, now + 5), (now + 6, now + 5)):
        with refused("account: session is over"):
            world.give(after=after, until=until)
    world.give(after=now + 4, until=now + 5)


@pytest.mark.parametrize("function", MOVING)
def test_a_token_that_it_may_move_needs_a_limit(world, refused, function):
    target = (Target.of(world.token.address, function),)
    with refused("account: token without a limit"):
        world.give(targets=target, limits=(Limit(COIN, 1), Limit(world.nft.address, 1)))
    world.give(targets=target, limits=(Limit(COIN, 1), Limit(world.token.address, 1)))


@pytest.mark.parametrize("function", NEVER)
def test_functions_that_no_limit_can_hold(world, refused, function):
    with refused("account: function never granted"):
        world.give(targets=(Target.of(world.token.address, function),))


@pytest.mark.parametrize("mark", [PAYMENT, APPROVABLE, APPROVE, TRANSFER])
def test_the_account_itself_is_never_a_target(world, refused, mark):
    with refused("account: session on itself"):
        world.give(targets=(Target(world.account.address, mark),))


def test_limits_of_four_tokens(world):
    tokens = [COIN, world.token.address, world.nft.address, world.uncounted.address]
    world.give(limits=tuple(Limit(token, 2**104 - 1) for token in tokens))
    assert [world.account.spent(world.key, token) for token in tokens] == [(0, 2**104 - 1)] * 4


def test_during_a_session_call_only_the_owner(world):
    """The key's target comes back into the account: it can grant nothing."""
    world.shop.arm(world.account, world.account.grant_session.encode(world.grant().args), sender=world.key)
    world.give(targets=(Target.of(world.shop.address, "trade(address,uint256,uint256,uint256)"),))
    world.account.execute_session(world.shop, 0, world.shop.trade.encode(world.token, 0, 0, 0), sender=world.key)
    assert not world.shop.got_through()
    assert selector("x()") != PAYMENT
