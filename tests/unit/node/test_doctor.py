"""The doctor says everything that is wrong at once, with the remedy of each."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from keifu.errors import EnvironmentFault
from keifu.node.doctor import CLOCK_SECONDS, examine, require_clock
from keifu.node.kinds import kind_of
from keifu.node.settings import FILE
from keifu.node.setup import toml_of
from tests.unit.node.conftest import tables

NOW = 1_800_000_000
HOUR = 3_600


def chain(time, *, is_local=False):
    """A chain whose newest block has this time."""
    newest = SimpleNamespace(timestamp=hex(time))
    return SimpleNamespace(is_local=is_local, newest=lambda: newest, rpc=SimpleNamespace(url="http://x"))


@pytest.mark.parametrize(("off", "words"), [(HOUR, "1 hour behind"), (-HOUR, "1 hour ahead of")])
def test_a_clock_that_is_wrong_by_an_hour(off, words):
    with pytest.raises(EnvironmentFault) as fault:
        require_clock(NOW, chain(NOW + off))
    assert words in fault.value.message
    assert "timedatectl" in fault.value.remedy


def test_a_clock_that_is_right(folder):
    del folder
    for off in (0, CLOCK_SECONDS, -CLOCK_SECONDS):
        require_clock(NOW, chain(NOW + off))
    require_clock(NOW, chain(NOW + HOUR, is_local=True))  # a local chain has a clock of its own


def test_all_that_is_wrong_is_said_at_once(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        folder.chmod(0o777)
        (folder / FILE).write_text(toml_of("operator", tables(key={"file": "none.json"}, http={"listen": listen})))
        found = examine(kind_of("operator"), folder)
    wrong = {check.what: check for check in found if not check.holds}
    assert wrong.keys() == {"folder and disk", "key", "chain and code", f"port {listen}"}
    assert all(check.detail and check.remedy for check in wrong.values())
    assert wrong["folder and disk"].remedy == f"chmod o-w {folder}"


def test_without_a_configuration_nothing_else_is_looked_at(tmp_path):
    [found] = examine(kind_of("watcher"), tmp_path)
    assert (found.what, found.holds) == ("configuration", False)


def test_no_such_kind():
    with pytest.raises(Exception, match="no kind of node is called 'idler'"):
        kind_of("idler")
