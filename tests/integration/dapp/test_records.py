"""An author registers files, and anybody checks a bundle: what the page computes is what the commands compute."""

from __future__ import annotations

import json
import os

import pytest

from keifu.errors import InputError
from keifu.provenance import Kind, Link, Record, RegistryDomain, Relation, Status
from keifu.provenance.bundle_file import decode_parts
from keifu.provenance.digest import digest_path
from keifu.provenance.manifest import Manifest
from tests.conformance.forged import packed
from tests.conformance.make import FOLDER
from tests.integration.dapp.conftest import enter, press, says, text, visit
from tests.integration.dapp.wallet import Wallet

pytestmark = pytest.mark.xdist_group("dapp")
SUITE = json.loads((FOLDER / "suite.json").read_text())
# Names whose order differs by characters, by halves of pairs, and by whole paths; and what is left out.
NAMES = (
    "b.txt", "a/z.txt", "a.txt", "a-b/c", "ü.txt", "\U0001f600.txt", "\uff5e.txt", "sp ace/qu\"ote", "empty",
    ".gitignore", ".git/HEAD", "deep/.gitignore", "new\nline", "z/model.sig", "model.sig",
)  # fmt: skip


@pytest.fixture
def author(chain, wallet) -> Wallet:
    wallet.account = chain.account("author").address
    return wallet


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "photos"
    for name in NAMES:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(b"" if name == "empty" else name.encode() * 3)
    (made / "large.bin").write_bytes(bytes(range(256)) * 12_000)  # in several parts
    return made


def hashed(tab):
    tab.until("document.getElementById('manifest') !== null")
    return tab.evaluate("[document.getElementById('digest').innerText, document.getElementById('manifest').innerText]")


def wanted(path):
    manifest = Manifest.of(digest_path(path))
    return [manifest.digest.hex(), manifest.hash.hex()]


def fill(tab, **fields):
    for name, value in fields.items():
        tab.evaluate(f"document.getElementById({name!r}).value = {value!r}")


def drop(tab, selector, *paths):
    """Files from the reader's desktop."""
    place = tab.evaluate(
        f"(() => {{ const box = document.querySelector({selector!r}).getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + 10]; })()"
    )
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        tab.call("Input.dispatchDragEvent", type=kind, x=place[0], y=place[1], data=data)


def record_id(chain, author, path, *links, **texts):
    """The id of what the page should register, computed here: it commits to every field."""
    manifest = Manifest.of(digest_path(path))
    record = Record(author.account, Kind.DATASET, manifest.digest, manifest=manifest.hash, links=links, **texts)
    return RegistryDomain(chain.kit.chain_id, chain.suite["ProvenanceRegistry"]).record_id(record)


def send(tab):
    tab.until("!document.querySelector('#hashed button.main').ariaBusy")
    tab.evaluate("document.querySelector('#hashed button.main').click()")


def test_a_folder_is_hashed_as_the_commands_hash_it_and_registered(tab, site, chain, author, folder):
    enter(tab, site, "#register")
    asked = len(tab.asked)
    tab.give("#choose-folder", folder)
    assert hashed(tab) == wanted(folder)
    says(tab, ".git, .gitignore, model.sig", "#hashed")
    assert tab.asked[asked:] == []  # nothing of the files was sent
    texts = {"version": "1.0", "licence": "CC-BY-4.0", "uri": "https://photos.example"}
    fill(tab, **texts)
    send(tab)
    says(tab, "Registered: ", "#registered")
    id_ = record_id(chain, author, folder, **texts)
    assert text(tab, "#record") == id_.hex()
    assert chain.contract("ProvenanceRegistry").status_of(id_) == Status.ACTIVE
    site.index()
    press(tab, "Refresh")
    says(tab, id_.hex(), "#records")
    send(tab)
    says(tab, "The contract refuses: registry: record is registered", "#notes")
    says(tab, "Nothing is to be done", "#notes")
    press(tab, "Add a parent")
    tab.evaluate(f"document.querySelector('[name=parent]').value = {id_.hex()!r}")
    send(tab)
    says(tab, "Confirmed in block", "#notes")
    child = record_id(chain, author, folder, Link(Relation.DERIVED_FROM, id_), **texts)
    assert text(tab, "#record") == child.hex()


