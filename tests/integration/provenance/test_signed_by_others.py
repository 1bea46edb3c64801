"""What an account of several people signs (ERC-1271), or anybody without gas, is taken from a file by the commands."""

from __future__ import annotations

import itertools
import json

import pytest
from eth_account.messages import encode_typed_data

from keifu.keys import Account, keccak256
from keifu.provenance.registry import schema_id

PEOPLE = sorted(
    (Account.from_role(f"person {number}") for number in range(3)), key=lambda person: person.address.lower()
)
LATER = "2090-01-01"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def shared(source, anvil):
    """An account of three people, two of whom have to sign."""
    people = [person.address for person in PEOPLE]
    account = source.chain.deploy("SharedWallet", people, 2, sender=anvil.account("deployer"))
    source.chain.forget_nonces()
    return account.address


@pytest.fixture
def model(tmp_path, anvil):
    anvil.account("payer")
    path = tmp_path / "model"
    path.write_text(f"model {next(NUMBERS)}")
    return path


def signed(path, *people):
    """What these people sign of the typed data in a file, in the order of their addresses; digest and signature."""
    signable = encode_typed_data(full_message=json.loads(path.read_text()))
    digest = keccak256(b"\x19" + signable.version + signable.header + signable.body)
    return digest, b"".join(person.sign(digest) for person in people)


def words(model, shared, *more):
    return (
        "prov", "register", model, "--kind", "model", "--for", shared, "--deadline", LATER, "--role", "payer", *more,
    )  # fmt: skip


def test_several_people_register_and_attest_together(keifu, shared, model, tmp_path, source):
    data, signature = tmp_path / "sign.json", tmp_path / "signature"
    status, out, err = keifu(*words(model, shared, "--typed-data", data))
    assert status == 0, err
    digest, both = signed(data, *PEOPLE[:2])
    assert out.strip() == f"to be signed: 0x{digest.hex()}"
    assert source.registry.nonces(shared) == 0
    signature.write_text(f"0x{both.hex()}\n")
    status, out, err = keifu(*words(model, shared, "--signature", signature))
    assert status == 0, err
    record = out.strip()
    assert source.author_of(bytes.fromhex(record)) == shared.lower()
    assert keifu("prov", "verify", record, "--path", model, "--author", shared)[0] == 0
    assert "invalid signature" in keifu(*words(model, shared, "--signature", signature))[2]  # its nonce is used

    attest = ("prov", "attest", record, "--schema", "reviewed", "--for", shared, "--deadline", LATER, "--role", "payer")
    assert keifu(*attest, "--typed-data", data)[0] == 0
    signature.write_text(signed(data, *PEOPLE[1:])[1].hex())
    status, out, err = keifu(*attest, "--signature", signature)
    assert status == 0, err
    assert source.registry.is_standing(shared, schema_id("reviewed"), bytes.fromhex(record), 0)


WITH_A_STRANGER = sorted([PEOPLE[0], Account.from_role("stranger")], key=lambda person: person.address.lower())


@pytest.mark.parametrize(
    "people", [PEOPLE[:1], PEOPLE, PEOPLE[1::-1], [PEOPLE[0]] * 2, WITH_A_STRANGER],
    ids=["one", "three", "descending", "one twice", "a stranger"],
)  # fmt: skip
def test_too_few_the_wrong_ones_or_another_order_are_refused(keifu, shared, model, tmp_path, people):
    data, signature = tmp_path / "sign.json", tmp_path / "signature"
    assert keifu(*words(model, shared, "--typed-data", data))[0] == 0
    signature.write_text(signed(data, *people)[1].hex())
    status, _, err = keifu(*words(model, shared, "--signature", signature))
    assert (status, "registry: invalid signature" in err) == (1, True)


def test_somebody_without_gas_signs_with_a_key(keifu, model, tmp_path, source):
    person, data, signature = PEOPLE[0], tmp_path / "sign.json", tmp_path / "signature"
    assert keifu(*words(model, person.address, "--typed-data", data, "--version", "2"))[0] == 0
    signature.write_text(signed(data, person)[1].hex())
    status, _, err = keifu(*words(model, person.address, "--signature", signature))
    assert (status, "registry: invalid signature" in err) == (1, True)  # of another version than was signed
    status, out, err = keifu(*words(model, person.address, "--signature", signature, "--version", "2"))
    assert status == 0, err
    assert source.author_of(bytes.fromhex(out.strip())) == person.address.lower()


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "has 0 bytes"), ("0x", "has 0 bytes"), ("zz", "is no signature in hex"), ("ab" * 1_301, "has 1,301 bytes"),
     ("ab" * 20_000, "is too large for a signature")],
)  # fmt: skip
def test_what_is_no_signature_is_named_and_nothing_is_sent(keifu, shared, model, tmp_path, text, said, anvil):
    signature, before = tmp_path / "signature", anvil.rpc.call("eth_blockNumber")
    signature.write_text(text)
    status, _, err = keifu(*words(model, shared, "--signature", signature))
    assert (status, said in err) == (2, True), err
    assert anvil.rpc.call("eth_blockNumber") == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--signature", "{file}"), "whose signature is it?"),
        (("--deadline", LATER), "whose signature is it?"),
        (("--for", "{account}"), "somebody else says it"),
        (("--for", "{account}", "--signature", "{file}"), "until when does the signature count?"),
        (("--for", "{account}", "--signature", "{file}", "--typed-data", "{file}"), "somebody else says it"),
    ],
)
def test_options_that_do_not_fit_are_named(keifu, model, more, said):
    given = [word.format(file=model, account="0x" + "11" * 20) for word in more]
    status, _, err = keifu("prov", "register", model, "--kind", "model", "--role", "payer", *given)
    assert (status, said in err) == (2, True), err
