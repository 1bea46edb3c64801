"""Accounts and EIP-712 digests equal those of eth-account, the reference of the Python ecosystem."""

from __future__ import annotations

import contextlib

import pytest
from eth_account import Account as ReferenceAccount
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from keifu.chain import Fees, sign_transaction
from keifu.errors import InputError
from keifu.keys import Account, Domain, StructType, canonical, checksum, recover
from tests.wallet_forms import FORMS, high_s

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # an example of EIP-55

keys = st.integers(1, 2**255).map(lambda number: number.to_bytes(32, "big"))
digests = st.binary(min_size=32, max_size=32)


@given(keys)
def test_address_equals_the_reference(key):
    assert checksum(Account(key).address) == ReferenceAccount.from_key(key).address


@given(keys, digests)
def test_a_signature_recovers_to_its_signer(key, digest):
    account = Account(key)
    assert recover(digest, account.sign(digest)) == account.address


@pytest.mark.case("tools-9")
@given(keys, digests, st.sampled_from(FORMS))
def test_every_form_of_a_wallet_recovers_to_its_signer(key, digest, form):
    account = Account(key)
    signature = account.sign(digest)
    assert canonical(form(signature)) == signature
    assert recover(digest, form(signature)) == account.address
    with contextlib.suppress(ValueError):  # cut to 255 bits, a large s is another one
        assert recover(digest, form(high_s(signature))) != account.address


def test_a_large_s_is_refused():
    with pytest.raises(ValueError, match="s is large"):
        canonical(high_s(Account.from_role("signer").sign(bytes(32))))


@pytest.mark.parametrize("length", [0, 63, 66])
def test_a_signature_of_another_length_is_none(length):
    with pytest.raises(ValueError, match="64 bytes, or 65"):
        canonical(bytes(length))


@pytest.mark.parametrize("v", [2, 26, 29, 255])
def test_a_v_that_is_none_is_refused(v):
    with pytest.raises(ValueError, match="27, 28, 0 or 1"):
        canonical(Account.from_role("signer").sign(bytes(32))[:64] + bytes([v]))


@given(keys, digests, st.integers(0, 64), st.integers(1, 255))
def test_a_changed_signature_recovers_to_nobody_or_somebody_else(key, digest, position, flip):
    account = Account(key)
    signature = bytearray(account.sign(digest))
    signature[position] ^= flip
    with contextlib.suppress(ValueError):
        assert recover(digest, bytes(signature)) != account.address


MAIL = StructType("Mail", sender="address", text="string", amounts="uint256[]", payload="bytes", id="bytes32")


@given(st.text(max_size=40), st.lists(st.integers(0, 2**256 - 1), max_size=4), st.binary(max_size=40), digests)
def test_typed_digest_equals_the_reference(text, amounts, payload, identifier):
    account = Account.from_role("signer")
    domain = Domain("Keifu", "1", 16_661, ADDRESS)
    reference = encode_typed_data(
        {"name": "Keifu", "version": "1", "chainId": 16_661, "verifyingContract": ADDRESS},
        {
            "Mail": [
                {"name": "sender", "type": "address"},
                {"name": "text", "type": "string"},
                {"name": "amounts", "type": "uint256[]"},
                {"name": "payload", "type": "bytes"},
                {"name": "id", "type": "bytes32"},
            ]
        },
        {"sender": ADDRESS, "text": text, "amounts": amounts, "payload": payload, "id": identifier},
    )
    ours = domain.sign(account, MAIL, ADDRESS, text, amounts, payload, identifier)
    assert ours == ReferenceAccount.from_key(account.secret()).sign_message(reference).signature


def test_nested_struct_encodes_its_references():
    item = StructType("Item", price="uint256")
    order = StructType("Order", references=(item,), item="Item", items="Item[]")
    assert order.encoding == "Order(Item item,Item[] items)Item(uint256 price)"
    assert order.hash(item.hash(1), [item.hash(2), item.hash(3)]) != order.hash(item.hash(1), [item.hash(2)])


@given(st.integers(0, 2**64 - 2), st.binary(max_size=100), st.booleans())
def test_transaction_equals_the_reference(nonce, data, creates):
    account = Account.from_role("signer")
    raw, tx_hash = sign_transaction(
        account,
        chain_id=1,
        nonce=nonce,
        fees=Fees(10**10, 10**9),
        gas=50_000,
        to=None if creates else ADDRESS.lower(),
        value=3,
        data=data,
    )
    reference = ReferenceAccount.from_key(account.secret()).sign_transaction(
        {
            "type": 2,
            "chainId": 1,
            "nonce": nonce,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 10**9,
            "gas": 50_000,
            "value": 3,
            "data": data,
            **({} if creates else {"to": ADDRESS}),
        }
    )
    assert (raw, tx_hash) == (bytes(reference.raw_transaction), bytes(reference.hash))


@pytest.mark.parametrize("key", [b"", b"\0" * 32, b"\xff" * 32, b"\1" * 31])
def test_a_bad_key_is_refused(key):
    with pytest.raises(InputError, match="not a secp256k1 private key"):
        Account(key)


@pytest.mark.parametrize("text", ["", "0x", "0x12", "0x" + "g" * 40, "0x" + "1" * 41])
def test_a_bad_address_is_refused(text):
    with pytest.raises(InputError, match="is not an address"):
        checksum(text)


def test_checksum_of_the_standards_example():
    assert checksum(ADDRESS.lower()) == ADDRESS


def test_a_key_never_shows():
    account = Account.from_role("signer")
    assert account.secret().hex() not in repr(account) + str(account) + str(vars(account))
