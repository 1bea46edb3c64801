"""`keifu.payments.channel`: ids, digests and signatures are those of x402's own package, of eth_account and of the
contract."""

from __future__ import annotations

import secrets

import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_typed_data
from x402.mechanisms.evm.batch_settlement import utils
from x402.mechanisms.evm.batch_settlement.constants import (
    BATCH_SETTLEMENT_ADDRESS,
    CLAIM_BATCH_TYPES,
    REFUND_TYPES,
    VOUCHER_TYPES,
)
from x402.mechanisms.evm.batch_settlement.encoding import (
    build_erc3009_collector_data,
    build_erc3009_deposit_nonce,
    build_permit2_collector_data,
)
from x402.mechanisms.evm.batch_settlement.types import ChannelConfig

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import decode_args
from keifu.keys import Account, Domain
from keifu.payments import Channel, Vouchers, sign_authorization, sign_permit2
from keifu.units import COIN, DAY

CHAIN = 8_453
ROLES = ("payer", "authorizer", "receiver", "claimer", "token")


@pytest.fixture
def vouchers():
    """Of the contract that the package knows."""
    return Vouchers(CHAIN, BATCH_SETTLEMENT_ADDRESS)


@pytest.fixture(params=range(4))
def channel(request):
    payer, authorizer, receiver, claimer, token = (Account.from_role(role).address for role in ROLES)
    salt = secrets.token_bytes(32) if request.param else bytes(32)
    delay = (900, DAY, 2_592_000, 901)[request.param]
    zero = ZERO_ADDRESS
    return Channel(payer, authorizer if request.param % 2 else zero, receiver, claimer, token, delay, salt)


def theirs(channel):
    return ChannelConfig(*channel.values[:6], "0x" + channel.salt.hex())


def digest_of(types, message):
    signable = encode_typed_data(utils.get_batch_settlement_eip712_domain(CHAIN), types, message)
    return bytes(EthAccount.sign_message(signable, b"\x01" * 32).message_hash)


def test_ids_are_the_package_s(vouchers, channel):
    assert "0x" + vouchers.channel_id(channel).hex() == utils.compute_channel_id(theirs(channel), CHAIN)


def test_vouchers_are_the_package_s(vouchers, channel):
    channel_id = vouchers.channel_id(channel)
    for most in (0, 1, COIN, 2**128 - 1):
        message = {"channelId": channel_id, "maxClaimableAmount": most}
        assert vouchers.digest(channel_id, most) == digest_of(VOUCHER_TYPES, message)


def test_signatures_are_eth_account_s(vouchers, channel):
    channel_id, account = vouchers.channel_id(channel), Account.from_role("authorizer")
    message = {"channelId": channel_id, "maxClaimableAmount": 7}
    signable = encode_typed_data(utils.get_batch_settlement_eip712_domain(CHAIN), VOUCHER_TYPES, message)
    recovered = EthAccount.recover_message(signable, signature=vouchers.sign(account, channel_id, 7))
    assert recovered.lower() == account.address.lower()


def test_refunds_and_batches_are_the_package_s(vouchers, channel):
    channel_id = vouchers.channel_id(channel)
    refund = {"channelId": channel_id, "nonce": 3, "amount": 9}
    assert vouchers.refund_digest(channel_id, 3, 9) == digest_of(REFUND_TYPES, refund)
    rows = [(channel_id, 10, 9), (bytes(32), 2**128 - 1, 0)]
    names = ("channelId", "maxClaimableAmount", "totalClaimed")
    for claims in (rows, rows[:1]):
        batch = {"claims": [dict(zip(names, row, strict=True)) for row in claims]}
        assert vouchers.claim_digest(claims) == digest_of(CLAIM_BATCH_TYPES, batch)


def test_deposits_are_encoded_as_the_package_does():
    channel_id, payer = b"\x07" * 32, Account.from_role("payer")
    token = Domain("Keifu", "1", CHAIN, "0x" + "11" * 20)
    signed = sign_authorization(
        token, payer.address, "0x" + "22" * 20, channel_id, 5, until=99, salt=3, sign=payer.sign
    )
    signature = decode_args(["uint256", "uint256", "uint256", "bytes"], signed.data)[3]
    assert signed.data == build_erc3009_collector_data("0", "99", "3", "0x" + signature.hex())
    types = {
        "ReceiveWithAuthorization": [
            {"name": "from", "type": "address"}, {"name": "to", "type": "address"},
            {"name": "value", "type": "uint256"}, {"name": "validAfter", "type": "uint256"},
            {"name": "validBefore", "type": "uint256"}, {"name": "nonce", "type": "bytes32"},
        ]
    }  # fmt: skip
    message = {
        "from": payer.address, "to": "0x" + "22" * 20, "value": 5, "validAfter": 0, "validBefore": 99,
        "nonce": bytes.fromhex(build_erc3009_deposit_nonce("0x" + channel_id.hex(), "3")[2:]),
    }  # fmt: skip
    domain = {"name": "Keifu", "version": "1", "chainId": CHAIN, "verifyingContract": "0x" + "11" * 20}
    recovered = EthAccount.recover_message(encode_typed_data(domain, types, message), signature=signature)
    assert recovered.lower() == payer.address.lower()


def test_deposits_by_permit2_are_encoded_as_the_package_does():
    payer = Account.from_role("payer")
    signed = sign_permit2(
        CHAIN, "0x" + "11" * 20, "0x" + "22" * 20, b"\x07" * 32, 5, until=99, nonce=3, sign=payer.sign
    )
    signature = decode_args(["uint256", "uint256", "bytes", "bytes"], signed.data)[2]
    assert signed.data == build_permit2_collector_data("3", "99", "0x" + signature.hex())


def test_the_contract_says_the_same(world, channels):
    own = world.vouchers
    for channel in (world.channel, world.without_authorizer(), world.other(salt=b"\xff" * 32)):
        channel_id = own.channel_id(channel)
        assert bytes(channels.getChannelId(channel.values)) == channel_id
        for amount in (0, 7, 2**128 - 1):
            assert bytes(channels.getVoucherDigest(channel_id, amount)) == own.digest(channel_id, amount)
            refund = own.refund_digest(channel_id, 2**256 - 1, amount)
            assert bytes(channels.getRefundDigest(channel_id, 2**256 - 1, amount)) == refund
    for count in (0, 1, 2, 100):
        items = [world.item(number + 1, most=number + 2) for number in range(count)]
        entries = [(world.id(), item.most, item.total) for item in items]
        assert bytes(channels.getClaimBatchDigest([item.args for item in items])) == own.claim_digest(entries)


def test_the_contract_s_struct_is_the_package_s(world, channels):
    from x402.mechanisms.evm.batch_settlement.abi import BATCH_SETTLEMENT_ABI  # noqa: PLC0415

    ours = {function.signature for function in channels.interface.functions}
    for entry in BATCH_SETTLEMENT_ABI:
        if entry["type"] == "function":
            assert canonical(entry) in ours


def canonical(entry):
    def kind(item):
        if item["type"].startswith("tuple"):
            return f"({','.join(map(kind, item['components']))}){item['type'][5:]}"
        return item["type"]

    return f"{entry['name']}({','.join(map(kind, entry['inputs']))})"
