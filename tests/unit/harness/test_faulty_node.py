"""The node that fails on purpose leaves nothing behind."""

from __future__ import annotations

import gc
import warnings

from keifu.chain import Anvil
from tests.faulty_node import FaultyNode


def test_whoever_drops_a_node_leaves_no_socket_open(monkeypatch):
    said = []
    monkeypatch.setattr("sys.unraisablehook", lambda fault: said.append(fault.exc_value))
    with Anvil() as anvil, warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        node = FaultyNode(anvil.url)
        node.respond(b'{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}')
        del node
        gc.collect()
    # What tests before this one left behind is collected here, too.
    assert [fault for fault in said if "socket" in str(fault)] == []
