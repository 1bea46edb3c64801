"""Contracts that say whether they signed (ERC-1271): only the standard's word counts, and nobody is kept waiting."""

from __future__ import annotations

import pytest

from keifu.chain import ChainClient
from keifu.chain.wallets import contract_signed
from keifu.keys import Account

WALLET = Account.from_role("a wallet").address
# What the code at the account does.
CODES = {
    "answers the standard's word": ("631626ba7e60e01b5f5260205ff3", True),
    "answers another word": ("6316ba267e60e01b5f5260205ff3", False),
    "answers the word alone": ("631626ba7e5f526004601cf3", False),
    "answers nothing": ("00", False),
    "refuses": ("5f5ffd", False),
    "never ends": ("5b5f56", False),
    "is no code": ("", False),
}


@pytest.mark.parametrize("what", CODES)
def test_a_contract_says_what_it_signed(client: ChainClient, what: str) -> None:
    code, signed = CODES[what]
    client.rpc.call("anvil_setCode", WALLET, "0x" + code)
    assert contract_signed(client, WALLET, bytes(32), bytes(65)) is signed
