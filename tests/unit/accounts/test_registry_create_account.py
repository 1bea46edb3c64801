"""AccountRegistry.createAccount: byte for byte what the canonical registry makes."""

from __future__ import annotations

import pytest

from keifu.accounts import Token, account_code, address_of

SALTS = (bytes(32), b"\x01" * 32, bytes(31) + b"\xff")
NUMBERS = (0, 1, 2**256 - 1)


def identity(world, number=1, contract=None, chain_id=None, salt=bytes(32)):
    return (world.implementation.address, salt, chain_id or world.evm.chain_id, contract or world.nft.address, number)


@pytest.mark.parametrize("salt", SALTS, ids=lambda salt: salt.hex()[:6])
@pytest.mark.parametrize("number", NUMBERS, ids=("0", "1", "last"))
def test_address_and_code_are_the_standards(world, salt, number):
    """ACC-1, beside bytes that Python makes; benchmarks/test_canonical_registry.py asks the standard's own."""
    receipt = world.registry.createAccount(*identity(world, number, salt=salt), sender=world.stranger)
    token = Token(world.evm.chain_id, world.nft.address, number)
    wanted = address_of(world.registry.address, world.implementation.address, token, salt)

    assert receipt.value == wanted
    assert world.evm.code(wanted) == account_code(world.implementation.address, token, salt)
    [log] = receipt.events("ERC6551AccountCreated")
    assert log.args == {
        "account": wanted, "implementation": world.implementation.address, "salt": salt,
        "chainId": world.evm.chain_id, "tokenContract": world.nft.address, "tokenId": number,
    }  # fmt: skip


def test_an_account_that_is_there_is_answered(world):
    first = world.registry.createAccount(*identity(world, number := 5), sender=world.owner)
    again = world.registry.createAccount(*identity(world, number), sender=world.stranger)

    assert again.value == first.value
    assert again.events("ERC6551AccountCreated") == []


def test_two_accounts_of_a_token_by_two_salts(world):
    made = {world.registry.createAccount(*identity(world, salt=salt), sender=world.owner).value for salt in SALTS}
    assert len(made) == len(SALTS)
