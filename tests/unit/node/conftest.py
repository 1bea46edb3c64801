"""A node's folder as `init` writes it, without a chain: nobody listens where it would look."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from keifu.node.folder import NodeFolder
from keifu.node.settings import FILE
from keifu.node.setup import toml_of
from keifu.node.web import Background

ID, GENESIS = 31_337, "0x" + "ab" * 32
ENVIRONMENT = "cd" * 32
CLOSED = "http://127.0.0.1:9"


def tables(**changes):
    """Tables of an operator's configuration; `changes` replaces whole ones."""
    return {
        "chain": {"rpc": CLOSED, "id": ID, "genesis": GENESIS},
        "key": {"role": "node"},
        "http": {"listen": "127.0.0.1:0"},
        "operator": {"environment": ENVIRONMENT, "artefacts": ["models/*"], "listen": "127.0.0.1:0"},
    } | changes


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / FILE).write_text(toml_of("operator", tables()))
    NodeFolder(tmp_path).lock.touch()
    return tmp_path


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def background():
    made = Background()
    yield made
    made.close()


@pytest.fixture
def refused():
    """How often a stranger was refused, by reason."""
    return Counter()
