"""Accounts from Python: made, used by their owner, by a session within its limits, and by who brings a signature."""

from __future__ import annotations

import json

import pytest

from audit.deployer import EvmDeployer
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.abi import encode_args
from keifu.accounts import Call, Grant, Intent, Limit, Target, Token, account_of, actions
from keifu.accounts.session import selector
from keifu.chain import Deployment
from keifu.errors import InputError, UsageError
from keifu.units import COIN, DAY

TOKEN_ID = 7


@pytest.fixture
def suite(world):
    contracts = {
        "AccountRegistry": world.registry,
        "AgentAccount": world.implementation,
        "IntelligentNFT": world.nft,
        "KeifuToken": world.token,
    }
    return Deployment({name: contract.address for name, contract in contracts.items()})


@pytest.fixture
def act(world):
    """Sends as somebody."""
    return lambda account: EvmDeployer(world.evm, account)


@pytest.fixture
def at(world):
    return world.account.address


@pytest.fixture
def paying(world):
    """A transfer of the suite's coin to the payee."""

    def paying(amount):
        data = selector("transfer(address,uint256)") + encode_args(
            ("address", "uint256"), (world.payee.address, amount)
        )
        return Call(world.token.address, 0, data)

    return paying


@pytest.fixture
def granted(world, act, at):
    """The key may pay three coins a day, ten times."""
    target = Target.of(world.token.address, "transfer(address,uint256)")
    grant = Grant(
        world.key.address, world.evm.now + 30 * DAY, 10, DAY, [target], [Limit(world.token.address, 3 * COIN)]
    )
    actions.grant(act(world.owner), at, grant)
    return grant


def test_an_account_is_where_everybody_computes_it(world, act, suite):
    number = TOKEN_ID + 1
    world.nft.mint(world.owner, number, sender=world.owner)
    token = Token(world.evm.chain_id, world.nft.address, number)
    expected = account_of(suite, world.evm.chain_id, number)
    assert actions.create(act(world.stranger), suite, token) == expected
    assert actions.create(act(world.stranger), suite, token) == expected  # again: nothing happens
    found = actions.read_account(world.evm.at(expected, "AgentAccount"))
    assert (found.owner, found.token.number, found.state) == (world.owner.address, number, 0)
    assert json.loads(json.dumps(found.data()))["token"]["number"] == f"{number:064x}"
    other = account_of(suite, world.evm.chain_id, number, registry="0x" + "11" * 20)
    assert other != expected


def test_the_owner_executes_one_call_or_a_batch(world, act, at, paying):
    owner = act(world.owner)
    actions.execute(owner, at, [paying(COIN)])
    actions.execute(owner, at, [paying(COIN), Call(world.payee.address, 5)])
    assert world.token.balanceOf(world.payee) == 2 * COIN
    with reverts("account: not the owner"):
        actions.execute(act(world.stranger), at, [paying(COIN)])


@pytest.mark.parametrize(("calls", "message"), [(0, "0 calls"), (17, "17 calls")])
def test_what_no_account_takes_is_refused_before_it_is_sent(world, act, at, paying, calls, message):
    with pytest.raises(UsageError, match=message):
        actions.execute(act(world.owner), at, [paying(1)] * calls)
    with pytest.raises(UsageError, match="a call of 4,097 bytes"):
        actions.execute(act(world.owner), at, [Call(world.payee.address, 0, bytes(4_097))])


def test_a_session_pays_within_its_limits_until_it_is_revoked(world, act, at, paying, granted):
    key = act(world.key)
    actions.run_session(key, at, paying(2 * COIN))
    with reverts("account: over the limit"):
        actions.run_session(key, at, paying(2 * COIN))
    left = actions.read_session(world.account, world.key.address)
    assert (left.uses, left.alive, left.valid_until) == (9, True, granted.until)
    actions.revoke(act(world.owner), at, world.key.address)
    assert not actions.read_session(world.account, world.key.address).alive
    with reverts("account: no session"):
        actions.run_session(key, at, paying(1))


