"""The account's views: owner, token, state, holding, session, allows, spent, supportsInterface."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import artifacts
from keifu.accounts import APPROVABLE, selector

from .conftest import TOKEN_ID, TRANSFER


def xor(*signatures):
    value = 0
    for signature in signatures:
        value ^= int.from_bytes(selector(signature), "big")
    return value.to_bytes(4, "big")


ACCOUNT = xor("token()", "state()", "isValidSigner(address,bytes)")
EXECUTABLE = xor("execute(address,uint256,bytes,uint8)")
KNOWN = {
    "ERC-165": xor("supportsInterface(bytes4)"),
    "ERC-6551 account": ACCOUNT,
    "ERC-6551 executable": EXECUTABLE,
    "ERC-1271": xor("isValidSignature(bytes32,bytes)"),
    "ERC-721 receiver": xor("onERC721Received(address,address,uint256,bytes)"),
    "ERC-1155 receiver": xor(
        "onERC1155Received(address,address,uint256,uint256,bytes)",
        "onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)",
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_interfaces_of_the_standards(world, name):
    assert world.account.supportsInterface(KNOWN[name])


@pytest.mark.parametrize("other", [b"\xff" * 4, bytes(4), xor("execute(address)")], ids=bytes.hex)
def test_no_other_interface(world, other):
    assert not world.account.supportsInterface(other)


def test_the_ids_are_the_standards():
    assert (ACCOUNT.hex(), EXECUTABLE.hex()) == ("6faff5f1", "51945447")


def test_the_functions_are_the_standards():
    """ABI of ERC-6551 and ERC-1271, names of arguments aside."""
    abi = {entry["name"]: entry for entry in artifacts.load("AgentAccount").abi if entry["type"] == "function"}
    kinds = lambda name, side: [item["type"] for item in abi[name][side]]  # noqa: E731
    assert kinds("execute", "inputs") == ["address", "uint256", "bytes", "uint8"]
    assert (kinds("execute", "outputs"), abi["execute"]["stateMutability"]) == (["bytes"], "payable")
    assert kinds("token", "outputs") == ["uint256", "address", "uint256"]
    assert kinds("isValidSigner", "outputs") == kinds("isValidSignature", "outputs") == ["bytes4"]


def test_owner_and_token(world):
    assert world.account.owner() == world.owner.address
    assert tuple(world.account.token()) == (world.evm.chain_id, world.nft.address, TOKEN_ID)
    world.sell()
    assert world.account.owner() == world.buyer.address
    world.nft.burn(TOKEN_ID, sender=world.buyer)
    assert world.account.owner() == ZERO_ADDRESS


def test_the_implementation_belongs_to_no_token(world):
    assert tuple(world.implementation.token()) == (0, ZERO_ADDRESS, 0)
    assert world.implementation.owner() == ZERO_ADDRESS
    assert world.implementation.holding() == 0


def test_the_token_is_a_contract_without_owners(world):
    for contract in (world.token.address, world.payee.address):
        args = (world.implementation.address, bytes(32), world.evm.chain_id, contract, 1)
        made = world.registry.createAccount(*args, sender=world.stranger).value
        assert world.evm.at(made, "AgentAccount").owner() == ZERO_ADDRESS


def test_holding_is_for_one_time_of_owning(world):
    found = [world.account.holding()]
    world.sell()
    found.append(world.account.holding())
    world.nft.transferFrom(world.buyer, world.owner, TOKEN_ID, sender=world.buyer)
    found.append(world.account.holding())
    assert len(set(found)) == 3
    world.nft.burn(TOKEN_ID, sender=world.owner)
    assert world.account.holding() == 0


def test_state_grows_with_what_is_done(world):
    """ACC-8: a buyer that saw one state buys nothing else."""
    states = [world.account.state()]
    for act in (
        lambda: world.account.execute(*world.pay(1), 0, sender=world.owner),
        lambda: world.account.execute_batch([world.pay(1)], sender=world.owner),
        world.give,
        lambda: world.account.execute_session(*world.pay(1), sender=world.key),
        lambda: world.account.revoke_session(world.key, sender=world.owner),
    ):
        act()
        states.append(world.account.state())
    assert states == list(range(states[0], states[0] + 6))


def test_no_session(world):
    assert tuple(world.account.session(world.key)) == (0, 0, 0, 0, 0, False)
    assert not world.account.allows(world.key, world.token, TRANSFER)
    assert world.account.spent(world.key, world.token) == (0, 0)


def test_allows_ends_with_the_sale(world):
    world.give()
    assert world.account.allows(world.key, world.token, TRANSFER)
    assert not world.account.allows(world.key, world.token, APPROVABLE)
    assert not world.account.allows(world.second_key, world.token, TRANSFER)
    world.sell()
    assert not world.account.allows(world.key, world.token, TRANSFER)
    assert not world.session(world.key).alive


def test_the_domain_names_the_account(world):
    _, name, version, chain_id, contract, *_ = world.account.eip712Domain()
    assert (name, version, chain_id) == ("Keifu AgentAccount", "1", world.evm.chain_id)
    assert contract == world.account.address
