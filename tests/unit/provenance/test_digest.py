"""digest_path: the OpenSSF digest, and no digest at all where something would be left out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keifu.errors import InputError
from keifu.provenance.digest import digest_path

OPENSSF = """
import pathlib, sys
from model_signing import hashing
from model_signing._signing.signing import Payload
for line in sys.stdin.read().split("\\0"):
    config = hashing.Config().use_file_serialization().set_ignored_paths(paths=[])
    print(Payload(config.hash(pathlib.Path(line))).statement.pb.subject[0].digest["sha256"])
"""


def openssf(*paths) -> list[str]:
    """What the real package signs, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OPENSSF],
        input="\0".join(map(str, paths)),
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


def write(root, files: dict[str, bytes]):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


TRICKY = {
    "a/b": b"nested",
    "a.txt": b"sorts after the folder a, part by part",
    "a b/c": b"blank",
    "ä/ö.bin": b"not ASCII",
    "empty": b"",
    "deep/er/and/deeper/x": b"x" * 70_000,
    "large.bin": bytes(3_000_001),
    ".git/config": b"left out",
    ".gitignore": b"left out",
    "sub/.gitignore": b"kept",
    "Z": b"upper case first",
}


def test_equals_the_openssf_package(tmp_path):
    tree = write(tmp_path / "tree", TRICKY)
    single = tmp_path / "weights.bin"
    single.write_bytes(b"one file")
    flat = write(tmp_path / "flat", {f"{i:03}": str(i).encode() for i in range(200)})
    ours = [digest_path(path).root.hex() for path in (tree, single, flat)]
    assert ours == openssf(tree, single, flat)


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.from_regex(r"[ab.]{1,3}x(/[ab.]{1,2}y){0,2}z", fullmatch=True), st.binary(max_size=9), min_size=1
    )
)
def test_does_not_depend_on_threads_or_on_the_order_of_the_disk(tmp_path_factory, files):
    root = write(tmp_path_factory.mktemp("tree"), files)
    assert digest_path(root, workers=1) == digest_path(root, workers=4)
    assert [file.name for file in digest_path(root).files] == sorted(files, key=lambda name: name.split("/"))


def test_ignored_paths_are_left_out(tmp_path):
    write(tmp_path, {"keep": b"1", "logs/today": b"2"})
    kept = digest_path(tmp_path, ignore=["logs"])
    assert [file.name for file in kept.files] == ["keep"]
    assert kept.root != digest_path(tmp_path).root


def test_any_change_changes_it(tmp_path):
    write(tmp_path, {"a": b"1", "b": b"2"})
    before = digest_path(tmp_path)
    (tmp_path / "b").write_bytes(b"3")
    after = digest_path(tmp_path)
    assert after.root != before.root


def test_progress_ends_at_the_size(tmp_path):
    write(tmp_path, {f"{i}": bytes(100_000) for i in range(5)})
    seen: list[int] = []
    digest_path(tmp_path, on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 500_000


def test_symbolic_link_is_refused(tmp_path):
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(InputError, match="link is a symbolic link"):
        digest_path(tmp_path)
    with pytest.raises(InputError, match="link is a symbolic link"):
        digest_path(tmp_path / "link")


def test_a_link_out_of_the_tree_is_refused(tmp_path):
    """To a file and to a folder beside it, from the top and from below."""
    secret = write(tmp_path / "secret", {"key": b"x"})
    for place, target in (("link", secret / "key"), ("deep/link", secret / "key"), ("folder", secret)):
        tree = write(tmp_path / place.replace("/", " "), {"a": b"1", "deep/b": b"2"})
        (tree / place).symlink_to(target, target_is_directory=target.is_dir())
        with pytest.raises(InputError, match=f"{place} is a symbolic link"):
            digest_path(tree)


def test_a_socket_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))  # a path may have 108 bytes
        with pytest.raises(InputError, match="socket is neither a file nor a folder"):
            digest_path(tmp_path)


def test_links_to_files_are_followed_when_asked(tmp_path):
    write(tmp_path / "blobs", {"1f": b"weights"})
    snapshot = write(tmp_path / "snapshots" / "main", {"config.json": b"{}"})
    (snapshot / "model.bin").symlink_to("../../blobs/1f")
    plain = write(tmp_path / "plain", {"config.json": b"{}", "model.bin": b"weights"})
    assert digest_path(snapshot, links=True).root == digest_path(plain).root
    (snapshot / "broken").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"cannot follow .*broken"):
        digest_path(snapshot, links=True)
    (snapshot / "broken").unlink()
    (snapshot / "folder").symlink_to("../../blobs")
    with pytest.raises(InputError, match="link to a folder"):
        digest_path(snapshot, links=True)


def test_two_ways_to_write_a_name_are_refused(tmp_path):
    write(tmp_path, {"caf\u00e9": b"1"})
    digest_path(tmp_path)
    write(tmp_path, {"cafe\u0301": b"2"})
    with pytest.raises(InputError, match="two names look the same"):
        digest_path(tmp_path)


@pytest.mark.parametrize("name", ["/etc", "../other", "a/../../b", "."])
def test_only_what_is_inside_is_left_out(tmp_path, name):
    write(tmp_path, {"a": b"1"})
    with pytest.raises(InputError, match="cannot leave out"):
        digest_path(tmp_path, ignore=[name])


def test_loop_of_links_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(InputError, match="symbolic link"):
        digest_path(tmp_path)


def test_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        digest_path(tmp_path)


def test_unreadable_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "secret").chmod(0)
    if os.geteuid() == 0:  # root reads everything: let the open fail as it would

        def refuse(*_args, **_kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match=r"cannot read .*secret: Permission denied"):
        digest_path(tmp_path)


def test_missing_path_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*nowhere"):
        digest_path(tmp_path / "nowhere")


def test_name_that_is_not_utf8_is_refused(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xe9", "wb") as file:
        file.write(b"x")
    with pytest.raises(InputError, match="is not UTF-8: b'caf"):
        digest_path(tmp_path)


def test_empty_tree_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="holds no file"):
        digest_path(tmp_path)


def test_huge_tree_needs_no_recursion(tmp_path):
    deep = tmp_path
    for _ in range(300):
        deep = deep / "d"
        deep.mkdir()
    (deep / "x").write_bytes(b"x")
    write(tmp_path, {f"wide/{i}": b"" for i in range(3_000)})
    assert len(digest_path(tmp_path).files) == 3_001


def test_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "log"
    path.write_bytes(b"12345")
    honest = os.scandir

    def grow_after(folder):
        entries = list(honest(folder))
        for entry in entries:
            entry.stat(follow_symlinks=False)  # the entry keeps what it saw
        path.write_bytes(b"123456")
        return entries

    monkeypatch.setattr("os.scandir", grow_after)
    with pytest.raises(InputError, match="changed while it was read"):
        digest_path(tmp_path)
