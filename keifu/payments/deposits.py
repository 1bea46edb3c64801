"""Deposits that a payer signs and anybody brings (x402's collectors): by EIP-3009, or by Permit2.

A deposit is bound to its channel: by the nonce of the transfer, or by the witness of the permit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ethwire.abi import encode_args
from ethwire.eip712 import Domain, StructType
from keifu.abi.eip712 import RECEIVE_WITH_AUTHORIZATION
from keifu.chain.suite import ERC3009_COLLECTOR, PERMIT2, PERMIT2_COLLECTOR
from keifu.keys import keccak256

__all__ = ["COIN_DOMAIN", "DEPOSIT_WITNESS", "PERMIT2_TRANSFER", "SignedDeposit", "sign_authorization", "sign_permit2"]

Sign = Callable[[bytes], bytes]  # a digest, by the payer's key

COIN_DOMAIN = ("Keifu", "1")  # of the suite's coin; other tokens have their own name and version

# Permit2's typed data with x402's witness.
_PERMISSIONS = StructType("TokenPermissions", token="address", amount="uint256")  # noqa: S106 - a type, no password
DEPOSIT_WITNESS = StructType("DepositWitness", channelId="bytes32")
PERMIT2_TRANSFER = StructType(
    "PermitWitnessTransferFrom",
    (_PERMISSIONS, DEPOSIT_WITNESS),
    permitted="TokenPermissions",
    spender="address",
    nonce="uint256",
    deadline="uint256",
    witness="DepositWitness",
)
_DOMAIN_WITHOUT_VERSION = StructType("EIP712Domain", name="string", chainId="uint256", verifyingContract="address")


@dataclass(frozen=True)
class SignedDeposit:
    """An amount, and what the collector of this name needs to bring it."""

    amount: int  # of the token's smallest unit
    collector: str  # name in the suite
    data: bytes


def sign_authorization(
    token: Domain, payer: str, collector: str, channel_id: bytes, amount: int, *, until: int, salt: int, sign: Sign
) -> SignedDeposit:
    """A deposit of a token with EIP-3009, whose domain is `token`, good until a time (unix seconds).

    `collector` is where the suite has it; `salt` any number that was not used for this channel.
    """
    nonce = keccak256(encode_args(["bytes32", "uint256"], [channel_id, salt], "a deposit"))
    signature = sign(token.digest(RECEIVE_WITH_AUTHORIZATION, payer, collector, amount, 0, until, nonce))
    types = ["uint256", "uint256", "uint256", "bytes"]
    return SignedDeposit(amount, ERC3009_COLLECTOR, encode_args(types, [0, until, salt, signature], "a deposit"))


def sign_permit2(
    chain_id: int, token: str, collector: str, channel_id: bytes, amount: int, *, until: int, nonce: int, sign: Sign
) -> SignedDeposit:
    """A deposit of any token that its payer has allowed Permit2 to move. `nonce` is any number not used there."""
    separator = _DOMAIN_WITHOUT_VERSION.hash("Permit2", chain_id, PERMIT2)
    witness = DEPOSIT_WITNESS.hash(channel_id)
    permitted = _PERMISSIONS.hash(token, amount)
    permit = PERMIT2_TRANSFER.hash(permitted, collector, nonce, until, witness)
    signature = sign(keccak256(b"\x19\x01" + separator + permit))
    types = ["uint256", "uint256", "bytes", "bytes"]
    return SignedDeposit(amount, PERMIT2_COLLECTOR, encode_args(types, [nonce, until, signature, b""], "a deposit"))
