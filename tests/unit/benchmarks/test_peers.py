"""Peers come from npm: what is compiled, what is linked, and when the compiler runs again."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks import _peers
from keifu.abi import Interface
from keifu.errors import EnvironmentFault


def test_a_library_is_linked_into_its_place():
    code = _peers.PeerCode("X", Interface("X", []), "aa__$" + "1" * 34 + "$__bb", "solc", {"1" * 34: "Lib"})
    assert code.linked({"Lib": "0x" + "22" * 20}) == bytes.fromhex("aa" + "22" * 20 + "bb")


def test_other_settings_are_another_cache_entry():
    unit = _peers.UNITS[0]
    assert _peers._cache_file(unit) == _peers._cache_file(dataclasses.replace(unit))
    assert _peers._cache_file(unit) != _peers._cache_file(dataclasses.replace(unit, runs=200))


def test_a_published_peer_says_what_made_it():
    assert _peers.load("MerkleDistributor").made_with == "as published: solc 0.6.11, 200 runs, istanbul"


def test_a_package_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(_peers.PUBLISHED, "Nowhere", "@nobody/nothing/build/Nowhere.json")
    with pytest.raises(EnvironmentFault, match="the npm package of Nowhere is not installed"):
        _peers.load("Nowhere")


def test_the_compiler_is_asked_once(monkeypatch, tmp_path):
    asked = []
    unit = _peers.Unit({"X": "X.sol"}, runs=1)
    monkeypatch.setattr(_peers, "CACHE", tmp_path)
    monkeypatch.setattr(_peers, "_run_solc", lambda unit: asked.append(unit) or {"X": {"abi": [], "code": "00"}})
    assert _peers._compile(unit) == _peers._compile.__wrapped__(unit) == {"X": {"abi": [], "code": "00"}}
    assert len(asked) == 1


def test_a_source_that_does_not_compile_says_so(monkeypatch):
    answer = json.dumps({"errors": [{"severity": "error", "formattedMessage": "ParserError: no"}]})

    class Done:
        stdout = answer

    monkeypatch.setattr(_peers.subprocess, "run", lambda *_, **__: Done())
    with pytest.raises(EnvironmentFault, match="a peer does not compile: ParserError: no"):
        _peers._run_solc(_peers.Unit({"X": "X.sol"}, runs=1))
