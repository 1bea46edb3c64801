"""What an attestor signs, what it refuses, and what it has forgotten afterwards."""

from __future__ import annotations

import secrets

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keifu.errors import EnvironmentFault, InputError
from keifu.inft.asking import ask
from keifu.inft.folder import DataFolder, DataItem, write_items
from keifu.inft.pieces import PIECE_BYTES
from keifu.inft.requests import Asked
from keifu.inft.seals import encrypt, open_seal
from keifu.inft.statements import Move
from keifu.inft.transfer import accept, receive
from keifu.keys import Account, keccak256
from keifu.units import DAY
from tests.unit.node.attesting import BUYER, KEY, MOVE, NAMES, PLAIN, Bench


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_three_sign_one_statement_and_the_buyer_reads_what_the_owner_had(bench, tmp_path):
    request = bench.request()
    answers = bench.all(request)
    transfer = request.transfer(answers[0].items)
    assert {answer.digest for answer in answers} == {transfer.statement_digest.hex()}
    transfer.signatures = {answer.attestor: answer.signature for answer in answers}
    accept(transfer, BUYER.address, BUYER.sign)
    assert len(transfer.proofs(3)) == 2
    write_items(tmp_path, (bench.store.get(item.address) for item in transfer.items))
    folder = receive(transfer, tmp_path, KEY)
    assert [folder.plain(tmp_path, number) for number in (0, 1)] == list(PLAIN)


def test_items_of_every_length_are_encrypted_anew_whole(tmp_path):
    """Opened at once by another call of the cipher, and hashed at once."""
    lengths = (0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 5)
    plain = [secrets.token_bytes(length) for length in lengths]
    bench = Bench(tmp_path, plain=plain)
    answers = bench.all(bench.request())
    assert len({answer.digest for answer in answers}) == 1
    for item, whole in zip(answers[0].items, plain, strict=True):
        data = bench.store.get(item.address)
        key = open_seal(bytes.fromhex(item.sealed_key), KEY, bytes.fromhex(item.new_hash))
        assert (keccak256(data).hex(), keccak256(key).hex()) == (item.new_hash, item.key_hash)
        assert AESGCM(key).decrypt(data[:12], data[12:], None) == whole


def test_the_owner_s_keys_open_nothing_that_is_new(bench):
    request = bench.request()
    for item, old in zip(bench.all(request)[0].items, bench.data.items, strict=True):
        assert (item.new_hash, item.key_hash) != (old.data_hash, request.items[0].key_hash)
        assert bench.store.get(item.address) != bench.store.get(bench.addresses[0])


def test_who_asks_again_gets_the_same_answer(bench):
    request = bench.request()
    assert bench.all(request) == bench.all(request)


def test_a_second_statement_for_one_request_is_refused_whoever_leads(bench):
    """ATT-1."""
    request = bench.request()
    first, second, _ = bench.all(request)
    other = msgspec.structs.replace(first, digest="11" * 32)
    assert bench.refusal(bench.asked(request, "second", other), "second") == "answered"
    assert bench.desk("second").attest(bench.asked(request, "second")) == second


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"digest": "11" * 32}, "other_statement"),
        ({"boxes": {}}, "not_led"),
        ({"items": []}, "not_led"),
    ],
)
def test_what_the_leading_one_says_is_not_believed(bench, change, code):
    request = bench.request()
    lead = msgspec.structs.replace(bench.desk("first").attest(bench.asked(request, "first")), **change)
    assert bench.refusal(bench.asked(request, "second", lead), "second") == code
    assert bench.refusal(bench.asked(request, "third"), "third") == "not_led"


def test_nothing_is_signed_that_is_not_stored_whole(bench):
    """ATT-2."""
    request = bench.request()
    lead = bench.desk("first").attest(bench.asked(request, "first"))
    stored = bench.folder / "data" / lead.items[1].new_hash
    whole = stored.read_bytes()
    for other in (whole[:-1], whole + b"!", whole[:-1] + bytes([whole[-1] ^ 1]), b""):
        stored.write_bytes(other)
        assert bench.refusal(bench.asked(request, "second", lead), "second") == "not_stored"
    stored.unlink()
    with pytest.raises(InputError, match="cannot read"):
        bench.desk("second").attest(bench.asked(request, "second", lead))
    stored.write_bytes(whole)
    assert bench.desk("second").attest(bench.asked(request, "second", lead)).digest == lead.digest


def wrong_key(bench):
    """The hash that is signed for is of the wrong key, too."""
    other = encrypt(b"").key.hex()
    bench.data = DataFolder([DataItem(item.name, item.kind, item.data_hash, other) for item in bench.data.items])
    return bench.asked(bench.request(), "first")


def other_key(bench):
    request = bench.request()
    other = DataFolder([msgspec.structs.replace(item, key="22" * 32) for item in bench.data.items])
    return Asked(request, request.sealed_keys(other, request.attestors[0]))


def truncated(bench):
    path = bench.folder / "data" / bench.data.items[0].data_hash
    path.write_bytes(path.read_bytes()[:-1])
    return bench.asked(bench.request(), "first")


