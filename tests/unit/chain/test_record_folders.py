"""Where the record of a chain is found, and where a new one belongs."""

from __future__ import annotations

import pytest

from keifu.chain.creation import Creation
from keifu.chain.deployments import Record, find_record, record_folders, user_folder
from keifu.errors import ChainMismatch

HUB = {"StakingHub": Creation("StakingHub", "StakingHub", "0x" + "11" * 20, {}, "0x00", "0x01", 7, "0x02")}
FIRST, OTHER = "0x" + "aa" * 32, "0x" + "bb" * 32


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user with a state folder, working three folders below a project."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("KEIFU_DEPLOYMENTS", raising=False)
    below = tmp_path / "project" / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return tmp_path


def test_the_order_of_folders(home, monkeypatch):
    assert record_folders() == [user_folder()] == [home / "state" / "keifu" / "deployments"]
    near = home / "project" / "deployments"
    near.mkdir()
    assert record_folders() == [near, user_folder()]
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", "/elsewhere")
    assert [str(folder) for folder in record_folders()] == ["/elsewhere"]
    assert record_folders(home) == [home]


def test_a_relative_state_folder_is_not_believed(home, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(home))
    assert user_folder() == home / ".local" / "state" / "keifu" / "deployments"


def test_a_local_chain_is_found_from_any_folder_past_an_older_one_of_its_number(home):
    near = home / "project" / "deployments"
    Record(31_337, OTHER, creations=HUB).save(near)
    Record(31_337, FIRST, creations=HUB).save(user_folder())
    assert find_record(31_337, FIRST, disposable=True)[1] == user_folder()
    assert find_record(31_337, OTHER, disposable=True)[1] == near


def test_a_chosen_folder_is_the_only_one(home):
    Record(31_337, FIRST, creations=HUB).save(user_folder())
    found, folder = find_record(31_337, FIRST, home / "chosen", disposable=True)
    assert (dict(found.contracts), folder) == ({}, home / "chosen")


def test_where_a_new_record_belongs(home):
    assert find_record(31_337, FIRST, disposable=True)[1] == user_folder()
    assert find_record(1, FIRST)[1] == home / "project" / "a" / "b" / "deployments"
    near = home / "project" / "deployments"
    near.mkdir()
    assert find_record(1, FIRST)[1] == near
    assert find_record(31_337, FIRST, disposable=True)[1] == user_folder()


def test_a_record_of_another_chain_that_lasts_is_refused(home):
    Record(1, OTHER, creations=HUB).save(home / "project" / "deployments")
    with pytest.raises(ChainMismatch, match="is of another chain 1"):
        find_record(1, FIRST)
