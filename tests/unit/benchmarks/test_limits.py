"""What the machine can do at most: tools that are missing are named with the command that installs them."""

from __future__ import annotations

import os

import pytest

from benchmarks import limits
from keifu.errors import EnvironmentFault


def test_a_missing_tool_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr(limits.shutil, "which", lambda name: None)
    with pytest.raises(EnvironmentFault, match=r"openssl is not installed \(sudo apt install openssl\)"):
        limits.openssl_speed("sha3-256", 256)


def test_an_openssl_that_prints_no_figure_is_named(monkeypatch):
    class Done:
        stdout = "Doing nothing"

    monkeypatch.setattr(limits.shutil, "which", lambda name: name)
    monkeypatch.setattr(limits.subprocess, "run", lambda *_, **__: Done())
    with pytest.raises(EnvironmentFault, match="no figure for sha3-256"):
        limits.openssl_speed("sha3-256", 256)


def test_the_figure_is_bytes_a_second(monkeypatch):
    class Done:
        stdout = "type            256 bytes\nsha3-256        475164.73k\n"

    monkeypatch.setattr(limits.shutil, "which", lambda name: name)
    monkeypatch.setattr(limits.subprocess, "run", lambda *_, **__: Done())
    assert limits.openssl_speed("sha3-256", 256) == pytest.approx(475_164_730)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system does not bind processes to cores")
def test_one_core_inside_and_all_afterwards():
    before = os.sched_getaffinity(0)
    with limits.one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
