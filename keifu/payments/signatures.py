"""Signatures of vouchers, checked as fast as the library goes: recovered once for each channel, verified after that.

Verification does not look at v, which the contract does. So before a claim `exact` gives the v of the signer.
"""

from __future__ import annotations

from coincurve import PublicKey
from coincurve.ecdsa import cdata_to_der, deserialize_compact

from keifu.chain import ChainClient
from keifu.chain.wallets import contract_signed
from keifu.keys import keccak256, recover

__all__ = ["exact", "key_behind", "signed_by", "verified"]

SIGNATURE_BYTES, V_OFFSET = 65, 27
_HALF_ORDER = (0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2).to_bytes(32, "big")


def key_behind(signature: bytes, digest: bytes) -> tuple[str, PublicKey] | None:
    """Who signed, as `ecrecover` judges: r, s, v, with a small s; the address in lower case. None for nobody."""
    if not _is_plain(signature):
        return None
    try:
        plain = signature[:64] + bytes([signature[64] - V_OFFSET])
        key = PublicKey.from_signature_and_message(plain, digest, hasher=None)
    except Exception:
        return None
    return "0x" + keccak256(key.format(compressed=False)[1:])[12:].hex(), key


def signed_by(client: ChainClient, account: str, digest: bytes, signature: bytes) -> bool:
    """Whether `account`, in lower case, signed: by its key, or as a contract by its own word (ERC-1271). Raises
    RpcError."""
    found = key_behind(signature, digest)
    return (found is not None and found[0] == account) or contract_signed(client, account, digest, signature)


def verified(key: PublicKey, signature: bytes, digest: bytes) -> bool:
    """Whether the key signed, whatever v says."""
    if not _is_plain(signature):
        return False
    try:
        return bool(key.verify(cdata_to_der(deserialize_compact(signature[:64])), digest, hasher=None))
    except Exception:
        return False


def exact(signature: bytes, digest: bytes, signer: str) -> bytes:
    """A verified signature with the v that leads to its signer."""
    for v in (27, 28):
        candidate = signature[:64] + bytes([v])
        try:
            if recover(digest, candidate) == signer:
                return candidate
        except ValueError:
            continue
    return signature


def _is_plain(signature: bytes) -> bool:
    return len(signature) == SIGNATURE_BYTES and signature[64] in (27, 28) and signature[32:64] <= _HALF_ORDER
