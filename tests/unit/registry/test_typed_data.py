"""The digests that people sign are those of an independent implementation of EIP-712."""

from __future__ import annotations

import pytest
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from keifu.keys import Account
from keifu.provenance import Kind, Label, Link, Record, RegistryDomain
from tests.wallet_forms import FORMS

from .conftest import sha

REGISTRY = "0x" + "ab" * 20
AUTHOR = "0x" + "cd" * 20
LINK = [{"name": "relation", "type": "uint8"}, {"name": "parent", "type": "bytes32"}]
RECORD = [
    {"name": "author", "type": "address"},
    {"name": "kind", "type": "uint8"},
    {"name": "digest", "type": "bytes32"},
    {"name": "contentRoot", "type": "bytes32"},
    {"name": "programRoot", "type": "bytes32"},
    {"name": "manifest", "type": "bytes32"},
    {"name": "uri", "type": "string"},
    {"name": "licence", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "links", "type": "Link[]"},
]
REGISTER = [
    {"name": "record", "type": "Record"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]


def digest(primary, types, message, salt=None):
    signable = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                    *([{"name": "salt", "type": "bytes32"}] if salt else []),
                ],
                **types,
            },
            "primaryType": primary,
            "domain": {
                "name": "Keifu Provenance",
                "version": "1",
                "chainId": 16661,
                "verifyingContract": REGISTRY,
                **({"salt": salt} if salt else {}),
            },
            "message": message,
        }
    )
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def test_record_and_registration():
    links = (Link(1, sha("a")), Link(2, sha("b")))
    record = Record(AUTHOR, Kind.WEIGHTS, sha("w"), sha("c"), sha("p"), sha("m"), "ipfs://x", "MIT", "1.0", links)
    message = {
        "author": AUTHOR,
        "kind": 4,
        "digest": sha("w"),
        "contentRoot": sha("c"),
        "programRoot": sha("p"),
        "manifest": sha("m"),
        "uri": "ipfs://x",
        "licence": "MIT",
        "version": "1.0",
        "links": [{"relation": 1, "parent": sha("a")}, {"relation": 2, "parent": sha("b")}],
    }
    domain = RegistryDomain(16661, REGISTRY)
    assert domain.record_digest(record) == digest("Record", {"Record": RECORD, "Link": LINK}, message)
    types = {"Register": REGISTER, "Record": RECORD, "Link": LINK}
    expected = digest("Register", types, {"record": message, "nonce": 3, "deadline": 99})
    assert domain.register_digest(record, 3, 99) == expected


LABEL_TYPES = [
    {"name": "labeller", "type": "address"},
    {"name": "dataset", "type": "bytes32"},
    {"name": "index", "type": "uint256"},
    {"name": "sample", "type": "bytes32"},
    {"name": "label", "type": "bytes32"},
]


@pytest.mark.case("tools-9")
def test_a_label_with_the_zero_salt_of_viem():
    """viem takes the salt from `eip712Domain`, where zero stands for none, and signs with it."""
    labeller = Account.from_role("labeller")
    label = Label(labeller.address, sha("data"), 3, sha("sample"), sha("label"))
    message = dict(zip((member["name"] for member in LABEL_TYPES), label.args, strict=True))
    domain = RegistryDomain(16661, REGISTRY)
    for salt, counts in ((None, True), (bytes(32), True), (b"\x01" * 32, False)):
        signature = labeller.sign(digest("Label", {"Label": LABEL_TYPES}, message, salt))
        assert [domain.is_label_signed(label, form(signature)) for form in FORMS] == [counts] * 3
