"""Signatures of vouchers: what is verified fast is what the contract takes, once v is right."""

from __future__ import annotations

import pytest

from ethwire.keys import Account, recover
from keifu.payments.signatures import exact, key_behind, verified

KEY, OTHER = Account.from_role("payer"), Account.from_role("other")
DIGEST = b"\x07" * 32
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def test_the_signer_is_found_and_then_known() -> None:
    signature = KEY.sign(DIGEST)
    found = key_behind(signature, DIGEST)
    assert found is not None
    assert found[0] == KEY.address
    assert verified(found[1], signature, DIGEST)
    assert not verified(found[1], signature, b"\x08" * 32)
    assert not verified(found[1], OTHER.sign(DIGEST), DIGEST)


def test_a_wrong_v_is_set_right_before_a_claim() -> None:
    signature = KEY.sign(DIGEST)
    wrong = signature[:64] + bytes([55 - signature[64]])
    found = key_behind(signature, DIGEST)
    assert found is not None
    assert verified(found[1], wrong, DIGEST)
    assert exact(wrong, DIGEST, KEY.address) == signature
    assert recover(DIGEST, exact(wrong, DIGEST, KEY.address)) == KEY.address


def _large_s(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


@pytest.mark.parametrize(
    "signature",
    [b"", b"\x00" * 65, b"\xff" * 64 + b"\x1b", KEY.sign(DIGEST)[:64], KEY.sign(DIGEST)[:64] + b"\x00",
     _large_s(KEY.sign(DIGEST))],
    ids=["empty", "zeros", "large", "short", "v of 0", "large s"],
)  # fmt: skip
def test_what_is_no_signature_is_refused_both_ways(signature: bytes) -> None:
    assert key_behind(signature, DIGEST) is None
    found = key_behind(KEY.sign(DIGEST), DIGEST)
    assert found is not None
    assert not verified(found[1], signature, DIGEST)
