"""A node that is handed over: the second machine's key ends the first's. Two processes on a real chain."""

from __future__ import annotations

from keifu.keys import Account
from tests.integration.node.conftest import Node


def test_the_second_machine_s_key_ends_the_first_s(keifu, at_first, make, machine, tmp_path):
    at_first.enlist("honest operator")
    first = make("operator", "honest node")
    first.add_settings("poll = 1")
    assert keifu("node", "operator", "bind", first.folder, "--role", "honest operator")[0] == 0
    first.run()
    saved, folder = tmp_path / "node.backup", tmp_path / "second"
    assert keifu("node", "operator", "backup", first.folder, saved)[0] == 0
    machine("b")
    status, _, err = keifu("node", "operator", "run", first.folder)
    assert (status, "belongs to another machine" in err) == (3, True)
    status, _, err = keifu("node", "operator", "restore", saved, folder, "--role", "honest node")
    assert (status, "may still act where the backup was made" in err) == (2, True)
    assert keifu("node", "operator", "restore", saved, folder, "--role", "second node")[0] == 0
    status, out, _ = keifu("node", "operator", "bind", folder, "--role", "honest operator")
    assert (status, "answers for it until" in out) == (0, True)
    assert first.process.wait() == 3
    assert "was retired: another machine acts for" in first.log()
    with Node("operator", folder).inside():
        pass  # the second one begins: it serves what is promoted
    key = at_first.service.key
    assert key(Account.from_role("honest node"))[3] > 0
    assert key(Account.from_role("second node"))[3] == 0
    machine("a")
    status, _, err = keifu("node", "operator", "run", first.folder)
    assert (status, "signs heartbeats for nobody" in err) == (3, True)
