"""A transfer as a document that goes from hand to hand: each party sees what it signs; nobody loses by a refusal."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import msgspec
import pytest

from keifu.errors import CheckFailed, InputError, UsageError
from keifu.inft import (
    DataFolder,
    Move,
    Terms,
    Transfer,
    Workings,
    accept,
    actions,
    attest,
    pack,
    prepare,
    read_token,
    receive,
    seal,
    status,
)
from keifu.inft.folder import LARGEST
from keifu.keys import Account
from keifu.spec.inft_limits import DATA_KINDS
from keifu.units import DAY

from .world import NEEDED, TEXTS


def opened(folder, place):
    return {item.name: folder.plain(place, number) for number, item in enumerate(folder.items)}


# folders --------------------------------------------------------------------------------------------------------------


def test_kinds_are_those_of_the_contract(nft):
    assert tuple(nft.kind_name(number) for number in range(16)) == DATA_KINDS


def test_files_are_encrypted_each_under_its_own_key_which_only_the_owner_can_read(minted):
    _, place = minted
    folder = DataFolder.load(place)
    assert opened(folder, place) == TEXTS
    assert len({item.key for item in folder.items}) == 2
    stored = [(place / f"item-{number}").read_bytes() for number in range(2)]
    assert not any(text in data for text in TEXTS.values() for data in stored)
    assert stat.S_IMODE((place / "token.json").stat().st_mode) == 0o600


def test_keys_are_never_overwritten(minted, files):
    with pytest.raises(InputError, match="is there already"):
        pack(files, [], private=True).save(minted[1])


def test_too_many_files_none_and_one_that_is_too_large_are_refused(files, tmp_path):
    for paths in ([], files * 5):
        with pytest.raises(UsageError, match="a token has 1 to 8 data items"):
            pack(paths, [], private=True)
    with (tmp_path / "large").open("wb") as large:
        large.truncate(LARGEST + 1)
    with pytest.raises(InputError, match="large is too large for a data item"):
        pack([tmp_path / "large"], [], private=False)


@pytest.mark.parametrize(
    "content", ["{}", "[]", '{"items": [{"name": "a", "kind": "soul", "data_hash": "00"}]}', "\x00"]
)
def test_a_folder_that_holds_no_token_is_refused(tmp_path, content):
    (tmp_path / "token.json").write_text(content)
    with pytest.raises(InputError, match="holds no data of a token"):
        DataFolder.load(tmp_path)


# one transfer ---------------------------------------------------------------------------------------------------------


def test_a_token_goes_with_its_data_and_can_be_sold_again(world, suite, act, minted, signed, nft):
    token_id, _ = minted
    transfer, target = signed()
    actions.transfer(act(world.seller), suite, token_id, world.buyer.address, transfer.proofs(NEEDED))
    assert nft.ownerOf(token_id) == world.buyer.address
    folder = receive(transfer, target, world.one_time)
    assert opened(folder, target) == TEXTS
    assert DataFolder.load(target).token_id == f"{token_id:064x}"
    assert [digest for _, digest in read_token(nft, token_id).items] == folder.hashes


def test_no_key_and_no_byte_of_the_data_stays_the_same(minted, prepared):
    old = DataFolder.load(minted[1])
    transfer, target = prepared()
    for number, item in enumerate(transfer.items):
        assert item.new_hash != old.items[number].data_hash
        assert (target / f"item-{number}").read_bytes() != (minted[1] / f"item-{number}").read_bytes()
    assert not any(item.key in msgspec.json.encode(transfer).decode() for item in old.items)


def test_a_clone_and_an_update_take_the_same_document(world, suite, act, minted, signed, nft, prepared, tmp_path):
    token_id, place = minted
    clone_id = status.clone_number(token_id, 0)
    transfer, target = signed(clone_id=clone_id)
    seller = act(world.seller)
    assert actions.clone(seller, suite, token_id, world.buyer.address, transfer.proofs(NEEDED)) == clone_id
    assert (nft.ownerOf(clone_id), nft.ownerOf(token_id)) == (world.buyer.address, world.seller.address)
    assert receive(transfer, target, world.one_time).token_id == f"{clone_id:064x}"
    found = read_token(nft, clone_id)
    assert (found.parent, found.generations, found.data()["parent"]) == (token_id, 0, f"{token_id:064x}")
    move = Move(suite["IntelligentNFT"], token_id, world.seller.address, world.seller.address)
    terms = Terms(world.evm.chain_id, suite["DataVerifier"], world.evm.now + DAY, world.hub.epoch())
    own = prepare(place, tmp_path / "new", move, world.one_time.public_key, terms)
    for attestor in world.attestors[:NEEDED]:
        attest(own, Workings.load(tmp_path / "new"), place, tmp_path / "new", attestor.address, attestor.sign)
    accept(own, world.seller.address, world.seller.sign)
    actions.update(seller, suite, token_id, own.proofs(NEEDED))
    assert [digest.hex() for _, digest in read_token(nft, token_id).items] == [item.new_hash for item in own.items]


def test_a_transfer_survives_its_file(signed, tmp_path):
    transfer, target = signed()
    path = tmp_path / "passed on.json"
    transfer.save(path)
    assert Transfer.load(path) == transfer
    assert Transfer.load(path).proofs(NEEDED) == transfer.proofs(NEEDED)
    assert Transfer.load(target / "transfer.json").signatures == {}  # as it was prepared


def test_public_data_needs_no_transfer(world, suite, act, files, tmp_path, nft):
    data = pack(files, [], private=False)
    token_id = actions.mint(act(world.seller), suite, data, 8)
    data.save(tmp_path / "public")
    move = Move(suite["IntelligentNFT"], token_id, world.seller.address, world.buyer.address)
    terms = Terms(world.evm.chain_id, suite["DataVerifier"], world.evm.now + DAY, 1)
    with pytest.raises(UsageError, match="the token's data is public"):
        prepare(tmp_path / "public", tmp_path / "out", move, world.one_time.public_key, terms)
    actions.transfer(act(world.seller), suite, token_id, world.buyer.address)
    assert nft.ownerOf(token_id) == world.buyer.address
    assert [kind for kind, _ in read_token(nft, token_id).items] == ["data", "data"]


# who signs what -------------------------------------------------------------------------------------------------------


def test_a_transfer_that_is_not_signed_is_refused_before_it_is_sent(world, prepared, minted):
    transfer, target = prepared()
    with pytest.raises(UsageError, match="0 attestors have signed this transfer, 3 are needed"):
        transfer.proofs(NEEDED)
    for attestor in world.attestors[:NEEDED]:
        attest(transfer, Workings.load(target), minted[1], target, attestor.address, attestor.sign)
    with pytest.raises(UsageError, match="has not agreed to this transfer"):
        transfer.proofs(NEEDED)


def test_nobody_else_agrees_for_the_receiver(world, prepared):
    transfer, _ = prepared()
    with pytest.raises(UsageError, match="receives this transfer, not"):
        accept(transfer, world.stranger.address, world.stranger.sign)
    assert transfer.access == ""


def cheat(kind, transfer, target, receiver):
    """A transfer that is not what it says, with workings that hide it."""
    workings = json.loads((target / "workings.json").read_text())
    first = msgspec.to_builtins(transfer.items[0])
    if kind == "other data":  # encrypted rightly, but not the old
        other = pack([target / "item-1"], [], private=True)
        (target / "item-0").write_bytes(other.stored[0])
        workings["items"][0]["new_key"] = other.items[0].key
        first["new_hash"] = other.items[0].data_hash
    if kind == "another key named":
        first["key_hash"] = "11" * 32
    if kind == "another key sealed":
        first["sealed_key"] = seal(bytes(32), receiver.public_key, bytes.fromhex(first["new_hash"])).hex()
    transfer.items[0] = msgspec.convert(first, type(transfer.items[0]))
    (target / "workings.json").write_text(json.dumps(workings))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("other data", "item 0: the new data is not the old"),
        ("another key named", "item 0: the key's hash is another key's"),
        ("another key sealed", "item 0: another key was sealed"),
    ],
)
def test_an_attestor_signs_nothing_that_is_not_so(world, prepared, minted, kind, message):
    transfer, target = prepared()
    cheat(kind, transfer, target, world.one_time)
    attestor = world.attestors[0]
    with pytest.raises(CheckFailed, match=message):
        attest(transfer, Workings.load(target), minted[1], target, attestor.address, attestor.sign)
    assert transfer.signatures == {}


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize("fault", ["truncated", "missing"])
def test_bytes_that_are_cut_short_or_missing_are_named(world, prepared, minted, side, fault):
    transfer, target = prepared()
    path = (minted[1] if side == "old" else target) / "item-1"
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    attestor = world.attestors[0]
    with pytest.raises((CheckFailed, InputError), match=r"are not the data that the token names|cannot read .*item-1"):
        attest(transfer, Workings.load(target), minted[1], target, attestor.address, attestor.sign)


def test_workings_of_another_transfer_are_refused(world, prepared, minted):
    transfer, target = prepared()
    attestor = world.attestors[0]
    with pytest.raises(CheckFailed, match="workings of 0 items, the transfer has 2"):
        attest(transfer, Workings([]), minted[1], target, attestor.address, attestor.sign)
    with pytest.raises(InputError, match="has no workings of a transfer"):
        Workings.load(target / "nowhere")


@pytest.mark.parametrize("name", ["receiver", "token_id", "nonce", "deadline", "backing"])
def test_a_file_that_was_changed_after_it_was_signed_is_refused(world, signed, tmp_path, name):
    transfer, _ = signed()
    document = msgspec.to_builtins(transfer)
    changed = {"deadline": 1, "receiver": world.stranger.address, "backing": "1"}.get(name, "11" * 32)
    (tmp_path / "changed.json").write_text(json.dumps({**document, name: changed}))
    with pytest.raises(InputError, match=r"changed\.json: the signature of 0x.* is not over this transfer"):
        Transfer.load(tmp_path / "changed.json")


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"chain_id": "one"}'])
def test_a_file_that_is_no_transfer_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match=r"x\.json is no transfer"):
        Transfer.load(tmp_path / "x.json")


@pytest.mark.parametrize(("name", "value"), [("nonce", "11"), ("nonce", "zz"), ("items", []), ("sender", "me")])
def test_a_transfer_with_a_malformed_field_is_refused(signed, tmp_path, name, value):
    document = msgspec.to_builtins(signed()[0])
    (tmp_path / "x.json").write_text(json.dumps({**document, name: value}))
    with pytest.raises(InputError, match=r"x\.json is no transfer"):
        Transfer.load(tmp_path / "x.json")


def test_data_is_opened_by_its_own_key_alone(world, signed):
    transfer, target = signed()
    with pytest.raises(UsageError, match="sealed to another key"):
        receive(transfer, target, Account.random())
    assert not (target / "token.json").exists()
    (target / "item-0").write_bytes(b"")
    with pytest.raises(CheckFailed, match="these 0 bytes are not the data"):
        receive(transfer, target, world.one_time)


def test_nothing_is_written_outside_of_the_folders(minted, prepared, tmp_path):
    _, target = prepared()
    assert {path.name for path in target.iterdir()} == {"item-0", "item-1", "transfer.json", "workings.json"}
    assert stat.S_IMODE((target / "workings.json").stat().st_mode) == 0o600
    assert {path.name for path in Path(minted[1]).iterdir()} == {"item-0", "item-1", "token.json"}
