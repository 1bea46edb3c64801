"""A folder becomes one stream and back; names that could do harm are refused, each for its reason."""

from __future__ import annotations

import pytest

from keifu.errors import InputError
from keifu.storage.manifest import Entry, Manifest, TreeReader, manifest_of, require_name, targets

REFUSED = {
    "": "a name of 0 characters",
    "x" * 256: "a part of a name has more than 255 bytes",
    "x/" * 2100 + "x": "a name of 4201 characters",
    "/etc/passwd": "leaves its folder",
    "../up": "leaves its folder",
    "a/../../b": "leaves its folder",
    "a//b": "leaves its folder",
    "./a": "leaves its folder",
    "a\\b": "leaves its folder",
    "C:a": "leaves its folder",
    "a\x00b": "U\\+0000",
    "a\nb": "U\\+000A",
    "a\u202eb": "U\\+202E",
    "a\u200bb": "U\\+200B",
    "a\ud800": "U\\+D800",
    "e\u0301": "form NFC",
    "nul.txt": "some disks cannot hold",
    "end.": "some disks cannot hold",
    " a": "some disks cannot hold",
}


@pytest.mark.parametrize(("name", "why"), REFUSED.items(), ids=range(len(REFUSED)))
def test_a_name_that_could_do_harm_is_refused(name, why):
    with pytest.raises(InputError, match=why):
        require_name(name)


@pytest.mark.parametrize("name", ["a", "a/b.txt", "系譜/モデル.bin", "é", ".hidden", "a b", "..a"])
def test_a_plain_name_is_taken(name):
    require_name(name)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ((("b", 1), ("a", 1)), "not in order"),
        ((("a", 1), ("a", 1)), "not in order"),
        ((("A", 1), ("a", 1)), "one file on some disks"),
        ((("a", 1), ("a/b", 1)), "is a file, and a folder"),
        ((("a", -1),), "has -1 bytes"),
        ((("../a", 1),), "leaves its folder"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(files, why):
    data = Manifest(1, tuple(Entry(*file) for file in files)).to_bytes()
    with pytest.raises(InputError, match=why):
        Manifest.from_bytes(data)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"version":1,"files":[{"name":1,"size":2}]}', b"\xff"])
def test_what_is_no_manifest_is_refused(data):
    with pytest.raises(InputError, match="this is no manifest"):
        Manifest.from_bytes(data)


def test_a_later_version_asks_for_a_newer_program():
    with pytest.raises(InputError, match="version 2, not 1"):
        Manifest.from_bytes(b'{"version":2,"files":[]}')


def test_a_folder_is_one_stream(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b").write_bytes(b"second")
    (tmp_path / "a").write_bytes(b"first")
    (tmp_path / "empty").write_bytes(b"")
    manifest = Manifest.from_bytes(manifest_of(tmp_path).to_bytes())
    reader = TreeReader(tmp_path, manifest)
    whole = b"".join(iter(lambda: reader.read(4), b""))
    assert whole == b"firstsecond"
    assert len(whole) == manifest.size
    start, size = manifest.place("sub/b")
    assert whole[start : start + size] == b"second"
    with pytest.raises(InputError, match="no file 'c'"):
        manifest.place("c")


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"first")
    manifest = manifest_of(tmp_path)
    (tmp_path / "a").write_bytes(b"firs")
    reader = TreeReader(tmp_path, manifest)
    with pytest.raises(InputError, match="changed while it was read"):
        list(iter(lambda: reader.read(4), b""))


def test_links_are_neither_followed_nor_written_through(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "out").symlink_to(tmp_path)
    with pytest.raises(InputError, match="is a link"):
        manifest_of(tmp_path / "in")
    with pytest.raises(InputError, match="leads 'out/a' out of it"):
        list(targets(Manifest(1, (Entry("out/a", 1),)), tmp_path / "in"))
