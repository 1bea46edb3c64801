"""Integers on the disk: loaded as they were stored, and refused by name when anything differs."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from keifu.errors import InputError, UsageError
from keifu.inference.programs import root_of_folder
from keifu.inference.tokens.building import build
from keifu.inference.tokens.keeping import ARRAYS_FILE, TOKENS_FILE, is_token_model, load
from keifu.inference.tokens.rooting import program_root
from keifu.node.compute.own_tokens import Checking, model_of
from tests.conformance.inference.gguf_file import file_of, metadata, speaking


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return speaking(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="module")
def built(file):
    folder = file.parent / "integers"
    return folder, build(file, folder)


@pytest.fixture
def copy(built, tmp_path):
    """A folder of the same bytes, and its head as it may be changed."""
    for name in (TOKENS_FILE, ARRAYS_FILE):
        (tmp_path / name).write_bytes((built[0] / name).read_bytes())
    return tmp_path


def test_what_is_loaded_is_what_was_stored(built):
    folder, made = built
    found = load(folder)
    assert is_token_model(folder)
    assert (found.vocabulary, found.logit_scale) == (made.vocabulary, made.logit_scale)
    assert program_root(found.program) == program_root(made.program) == root_of_folder(folder)
    assert np.array_equal(found.program.layers.down.weights, made.program.layers.down.weights)


def test_a_folder_that_is_there_is_not_written_over(built, file):
    with pytest.raises(UsageError, match="exists"):
        build(file, built[0])


def test_a_file_that_is_no_model_leaves_nothing(tmp_path):
    (tmp_path / "bad.gguf").write_bytes(file_of(metadata(), {}))
    with pytest.raises(InputError):
        build(tmp_path / "bad.gguf", tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.gguf"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "is of version 2, 1 is read"),
        ({"more": 1}, "unknown field"),
        ({"sizes": {"tokens": 512}}, "missing"),
        ({"layouts": {"words": 0}}, "has formats of words"),
        ({"layouts": {"words": 3}}, "<= 2"),
        ({"logit_scale": 0.0}, "logit_scale is 0.0"),
        ({"sha256": "00" * 32}, "is not what was stored"),
    ],
)
def test_a_head_that_was_changed_is_refused(copy, change, said):
    head = json.loads((copy / TOKENS_FILE).read_text())
    (copy / TOKENS_FILE).write_text(json.dumps(head | change))
    with pytest.raises(InputError, match=said):
        load(copy)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("tokens", 496, "512 tokens have names|by its sizes"),
        ("layers", 10**6, "layers: not every number is from 1 to 256"),
        ("layers", 200, "bytes, by its sizes"),
        ("width", 192, "heads of 64 lanes in 192"),
        ("positions", 2**40, "positions: not every number is from 2 to"),
    ],
)
def test_sizes_that_were_changed_are_refused(copy, name, value, said):
    head = json.loads((copy / TOKENS_FILE).read_text())
    head["sizes"][name] = value
    (copy / TOKENS_FILE).write_text(json.dumps(head))
    with pytest.raises(InputError, match=said):
        load(copy)


def test_arrays_that_were_changed_are_refused(copy):
    arrays = bytearray((copy / ARRAYS_FILE).read_bytes())
    arrays[len(arrays) // 2] ^= 1
    (copy / ARRAYS_FILE).write_bytes(arrays)
    with pytest.raises(InputError, match="is not what was stored"):
        load(copy)
    (copy / ARRAYS_FILE).write_bytes(arrays[:-1])
    with pytest.raises(InputError, match="bytes, by its sizes"):
        load(copy)


def test_models_are_checked_every_hour():
    now, checked = [0.0], []
    checking = Checking([SimpleNamespace(check=lambda: checked.append(now[0]))], lambda: now[0])
    for seconds in (0, 3_599, 1, 5, 3_595):
        now[0] += seconds
        for check in checking.step():
            check.result()
    checking.close()
    assert checked == [3_600, 7_200]


def test_a_node_makes_integers_once_and_anew_when_they_are_broken(file, tmp_path, monkeypatch):
    kept = tmp_path / "kept"
    first = model_of(file, kept)
    with monkeypatch.context() as patch:
        patch.setattr("keifu.node.compute.own_tokens.build", None)
        assert program_root(model_of(file, kept).program) == program_root(first.program)
    (folder,) = kept.iterdir()
    (folder / ARRAYS_FILE).write_bytes(b"")
    assert program_root(model_of(file, kept).program) == program_root(first.program)
    with pytest.raises(InputError, match="is no token model"):
        model_of(tmp_path, kept)