def test_a_sale_of_the_token_ends_sessions_and_signatures(world, act, at, paying, granted):
    intent = actions.sign_batch(act(world.owner), world.evm.chain_id, at, [paying(1)], 2**40, world.owner.sign)
    world.nft.transferFrom(world.owner, world.buyer, TOKEN_ID, sender=world.owner)
    assert not actions.read_session(world.account, world.key.address).alive
    with reverts("account: bad signature"):
        actions.relay(act(world.relayer), world.evm.chain_id, intent)


def test_whoever_brings_an_intent_changes_nothing_of_it(world, act, at, paying, tmp_path):
    intent = actions.sign_batch(
        act(world.owner), world.evm.chain_id, at, [paying(COIN), paying(COIN)], world.evm.now + DAY, world.owner.sign
    )
    intent.save(tmp_path / "intent.json")
    read = Intent.load(tmp_path / "intent.json")
    assert read == intent
    read.calls = read.calls[:1]
    with reverts("account: bad signature"):
        actions.relay(act(world.relayer), world.evm.chain_id, read)
    actions.relay(act(world.relayer), world.evm.chain_id, intent)
    assert world.token.balanceOf(world.payee) == 2 * COIN
    with reverts("account: nonce used"):
        actions.relay(act(world.relayer), world.evm.chain_id, intent)


def test_a_session_s_call_is_relayed_once(world, act, at, paying, granted):
    sent = (world.evm.chain_id, at, paying(COIN), world.evm.now + DAY, world.key.sign)
    intent = actions.sign_session(act(world.key), *sent)
    actions.relay(act(world.relayer), world.evm.chain_id, intent)
    assert world.token.balanceOf(world.payee) == COIN
    with reverts("account: nonce used"):
        actions.relay(act(world.relayer), world.evm.chain_id, intent)


def test_what_was_signed_can_be_taken_back(world, act, at, paying):
    owner = act(world.owner)
    intent = actions.sign_batch(owner, world.evm.chain_id, at, [paying(1)], 2**40, world.owner.sign)
    assert actions.cancel(owner, at) == 1
    with reverts("account: nonce used"):
        actions.relay(act(world.relayer), world.evm.chain_id, intent)


def test_an_intent_expires(world, act, at, paying):
    sent = (world.evm.chain_id, at, [paying(1)], world.evm.now + 10, world.owner.sign)
    intent = actions.sign_batch(act(world.owner), *sent)
    world.evm.warp(11)
    with reverts("account: intent expired"):
        actions.relay(act(world.relayer), world.evm.chain_id, intent)


def test_signing_for_somebody_else_or_another_chain_is_refused(world, act, at, paying):
    sent = (world.evm.chain_id, at, [paying(1)], 2**40, world.stranger.sign)
    with pytest.raises(UsageError, match="owns the token, not"):
        actions.sign_batch(act(world.stranger), *sent)
    with pytest.raises(UsageError, match="has no session of"):
        actions.sign_session(act(world.stranger), world.evm.chain_id, at, paying(1), 2**40, world.stranger.sign)
    intent = actions.sign_batch(act(world.owner), world.evm.chain_id, at, [paying(1)], 2**40, world.owner.sign)
    with pytest.raises(UsageError, match=r"the intent is for chain \d+, this is 5"):
        actions.relay(act(world.relayer), 5, intent)


@pytest.mark.parametrize("content", ["{}", "[", '{"chain_id": "x"}'])
def test_a_file_that_is_no_intent_is_refused(tmp_path, content):
    (tmp_path / "intent.json").write_text(content)
    with pytest.raises(InputError, match=r"intent\.json is no intent"):
        Intent.load(tmp_path / "intent.json")


def test_the_zero_address_is_the_chain_s_coin(world, act, at):
    grant = Grant(
        world.key.address,
        world.evm.now + DAY,
        2,
        DAY,
        [Target(world.payee.address)],
        [Limit(ZERO_ADDRESS, 10)],
    )
    actions.grant(act(world.owner), at, grant)
    actions.run_session(act(world.key), at, Call(world.payee.address, 10))
    with reverts("account: over the limit"):
        actions.run_session(act(world.key), at, Call(world.payee.address, 1))
