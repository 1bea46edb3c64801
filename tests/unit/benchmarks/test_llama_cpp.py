"""llama.cpp is printed beside where its package is installed, and its lack is said otherwise."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks import llama_cpp
from keifu.errors import EnvironmentFault


def test_a_package_that_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(llama_cpp, "find_spec", lambda _: None)
    with pytest.raises(EnvironmentFault, match="xllamacpp is not installed"):
        llama_cpp.times(Path("model.gguf"), [1, 2])


def test_what_it_answers_is_its_last_line(monkeypatch):
    monkeypatch.setattr(llama_cpp, "find_spec", lambda _: object())
    said = 'loading\n{"prompt": 1.5, "token": 0.25}\n'
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, said, ""))
    assert llama_cpp.times(Path("model.gguf"), [1, 2]) == (1.5, 0.25)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], -11, "", ""))
    with pytest.raises(EnvironmentFault, match="xllamacpp ended with status -11"):
        llama_cpp.chosen(Path("model.gguf"), [[1]])
