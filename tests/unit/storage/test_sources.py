"""Files and folders as one stream, and a stream as files again: nothing is written outside of its folder."""

from __future__ import annotations

import pytest

from keifu.errors import InputError
from keifu.storage.client.trees import source_of, write_file, write_tree
from keifu.storage.manifest import Entry, Manifest


def tree(folder):
    (folder / "b").mkdir(parents=True)
    (folder / "a.txt").write_text("first")
    (folder / "b" / "c.txt").write_text("second")
    (folder / "empty").write_text("")
    return folder


def test_a_folder_goes_through_one_stream(tmp_path):
    source = source_of(tree(tmp_path / "in"))
    with source.open() as file:
        data = b"".join(iter(lambda: file.read(3), b""))
    assert len(data) == source.size
    manifest = Manifest.from_bytes(data[: source.manifest])
    parts = [data[at : at + 4] for at in range(source.manifest, len(data), 4)]
    assert write_tree(manifest, iter(parts), tmp_path / "out") == len("firstsecond")
    assert (tmp_path / "out" / "b" / "c.txt").read_text() == "second"
    assert (tmp_path / "out" / "empty").read_text() == ""


def test_a_mark_changes_with_the_files(tmp_path):
    folder = tree(tmp_path / "in")
    before = source_of(folder).mark
    assert source_of(folder).mark == before
    (folder / "a.txt").write_text("longer than first")
    assert source_of(folder).mark != before


@pytest.mark.parametrize("name", ["../out.txt", "/etc/passwd", "a/../../b", "a\\b", "c:d", "con", "a/", ""])
def test_a_name_that_leaves_its_folder_is_refused(tmp_path, name):
    body = Manifest(1, (Entry(name, 1),)).to_bytes()
    with pytest.raises(InputError, match="name"):
        Manifest.from_bytes(body)
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_the_target_folder_leads_nowhere(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b").symlink_to(tmp_path)
    with pytest.raises(InputError, match=r"leads 'b/c[.]txt' out of it"):
        write_tree(Manifest(1, (Entry("b/c.txt", 1),)), iter([b"x"]), tmp_path / "out")
    assert not (tmp_path / "c.txt").exists()


def test_a_file_that_breaks_off_is_not_there(tmp_path):
    def parts():
        yield b"half"
        raise InputError("the rest is gone")

    with pytest.raises(InputError, match="the rest is gone"):
        write_file(parts(), tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_what_is_no_plain_file_or_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="is no file and no folder"):
        source_of(tmp_path / "nothing")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match="is a link"):
        source_of(tmp_path)
