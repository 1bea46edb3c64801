"""Signatures of accounts that are contracts (ERC-1271)."""

from __future__ import annotations

from keifu.abi import encode_args
from keifu.chain._client import ChainClient
from keifu.chain._failure import never_works
from keifu.errors import Revert, RpcError
from keifu.keys import keccak256

__all__ = ["contract_signed"]

GAS = 1_000_000  # that an answer may take: a stranger's contract keeps nobody waiting
_MAGIC = keccak256(b"isValidSignature(bytes32,bytes)")[:4]


def contract_signed(client: ChainClient, account: str, digest: bytes, signature: bytes) -> bool:
    """Whether the contract at `account` takes `signature` for its own over `digest` now. False for an account without
    code, and for one that takes more than `GAS`. Raises RpcError."""
    data = _MAGIC + encode_args(["bytes32", "bytes"], [digest, signature])
    try:
        answer = client.rpc.call("eth_call", {"to": account, "data": "0x" + data.hex(), "gas": hex(GAS)}, "latest")
    except Revert:
        return False
    except RpcError as error:
        if never_works(error):
            return False
        raise
    return str(answer) == "0x" + _MAGIC.hex().ljust(64, "0")
