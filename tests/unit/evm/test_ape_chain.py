"""The chain of a test process is its own: port, clock, and nobody who is started from here finds it by chance."""

from __future__ import annotations

import os
import socket

import ape
import pytest
from ape.pytest.fixtures import FixtureMap

from ethwire.ports import reserved_port
from tests.ape_chain import GENESIS, HOST, SECONDS_A_BLOCK, ape_host


def test_blocks_follow_each_other_by_the_second(chain):
    before = chain.blocks.head
    chain.mine(3)
    assert chain.blocks.head.timestamp == before.timestamp + 3 * SECONDS_A_BLOCK
    assert chain.pending_timestamp == chain.blocks.head.timestamp + SECONDS_A_BLOCK


def test_a_time_that_a_test_names_is_kept_and_the_clock_goes_on_from_it(chain):
    later = chain.blocks.head.timestamp + 10**6
    chain.mine(timestamp=later)
    assert chain.blocks.head.timestamp == later
    chain.mine()
    assert chain.blocks.head.timestamp == later + SECONDS_A_BLOCK


def test_the_chain_begins_when_all_chains_of_tests_do(chain):
    assert chain.blocks[1].timestamp == GENESIS + SECONDS_A_BLOCK


def test_a_program_that_a_test_starts_does_not_find_this_chain():
    assert ape.networks.provider.http_uri != os.environ.get(HOST)


def test_ape_finds_a_port_only_inside(monkeypatch):
    for before in (None, "http://127.0.0.1:8545"):
        monkeypatch.setenv(HOST, before) if before else monkeypatch.delenv(HOST, raising=False)
        with ape_host() as host:
            assert os.environ[HOST] == host != before
        assert os.environ.get(HOST) == before


def test_a_server_listens_on_a_reserved_port_and_nobody_before_it():
    with reserved_port() as port:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port)).close()


def test_two_reservations_are_two_ports():
    with reserved_port() as first, reserved_port() as second:
        assert first != second


@pytest.fixture(scope="module")
def shared():
    return "of the room"


class TestOwn:
    @pytest.fixture
    def shared(self):
        return "of the test"

    def test_a_fixture_s_scope_is_that_of_its_own_definition(self, shared, request):
        """Else it would be made before the snapshot, and what it does would outlive the test."""
        assert shared == "of the test"
        found = FixtureMap.from_test_item(request.node)
        assert "shared" in found["function"]
        assert "shared" not in found["module"]
