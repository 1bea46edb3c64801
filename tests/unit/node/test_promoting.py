"""A promoted token model is served while its bytes and its program are the record's, and by no others."""

from __future__ import annotations

import asyncio
import shutil
from types import SimpleNamespace

import pytest

from keifu.inference.programs import root_of_folder
from keifu.inference.tokens.building import build
from keifu.inference.tokens.keeping import ARRAYS_FILE
from keifu.node.compute import promoting
from keifu.node.compute.making import own_section
from keifu.node.operator.production import Promotion
from keifu.node.sections import ComputeWork
from keifu.provenance import Kind, Record
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Entry
from keifu.spec.kinds import Status
from tests.conformance.inference.gguf_file import speaking

AUTHOR, ENVIRONMENT, OTHER = "0x" + "0a" * 20, "e1" * 32, bytes([7]) * 32


def quiet(*_, **__):
    """A log."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    place = tmp_path_factory.mktemp("promoted")
    build(speaking(place / "tiny.gguf"), place / "integers")
    return place / "integers"


@pytest.fixture
def node(built, tmp_path, monkeypatch):
    """What a round does with a promotion: `promoted` has its record, `served` what was handed on."""
    shutil.copytree(built, tmp_path / "models" / "v1")
    promoted, served = [], []
    known = SimpleNamespace(current=lambda: promoted[-1], may_sign=lambda *_: True)
    monkeypatch.setattr(promoting, "Promotions", lambda *_: known)
    seldom = []
    monkeypatch.setattr(promoting, "collect_seldom", lambda: seldom.append(len(promoted)))
    made = own_section("127.0.0.1:0", "1 second", [str(tmp_path / "models/*")], (), {"request": 1})
    settings = ComputeWork(**{**made, "environment": ENVIRONMENT})
    body = SimpleNamespace(
        chain=None, database=None, folder=SimpleNamespace(path=tmp_path), log=SimpleNamespace(info=quiet, error=quiet)
    )
    work = promoting.Promoting(body, settings, served.append)

    def promote(digest, program_root):
        record = Record(AUTHOR, Kind.WEIGHTS, digest, program_root=program_root)
        promoted.append(Promotion(len(promoted) + 1, Entry(bytes(32), record, Status.ACTIVE, 0)))

    def round_():
        work.step()
        if work._loading is not None:
            work._loading.exception()
        work.collect()
        return work.trouble

    yield SimpleNamespace(
        promote=promote, round=round_, served=served, work=work, path=tmp_path / "models" / "v1", seldom=seldom
    )
    work.close()
    for model in filter(None, served):
        asyncio.run(model.close())


def test_what_the_record_names_is_served(node, built):
    node.promote(digest_path(built).root, root_of_folder(built))
    assert node.round() == ""
    assert [model.name for model in node.served] == ["promoted"]


def test_another_program_than_the_record_s_is_not_served(node, built):
    node.promote(digest_path(built).root, OTHER)
    said = f"its program's root is {root_of_folder(built).hex()}, not the record's"
    assert said in node.round()
    assert node.served == []


def test_bytes_of_another_digest_are_not_served(node, built):
    node.promote(OTHER, root_of_folder(built))
    assert f"the files have digest {digest_path(built).root.hex()}, the weights {OTHER.hex()}" in node.round()
    assert node.served == []


def test_bytes_that_change_under_a_node_end_its_answers(node, built):
    """They are read again every hour."""
    node.promote(digest_path(built).root, root_of_folder(built))
    assert node.round() == ""
    arrays = node.path / ARRAYS_FILE
    arrays.unlink()
    arrays.write_bytes((built / ARRAYS_FILE).read_bytes()[:-1] + b"\x01")
    assert node.round() == ""
    node.work._check_at = 0.0  # an hour later
    assert "the files have digest" in node.round()
    assert node.served[-1] is None


def test_what_is_loaded_is_left_to_stay_once_for_each_promotion(node, built):
    """Python's collector passes over it; the check of each hour loads nothing that is new."""
    digest, root = digest_path(built).root, root_of_folder(built)
    for number in (1, 2):
        node.promote(digest, root)
        assert node.round() == ""
        node.work._check_at = 0.0  # an hour later
        assert node.round() == ""
        assert node.seldom == list(range(1, number + 1))