def without_key(bench):
    request = bench.request()
    request.public_key = ""
    return bench.asked(bench.signed(request), "first")


def no_point(bench):
    return bench.asked(bench.request(public_key=bytes(64)), "first")


def not_signed(bench):
    return bench.asked(bench.request(signer=BUYER), "first")


def changed(bench):
    request = bench.request()
    request.receiver = "0x" + "77" * 20
    return bench.asked(request, "first")


def twice_named(bench):
    request = bench.request()
    request.attestors = [*request.attestors, request.attestors[0]]
    return bench.asked(bench.signed(request), "first")


def not_named(bench):
    request = bench.request()
    asked = bench.asked(request, "first")
    request.attestors = request.attestors[1:]
    bench.signed(request)
    return asked


def too_late(bench):
    asked = bench.asked(bench.request(), "first")
    bench.now += DAY + 1
    return asked


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (wrong_key, "wrong_key"),
        (other_key, "other_key"),
        (truncated, "other_data"),
        (without_key, "no_public_key"),
        (no_point, "no_public_key"),
        (not_signed, "not_signed"),
        (changed, "not_signed"),
        (twice_named, "form"),
        (not_named, "not_named"),
        (too_late, "reception_over"),
    ],
)
def test_each_bad_request_has_a_reason_of_its_own_and_leaves_nothing(bench, case, code):
    asked = case(bench)
    before = sorted(path.name for path in (bench.folder / "data").iterdir())
    assert bench.refusal(asked) == code
    assert sorted(path.name for path in (bench.folder / "data").iterdir()) == before
    assert bench.desk("first")._book.all == 0


def test_an_hour_has_so_many_requests(bench):
    assert bench.refusal(bench.asked(bench.request(), "first"), most=1) == "attested"
    assert bench.refusal(bench.asked(bench.request(), "first"), most=1) == "busy"
    bench.now += 3_601
    assert bench.refusal(bench.asked(bench.request(), "first"), most=1) == "attested"


# what is erased ------------------------------------------------------------------------------------------------------


def test_neither_data_nor_its_keys_are_on_an_attestor_s_disk(bench):
    """ATT-3."""
    request = bench.request()
    lead = bench.all(request)[0]
    new = [open_seal(bytes.fromhex(item.sealed_key), KEY, bytes.fromhex(item.new_hash)) for item in lead.items]
    secrets = [*PLAIN, *new, *(bytes.fromhex(item.key) for item in bench.data.items)]
    for name in NAMES:
        for path in bench.place(name).rglob("*"):
            body = path.read_bytes() if path.is_file() else b""
            assert not [secret for secret in secrets if secret in body or secret.hex().encode() in body]


def test_a_reception_key_that_is_over_is_gone_from_the_disk(bench):
    old, _ = bench.receptions("first").newest()
    bench.now += DAY + 1
    new, _ = bench.receptions("first").newest()
    assert new != old
    assert [path.stem for path in (bench.place("first") / "receptions").iterdir()] == [new.hex()]


def test_a_key_is_renewed_while_the_old_one_still_opens(bench):
    old, _ = bench.receptions("first").newest()
    bench.now += DAY // 2 + 1
    receptions = bench.receptions("first")
    assert receptions.newest()[0] != old
    assert receptions.key(old).public_key == old


def test_a_reception_key_of_another_account_is_refused(bench):
    public, _ = bench.receptions("first").newest()
    path = bench.place("first") / "receptions" / f"{public.hex()}.key"
    path.rename(bench.place("second") / path.name)
    (bench.place("second") / "receptions").mkdir()
    (bench.place("second") / path.name).rename(bench.place("second") / "receptions" / path.name)
    with pytest.raises(EnvironmentFault, match="is no reception key of this node"):
        bench.receptions("second")


def test_a_restored_node_cannot_answer_an_old_request_otherwise(bench):
    """Its database is of before, and no reception key is in a backup."""
    request = bench.request()
    bench.desk("first").attest(bench.asked(request, "first"))
    for path in bench.place("first").rglob("*"):
        if path.is_file():
            path.unlink()
    assert bench.refusal(bench.asked(request, "first")) == "reception_over"


# who asks -------------------------------------------------------------------------------------------------------------


def test_a_clone_s_number_and_a_token_s_give_different_requests(bench):
    clone = bench.request(move=Move(MOVE.token, MOVE.token_id, MOVE.sender, MOVE.receiver, 9))
    assert clone.digest != bench.request().digest
    assert bench.all(clone)[0].digest


def test_an_owner_that_names_nobody_is_refused(bench):
    request = bench.request()
    request.attestors = []
    with pytest.raises(Exception, match="no attestor is named"):
        ask(request, bench.data, [])


def test_a_reception_key_that_its_attestor_did_not_sign_is_refused(bench):
    about = msgspec.structs.replace(bench.about("first"), attestor=Account.from_role("second").address)
    with pytest.raises(Exception, match="has not signed its reception key"):
        _ = about.named
