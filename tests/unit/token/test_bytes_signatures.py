"""The calls of EIP-3009 and EIP-2612 that take a signature as bytes, as USDC 2.2 has them, and every form of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from evmstorm.evm import LocalEvm
from keifu.abi import Contract, encode_args
from keifu.abi.eip712 import CANCEL_AUTHORIZATION, PERMIT, RECEIVE_WITH_AUTHORIZATION, TRANSFER_WITH_AUTHORIZATION
from keifu.errors import Revert
from keifu.keys import Account, Domain, StructType, canonical, keccak256
from tests.wallet_forms import FORMS, as_it_is, compact, high_s, low_v

NONCE = b"\x07" * 32
MANY = 2**256 - 1
LONGEST = 1_300  # bytes of a signature, `signatures.MAX_SIGNATURE`

# The calls by the types of their arguments: their selectors are fixed by USDC.
AUTHORIZATION = ("address", "address", "uint256", "uint256", "uint256", "bytes32", "bytes")
CALLS = {
    "transferWithAuthorization": AUTHORIZATION,
    "receiveWithAuthorization": AUTHORIZATION,
    "cancelAuthorization": ("address", "bytes32", "bytes"),
    "permit": ("address", "address", "uint256", "uint256", "bytes"),
}


def selector(name: str) -> bytes:
    return keccak256(f"{name}({','.join(CALLS[name])})".encode())[:4]


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "high s": high_s,
    "high s, v of 0 or 1": lambda signature: low_v(high_s(signature)),
    "high s, compact": lambda signature: compact(high_s(signature)),
    "other parity": lambda signature: signature[:64] + bytes([55 - signature[64]]),
    "other parity, compact": lambda signature: compact(signature[:64] + bytes([55 - signature[64]])),
    "v of 2": lambda signature: signature[:64] + b"\x02",
    "v of 29": lambda signature: signature[:64] + b"\x1d",
    "no signature": lambda signature: b"",
    "63 bytes": lambda signature: signature[:63],
    "66 bytes": lambda signature: signature + b"\x00",
}


class Scene(NamedTuple):
    evm: LocalEvm
    token: Contract
    signer: Account
    wallet: Contract
    receiver: Account
    relayer: Account
    domain: Domain

    def terms(self, owner: Any) -> list[Any]:
        """from, to, value, validAfter, validBefore, nonce"""
        return [owner.address, self.receiver.address, 400, self.evm.now - 1, self.evm.now + 1_000, NONCE]

    def message(self, name: str, owner: Any) -> tuple[StructType, list[Any], list[Any]]:
        """What is signed for the call `name`: the type and its members, then the arguments before the signature."""
        if name == "cancelAuthorization":
            return CANCEL_AUTHORIZATION, [owner.address, NONCE], [owner.address, NONCE]
        if name == "permit":
            call = [owner.address, self.receiver.address, 400, self.evm.now]
            return PERMIT, [*call[:3], self.token.nonces(owner), self.evm.now], call
        terms = self.terms(owner)
        return (
            TRANSFER_WITH_AUTHORIZATION if name == "transferWithAuthorization" else RECEIVE_WITH_AUTHORIZATION,
            terms,
            terms,
        )

    def signed(self, name: str, owner: Any, *, salted: bool = False) -> tuple[list[Any], bytes]:
        """Arguments of the call `name` before the signature, and the signature of the key of `owner`."""
        struct, members, call = self.message(name, owner)
        digest = self.domain.salted_digest if salted else self.domain.digest
        return call, self.signer.sign(digest(struct, *members))

    def happened(self, name: str, owner: Any) -> bool:
        """Whether the call `name` has done what it is for."""
        if name == "permit":
            return self.token.allowance(owner, self.receiver) == 400
        moved = self.token.balanceOf(self.receiver) == (0 if name == "cancelAuthorization" else 400)
        return moved and self.token.authorizationState(owner, NONCE)


@contextmanager
def refused(reason: str) -> Iterator[None]:
    with pytest.raises(Revert) as caught:
        yield
    assert caught.value.reason == reason


@pytest.fixture(scope="module")
def deployed():
    evm = LocalEvm()
    holder, signer = evm.account("holder"), evm.account("signer")
    token = evm.deploy("KeifuToken", holder, sender=holder)
    wallet = evm.deploy("ContractWallet", signer.address, sender=holder)
    for account in (signer, wallet):
        token.transfer(account, 1_000, sender=holder)
    domain = Domain("Keifu", "1", evm.chain_id, token)
    return Scene(evm, token, signer, wallet, evm.account("receiver"), evm.account("relayer"), domain)


@pytest.fixture
def scene(deployed):
    with deployed.evm.anchor():
        yield deployed


@pytest.fixture(params=["key", "contract wallet"])
def owner(scene, request):
    return scene.signer if request.param == "key" else scene.wallet


def sender_of(scene: Scene, name: str) -> Account:
    return scene.receiver if name == "receiveWithAuthorization" else scene.relayer


@pytest.mark.case("tools-9")
@pytest.mark.parametrize("name", CALLS)
def test_tok_6_a_signature_is_taken_as_bytes_and_once(scene, owner, name):
    call, signature = scene.signed(name, owner)
    logs = getattr(scene.token, name)(*call, signature, sender=sender_of(scene, name)).logs
    assert scene.happened(name, owner)
    assert [log.event for log in logs] == {
        "cancelAuthorization": ["AuthorizationCanceled"],
        "permit": ["Approval"],
    }.get(name, ["AuthorizationUsed", "Transfer"])
    reason = "token: invalid signature" if name == "permit" else "token: authorization used or cancelled"
    with refused(reason):
        getattr(scene.token, name)(*call, signature, sender=sender_of(scene, name))


@pytest.mark.case("tools-9")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CALLS)
def test_a_key_may_sign_in_any_form_of_a_wallet(scene, name, form):
    call, signature = scene.signed(name, scene.signer)
    getattr(scene.token, name)(*call, form(signature), sender=sender_of(scene, name))
    assert scene.happened(name, scene.signer)


@pytest.mark.case("tools-9")
@pytest.mark.parametrize("form", FORMS[:2])
@pytest.mark.parametrize("name", CALLS)
def test_v_of_0_and_1_count_where_a_signature_is_three_values(scene, name, form):
    call, signature = scene.signed(name, scene.signer)
    signature = form(signature)
    getattr(scene.token, name)(*call, signature[64], signature[:32], signature[32:64], sender=sender_of(scene, name))
    assert scene.happened(name, scene.signer)


@pytest.mark.case("tools-9")
@pytest.mark.parametrize("form", FORMS)
def test_a_zero_salt_in_the_domain_counts(scene, owner, form):
    if owner == scene.wallet:
        form = as_it_is  # it reads no other
    call, signature = scene.signed("transferWithAuthorization", owner, salted=True)
    scene.token.transferWithAuthorization(*call, form(signature), sender=scene.relayer)
    assert scene.happened("transferWithAuthorization", owner)


def test_any_other_salt_is_refused(scene, owner):
    struct, members, call = scene.message("transferWithAuthorization", owner)
    salt = b"\x00" * 31 + b"\x01"
    separator = Domain.SALTED_TYPE.hash("Keifu", "1", scene.evm.chain_id, scene.token.address, salt)
    signature = scene.signer.sign(keccak256(b"\x19\x01" + separator + struct.hash(*members)))
    with refused("token: invalid signature"):
        scene.token.transferWithAuthorization(*call, signature, sender=scene.relayer)


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("name", CALLS)
def test_a_spoilt_signature_is_refused(scene, name, spoilt):
    call, signature = scene.signed(name, scene.signer)
    with refused("token: invalid signature"):
        getattr(scene.token, name)(*call, SPOILT[spoilt](signature), sender=sender_of(scene, name))


@pytest.mark.parametrize("length", [0, 1, 64, 65, 66, LONGEST])
def test_a_contract_is_asked_about_the_bytes_as_they_came(scene, length):
    signature = (bytes(range(256)) * 6)[:length]
    exact = scene.evm.deploy("ExactSigner", sender=scene.relayer)
    struct, members, call = scene.message("transferWithAuthorization", exact)
    question = encode_args(["bytes32", "bytes"], [scene.domain.digest(struct, *members), signature])
    exact.expect(keccak256(question), sender=scene.relayer)
    scene.token.transfer(exact, 400, sender=scene.signer)
    scene.token.transferWithAuthorization(*call, signature, sender=scene.relayer)
    assert scene.happened("transferWithAuthorization", exact)


def test_only_the_receiver_brings_a_receive_authorization(scene, owner):
    call, signature = scene.signed("receiveWithAuthorization", owner)
    with refused("token: caller is not the receiver"):
        scene.token.receiveWithAuthorization(*call, signature, sender=scene.relayer)


@pytest.mark.parametrize(
    "data", [b"", b"\x00", selector("permit")[:3], b"\x00" * 4, b"\xff" * 4, keccak256(b"nothing()")[:4] + bytes(400)]
)
def test_any_other_call_is_refused(scene, data):
    with refused("token: no such function"):
        scene.evm.send(scene.relayer, scene.token, data)


@pytest.mark.parametrize("name", [*CALLS, ""])
def test_coins_of_the_chain_are_refused(scene, name):
    data = b""
    if name:
        call, signature = scene.signed(name, scene.signer)
        data = selector(name) + encode_args(CALLS[name], [*call, signature])
    with refused("token: takes no ether"):
        scene.evm.send(sender_of(scene, name), scene.token, data, value=1)


def test_what_a_wallet_appends_behind_the_arguments_is_ignored(scene):
    call, signature = scene.signed("cancelAuthorization", scene.signer)
    data = selector("cancelAuthorization") + encode_args(CALLS["cancelAuthorization"], [*call, signature])
    scene.evm.send(scene.relayer, scene.token, data + bytes(range(200)) * 20)
    assert scene.happened("cancelAuthorization", scene.signer)


# One word put in the place of another, and lengths of the whole, are what malformed calls are made of.
LENGTHS = (0, 1, 31, 32, 33, 64, 65, 0x60, 0x80, 0xA0, 0xC0, 0xE0, 0x100, LONGEST, LONGEST + 1, 1_312)
LARGE = (2**16, 2**64, 2**160, 2**255, MANY, MANY - 31, 2**256 - 0xE0, 2**256 - 0x100)
WORDS = st.sampled_from(LENGTHS + LARGE) | st.integers(0, MANY)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("word"), st.integers(0, 12), WORDS),
        st.tuples(st.just("cut"), st.integers(0, 400), st.just(0)),
        st.tuples(st.just("append"), st.integers(0, 1_600), st.integers(0, 255)),
        st.tuples(st.just("dirty"), st.integers(0, 12), st.integers(0, 11)),
        st.tuples(st.just("insert"), st.integers(0, 12), WORDS),
    ),
    min_size=0,
    max_size=3,
)


def changed(arguments: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    for kind, place, value in changes:
        if kind == "word":
            arguments = arguments[: 32 * place] + value.to_bytes(32, "big") + arguments[32 * place + 32 :]
        elif kind == "insert":
            arguments = arguments[: 32 * place] + value.to_bytes(32, "big") + arguments[32 * place :]
        elif kind == "cut":
            arguments = arguments[: max(0, len(arguments) - place)]
        elif kind == "append":
            arguments += bytes([value]) * place
        elif 32 * place + value < len(arguments):
            at = 32 * place + value
            arguments = arguments[:at] + bytes([arguments[at] ^ 1]) + arguments[at + 1 :]
    return arguments


@pytest.mark.case("tools-9")
@given(st.sampled_from(list(CALLS)), st.sampled_from(FORMS), CHANGES)
def test_tok_6_no_malformed_call_counts(deployed, name, form, changes):
    """What is accepted, the reference decoder reads as exactly the call that was signed."""
    scene = deployed
    with scene.evm.anchor():
        call, signature = scene.signed(name, scene.signer)
        signature = form(signature)
        whole = encode(CALLS[name], [*call, signature])
        data = changed(whole, changes)
        try:
            scene.evm.send(sender_of(scene, name), scene.token, selector(name) + data)
        except Revert:
            assert data != whole
            return
        assert scene.happened(name, scene.signer)
        try:
            *read, read_signature = decode(CALLS[name], data, strict=False)
        except DecodingError as error:
            raise AssertionError(f"accepted, though the reference decoder refuses it: {error}") from error
        assert (read, canonical(read_signature)) == (call, canonical(signature))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("missing", [1, 31, 32, 33, 64, 96, 97, 128])
def test_a_call_cut_short_is_refused(scene, name, missing):
    """The padding of the signature may be missing, as no decoder needs it; nothing else."""
    call, signature = scene.signed(name, scene.signer)
    data = encode(CALLS[name], [*call, signature])
    padding = -len(signature) % 32
    sent = selector(name) + data[: len(data) - missing]
    if missing <= padding:
        scene.evm.send(sender_of(scene, name), scene.token, sent)
        assert scene.happened(name, scene.signer)
    else:
        with pytest.raises(Revert):
            scene.evm.send(sender_of(scene, name), scene.token, sent)


@pytest.mark.parametrize("name", CALLS)
def test_a_dirty_address_is_refused(scene, name):
    call, signature = scene.signed(name, scene.signer)
    data = bytearray(encode(CALLS[name], [*call, signature]))
    for place, kind in enumerate(CALLS[name]):
        if kind != "address":
            continue
        for byte in range(12):
            dirty = bytearray(data)
            dirty[32 * place + byte] = 1
            with pytest.raises(Revert):
                scene.evm.send(sender_of(scene, name), scene.token, selector(name) + bytes(dirty))