def test_what_is_dropped_is_hashed_as_well(tab, site, wallet, folder, tmp_path):
    """Folders without files are seen there, too."""
    (folder / ".github").mkdir()
    visit(tab, site, "#register")
    drop(tab, "#folder", folder)
    assert hashed(tab) == wanted(folder)
    says(tab, ".git, .github, .gitignore, model.sig", "#hashed")
    drop(tab, "#folder", folder, tmp_path / "photos" / "a.txt")
    says(tab, "You dropped 2 things. Drop one folder, or one file.", "#hashed")
    drop(tab, "#folder", folder / "large.bin")
    assert hashed(tab) == wanted(folder / "large.bin")
    tab.give("#choose-file", folder / "empty")
    tab.until("document.querySelector('#hashed').innerText.includes('empty: 1 file, 0 bytes')")
    assert hashed(tab) == wanted(folder / "empty")
    send(tab)
    says(tab, "No wallet is connected.", "#notes")


def test_a_folder_that_a_browser_does_not_show_as_it_is(tab, site, wallet, tmp_path):
    """A dialogue turns a backslash into a slash, and passes over a name that is not UTF-8."""
    made = tmp_path / "odd"
    made.mkdir()
    (made / "a\\b").write_text("x")
    visit(tab, site, "#register")
    tab.give("#choose-folder", made)
    says(tab, "The name a\\b has a backslash. Drop the folder here instead.", "#hashed .fault")
    drop(tab, "#folder", made)
    assert hashed(tab) == wanted(made)
    (made / os.fsdecode(b"\xff.txt")).write_text("x")
    with pytest.raises(InputError, match="not UTF-8"):
        digest_path(made)
    drop(tab, "#folder", made)
    says(tab, "Is its name UTF-8?", "#hashed .fault")
    assert tab.evaluate("document.getElementById('digest')") is None


def test_what_cannot_be_registered_is_said_before_the_wallet_is_asked(tab, site, author, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    for name in ("tokens.json", "arrays.bin"):
        (model / name).write_text("{}")
    enter(tab, site, "#register")
    tab.give("#choose-folder", model)
    hashed(tab)
    fill(tab, kind="weights")
    send(tab)
    says(tab, "This folder is a model whose record also names its program.", "#notes")
    fill(tab, kind="dataset", licence="é" * 20)
    send(tab)
    says(tab, "The licence takes 40 bytes, at most 32 fit.", "#notes")
    fill(tab, licence="")
    press(tab, "Add a parent")
    for given, said in (("", "Nothing is no id of a record."), ("1" * 64, "registry: unknown parent")):
        tab.evaluate(f"document.querySelector('[name=parent]').value = {given!r}")
        send(tab)
        says(tab, said, "#notes")
    assert author.sent == []
    author.refuses.add("eth_sendTransaction")
    tab.evaluate("document.getElementById('parents').replaceChildren()")
    send(tab)
    says(tab, "You declined in your wallet.", "#notes")
    assert text(tab, "#registered") == ""


@pytest.fixture
def files(tmp_path):
    """A trust file and a bundle that it believes; the same bundle forged; and rubbish."""
    case = next(item for item in SUITE["good"] if item["name"] == "one-model")
    good = (FOLDER / "one-model.bundle").read_bytes()
    forged = packed({**decode_parts(good).to_json(), "root": "1" * len(case["root"])})
    written = {
        "trust.json": json.dumps(case["trust"]).encode(), "good": good, "forged": forged,
        "stranger.json": json.dumps(case["trust"] | {"authors": ["0x" + "11" * 20]}).encode(),
        "rubbish": b"\x1f\x8b rubbish",
        "cut": good[: len(good) // 2], "empty": b"", "other.json": b'{"chain": "<script>"}',
    }  # fmt: skip
    for name, body in written.items():
        (tmp_path / name).write_bytes(body)
    return tmp_path


def test_a_bundle_is_checked_here_and_nothing_of_it_is_sent(tab, site, wallet, files):
    visit(tab, site, "#check")
    asked = len(tab.asked)
    tab.give("#bundle", files / "good")
    says(tab, "Now choose your trust file.", "#verdict")
    for trust in ("other.json", "rubbish", "empty"):
        tab.give("#trust", files / trust)
        says(tab, "This is no trust file", "#verdict .bad")
    tab.give("#trust", files / "trust.json")
    says(tab, "Believed: everything in it is shown.", "#verdict .good")
    for bundle in ("forged", "rubbish", "cut", "empty"):
        tab.give("#bundle", files / bundle)
        says(tab, "Not believed: ", "#verdict .bad")
        tab.give("#bundle", files / "good")
        says(tab, "Believed: ", "#verdict .good")
    tab.give("#trust", files / "stranger.json")
    says(tab, "Shown, but its author is none whom your trust file names.", "#verdict .bad")
    drop(tab, "#check-files", files / "forged")
    says(tab, "(check: root)", "#verdict .bad")
    assert tab.asked[asked:] == []
