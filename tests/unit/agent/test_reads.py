"""Tools that compare: an answer with its receipt, every byte of it; and figures of what things cost."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from keifu.agent.mcp import reads as module
from keifu.agent.mcp.reads import Reads
from keifu.agent.mcp.tools import Toolbox
from keifu.agent.scene import Ground
from keifu.chain import Deployment
from keifu.compute.client.side import Side
from keifu.compute.client.sources import Pinned
from keifu.keys import keccak256
from keifu.provenance.proved import Proved
from keifu.provenance.trust import Trust
from tests.unit.compute.client.provider import (
    CHAIN,
    CHANNELS,
    KNOWN,
    MARKET,
    OPERATOR,
    PATH,
    QUESTION,
    STRANGER,
    WHO,
    FakeProvider,
    client_of,
)


@pytest.fixture
def ask(monkeypatch):
    """A tool's data, or the code of its refusal."""
    monkeypatch.setattr(module, "chain_side", lambda *_: Side(CHAIN, MARKET, CHANNELS, Pinned(KNOWN)))
    reads = Reads(Ground(SimpleNamespace(chain_id=CHAIN), Deployment({}), 0))
    toolbox = Toolbox(reads.tools(), lambda: "chain 31337, block 1")

    def ask(name, **arguments):
        found = toolbox.call(name, arguments)["structuredContent"]
        return found["error"]["code"] if "error" in found else found["data"]

    return ask


@pytest.fixture
def answered(tmp_path):
    client = client_of(FakeProvider(), tmp_path / "client")
    answer = client.ask(WHO, PATH, QUESTION)
    client.close()
    client.store.close()
    return {
        "request": answer.request.decode(), "response": answer.body.decode(), "receipt": answer.receipt_text,
        "operator": OPERATOR.address,
    }  # fmt: skip


def failed(found):
    return {check["check"] for check in found["checks"] if not check["ok"]}


def test_an_answer_is_compared_with_its_receipt(ask, answered):
    found = ask("verify_reply", **answered)
    assert (found["holds"], failed(found), len(found["checks"]) > 5) == (True, set(), True), found


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"response": lambda text: text.replace("{", "{ ", 1)}, "response hash"),
        ({"request": lambda text: text + " "}, "request hash"),
        ({"operator": lambda text: STRANGER.address}, "receipt key"),
    ],
)
def test_what_was_changed_is_named(ask, answered, change, check):
    found = ask("verify_reply", **{name: change.get(name, str)(value) for name, value in answered.items()})
    assert (found["holds"], check in failed(found)) == (False, True), found["checks"]


@pytest.mark.parametrize("receipt", ["", "?", "AAAA"])
def test_what_is_no_receipt_is_refused(ask, answered, receipt):
    assert ask("verify_reply", **{**answered, "receipt": receipt}) == "check_failed"


def test_too_much_is_refused_before_it_is_read(ask, answered):
    assert ask("verify_reply", **{**answered, "response": "a" * (module.LONGEST_BODY + 1)}) == "bad_arguments"
    assert ask("verify_bundle", bundle="a" * (module.LONGEST_BUNDLE + 4), block="0x" + "00" * 32) == "bad_arguments"


def test_an_ancestry_without_end_is_given_up(ask, monkeypatch):
    """A stranger links as many records as it likes: the next tool is not kept waiting by it."""
    asked = []

    def contents(record_ids):
        """Each has two parents of its own."""
        asked.extend(record_ids)
        links = [
            [SimpleNamespace(parent=keccak256(record_id + end)) for end in (b"0", b"1")] for record_id in record_ids
        ]
        return {
            record_id: SimpleNamespace(record=SimpleNamespace(links=links_of))
            for record_id, links_of in zip(record_ids, links, strict=True)
        }

    source = SimpleNamespace(
        contents=contents, registry=SimpleNamespace(address=MARKET), environments=None, chain=SimpleNamespace(rpc=None)
    )
    proved = Proved(source, Trust(CHAIN, MARKET), block=object())
    monkeypatch.setattr(Reads, "_proved", proved)
    assert ask("ancestry", id="11" * 32) == "wrong_use"
    assert len(asked) <= module.LARGEST_ANCESTRY


def test_each_tool_is_named_once_and_says_what_it_takes():
    tools = list(Reads(Ground(SimpleNamespace(), Deployment({}), 0)).tools())
    assert len({tool.name for tool in tools}) == len(tools)
    for tool in tools:
        listed = tool.listed()
        assert (listed["inputSchema"]["type"], "$ref" in json.dumps(listed)) == ("object", False)
        assert listed["annotations"]["readOnlyHint"]
