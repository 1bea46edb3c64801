"""What an agent is packed into, what comes out of it, and what is refused (MND-1, MND-3)."""

from __future__ import annotations

import io
import tarfile

import msgspec
import pytest

from keifu.agent import data as room
from keifu.agent.data import MAX_ITEMS, Made, fetch, open_agent
from keifu.agent.mind import Said
from keifu.errors import CheckFailed, InputError, UsageError
from keifu.inft import DataFolder, pack
from keifu.inft.seals import seal
from keifu.inft.transfer import TransferItem
from keifu.keys import Account
from keifu.network.trial_model import write_model
from tests.unit.node.attesting import Bench

PIXELS = [5] * 64
SAID = (Said("Who are you?", "An agent."), Said([1, 2], "3"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("model")
    write_model(place)
    return place


@pytest.fixture
def packed(tmp_path):
    """The data folder of what is made."""

    def packed(made, files="files"):
        folder = pack(*made.write(tmp_path / files), private=True)
        folder.save(tmp_path / "data")
        return folder, tmp_path / "data"

    return packed


def test_what_is_opened_answers_as_what_was_packed(packed, model, tmp_path):
    """MND-1; running it changes its memory alone, which is packed again."""
    first = open_agent(*packed(Made("You read.", model, SAID)), tmp_path / "mind")
    assert (first.prompt, tuple(first.memory)) == ("You read.", SAID)
    answer = first.ask(PIXELS)
    assert first.answer(PIXELS) == answer
    again = first.made
    assert again == Made("You read.", tmp_path / "mind", (*SAID, Said(PIXELS, answer)))
    names = [path.read_bytes() for path in again.write(tmp_path / "again")[0]]
    assert names[2:] == [path.read_bytes() for path in Made("", model).write(tmp_path / "bare")[0]][2:]


def test_a_large_mind_is_several_items(packed, model, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LARGEST", 5_000)
    folder, place = packed(Made("You read.", model))
    assert 3 < len(folder.items) <= MAX_ITEMS
    assert open_agent(folder, place, tmp_path / "mind").answer(PIXELS)
    monkeypatch.setattr(room, "LARGEST", 1_000)
    with pytest.raises(InputError, match="a token carries 6,000 of a mind"):
        Made("You read.", model).write(tmp_path / "more")


def test_a_question_of_another_kind_is_refused_and_not_remembered(packed, model, tmp_path):
    agent = open_agent(*packed(Made("You read.", model)), tmp_path / "mind")
    for question in ("in words", [1], [99] * 64, None):
        with pytest.raises(UsageError):
            agent.ask(question)
    assert agent.memory == []


# what is no agent -----------------------------------------------------------------------------------------------------


def entry(name, kind=tarfile.REGTYPE, link=""):
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


@pytest.mark.parametrize(
    "hostile",
    [
        entry("../up"), entry("/etc/passwd"), entry("a/b"), entry(".hidden"), entry(""), entry("a" * 101),
        entry("link", tarfile.SYMTYPE, "/etc/passwd"), entry("hard", tarfile.LNKTYPE, "layer0.weights.npy"),
        entry("pipe", tarfile.FIFOTYPE), entry("device", tarfile.CHRTYPE), entry("folder", tarfile.DIRTYPE),
    ],
)  # fmt: skip
def test_a_mind_that_is_no_plain_files_writes_nothing(tmp_path, hostile):
    """MND-3."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:") as tar:
        tar.addfile(entry("first"), io.BytesIO())
        tar.addfile(hostile)
    with pytest.raises(InputError, match="which is no plain file"):
        opened(tmp_path, {"weights": archive.getvalue()})
    assert not (tmp_path / "mind").exists()


def pax(words):
    """A header that says more of the file behind it."""
    record = words.encode()
    record = b"%d %b\n" % (len(record) + 4, record)
    head = entry("p", tarfile.XHDTYPE)
    head.size = len(record)
    return head.tobuf(tarfile.USTAR_FORMAT) + record.ljust(tarfile.BLOCKSIZE, b"\0") + entry("f").tobuf()


def sparse(size):
    """A file of one block that says that it is so large."""
    head = entry("f", tarfile.GNUTYPE_SPARSE)
    head.size = tarfile.BLOCKSIZE
    made = bytearray(head.tobuf(tarfile.GNU_FORMAT))
    made[386:410] = b"%011o\0%011o\0" % (0, tarfile.BLOCKSIZE)
    made[483:495] = b"%011o\0" % size
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made) + bytes(tarfile.BLOCKSIZE)


def sized(size):
    """A file of which nothing is there, with its size as GNU writes large ones, or those below nothing."""
    made = bytearray(entry("f").tobuf())
    made[124:136] = size.to_bytes(12, signed=True) if size < 0 else b"\x80" + size.to_bytes(11)
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (sparse(8 << 30), "which is no plain file"), (pax("GNU.sparse.size=8589934592"), "which is no plain file"),
        (pax("GNU.sparse.map=1,x"), "which is no plain file"),
        (entry("n", tarfile.GNUTYPE_LONGNAME).tobuf() * 5_000, "which is no plain file"),
        (entry("f").tobuf() * (room.MAX_FILES + 1), "more than 1,024 files"),
        (sized(8 << 30), "is cut off"), (sized(-512), "is cut off"),
    ],
    ids=["sparse", "sparse by pax", "malformed pax", "long names", "many files", "cut off", "below nothing"],
)  # fmt: skip
def test_a_small_mind_that_says_it_is_large_takes_no_room(tmp_path, archive, said):
    """MND-3."""
    with pytest.raises(InputError, match=said):
        opened(tmp_path, {"weights": archive + bytes(1_024)})
    assert not (tmp_path / "mind").exists()


def test_a_mind_that_does_not_load_is_not_left_there(tmp_path):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:") as tar:
        tar.addfile(entry("first"), io.BytesIO())
    with pytest.raises(InputError):
        opened(tmp_path, {"weights": archive.getvalue()})
    assert not (tmp_path / "mind").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights": b"no archive at all" * 100}, "the mind is no archive"),
        ({"weights": b""}, "the mind is no archive"),
        ({"prompt": b"\xff\xfe"}, "is no agent's"),
        ({"memory": b"{}"}, "is no agent's"),
        ({"memory": b"[" * 5_000}, "is no agent's"),
        ({"memory": None}, "is no agent's"),
        ({"prompt": None}, "is no agent's"),
    ],
)
def test_other_data_is_no_agent(tmp_path, change, said):
    with pytest.raises(InputError, match=said):
        opened(tmp_path, change)
    assert not (tmp_path / "mind").exists()


def opened(place, change):
    """An agent of items by their kinds; None for one that is not there."""
    items = {"prompt": b"You read.", "memory": b"", "weights": b"", **change}
    paths = []
    for kind, body in items.items():
        if body is not None:
            (place / kind).write_bytes(body)
            paths.append((place / kind, kind))
    folder = pack([path for path, _ in paths], [kind for _, kind in paths], private=True)
    folder.save(place / "data")
    return open_agent(folder, place / "data", place / "mind")


def test_a_mind_s_folder_is_never_written_over(packed, model, tmp_path):
    (tmp_path / "mind").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        open_agent(*packed(Made("You read.", model)), tmp_path / "mind")


def test_a_mind_in_folders_is_not_packed(tmp_path):
    (tmp_path / "mind" / "deeper").mkdir(parents=True)
    with pytest.raises(InputError, match="is no plain file"):
        Made("You read.", tmp_path / "mind").write(tmp_path / "files")


@pytest.mark.parametrize("cut", [1, 30])
def test_cut_or_foreign_bytes_are_refused_by_name(packed, model, tmp_path, cut):
    folder, place = packed(Made("You read.", model))
    whole = (place / "item-0").read_bytes()
    (place / "item-0").write_bytes(whole[:-cut])
    with pytest.raises(CheckFailed):
        open_agent(folder, place, tmp_path / "mind")
    (place / "item-0").write_bytes(whole)
    other = DataFolder([msgspec.structs.replace(item, key="11" * 32) for item in folder.items])
    with pytest.raises(CheckFailed):
        open_agent(other, place, tmp_path / "mind")


# what is fetched ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(tmp_path):
    """A transfer of a bench's attestors to the buyer, its key, and their store."""
    bench = Bench(tmp_path)
    request = bench.request()
    return bench, request.transfer(bench.all(request)[0].items)


def test_a_buyer_fetches_and_opens_what_attestors_stored(sent, tmp_path):
    bench, said = sent
    folder = fetch(said, bench.store, tmp_path / "bought", Account.from_role("buyer's key"))
    assert folder.plain(tmp_path / "bought", 1) == b"Nothing yet."


def test_a_wrong_key_and_cut_data_are_known_when_they_are_fetched(sent, tmp_path):
    bench, said = sent
    key = Account.from_role("buyer's key")
    item: TransferItem = said.items[0]
    wrong = seal(bytes(32), key.public_key, bytes.fromhex(item.new_hash)).hex()
    changed = msgspec.structs.replace(said, items=[msgspec.structs.replace(item, sealed_key=wrong), *said.items[1:]])
    with pytest.raises(CheckFailed, match="prove a wrong key on chain"):
        fetch(changed, bench.store, tmp_path / "wrong", key)
    with pytest.raises(UsageError, match="sealed to another key"):
        fetch(said, bench.store, tmp_path / "foreign", Account.from_role("thief"))
    stored = bench.folder / "data" / item.new_hash
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-1])
    with pytest.raises(CheckFailed, match="are not this transfer's"):
        fetch(said, bench.store, tmp_path / "cut", key)
    stored.write_bytes(whole)  # the folder asks again: what was cut is not kept there
    assert fetch(said, bench.store, tmp_path / "cut", key).items
