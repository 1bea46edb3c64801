"""What explorers are sent, as docs.etherscan.io (verifyvyper), Sourcify's APIv2 and docs.blockscout.com say."""

from __future__ import annotations

import json
import threading
import traceback
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from keifu import abi
from keifu.deploy import publishing
from keifu.deploy.publishing import Explorer, publish, standard_input
from keifu.errors import CheckFailed, EnvironmentFault
from tests.integration.deploy.conftest import Team

KEY = "f0" * 16
CONTRACTS = ("KeifuToken", "Timelock")
FAR = 3  # requests that find a job unfinished
GIVEN = {"language": "Vyper", "sources": {}, "settings": {}}


class Server:
    """An explorer on this machine. It keeps what it was sent, and answers as its kind does."""

    def __init__(self, kind, *, agrees=True):
        self.kind, self.agrees, self.sent, self.polls = kind, agrees, [], 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.sent.append((self.path, self.headers["Content-Type"], body))
                self.reply(outer.first())

            def do_GET(self):
                outer.polls += 1
                self.reply((200, outer.later(urlsplit(self.path))))

            def reply(self, answer):
                status, content = answer
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def first(self):
        return {
            "etherscan": (200, {"status": "1", "message": "OK", "result": "ticket"}),
            "sourcify": (202, {"verificationId": "ticket"}),
            "blockscout": (200, {"message": "Smart-contract verification started"}),
        }[self.kind]

    def later(self, place):
        done = self.polls % FAR == 0
        if self.kind == "etherscan":
            assert parse_qs(place.query)["action"] == ["checkverifystatus"]
            said = "Pass - Verified" if self.agrees else "Fail - Unable to verify"
            return {"status": "1", "result": said if done else "Pending in queue"}
        if self.kind == "sourcify":
            assert place.path == "/v2/verify/ticket"
            return {"isJobCompleted": done, "contract": {"match": "exact_match" if self.agrees else None}}
        return {"is_verified": done and self.agrees}

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def record(anvil, tmp_path_factory):
    team = Team(anvil, tmp_path_factory.mktemp("published"))
    team.run(team.plan(label="published"))
    return team.record


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    """The compiler is asked by one test; the others send a stand-in."""
    monkeypatch.setattr(publishing, "standard_input", lambda contract: GIVEN)


def published(server, record, key=""):
    explorer = Explorer(server.kind, server.url, key, sleep=lambda seconds: None)
    return [(item.contract, item.holds, item.said) for item in publish(explorer, record, list(CONTRACTS))]


def test_etherscan_gets_what_its_page_asks_for(record):
    with Server("etherscan") as server:
        assert published(server, record, "secret") == [(name, True, "Pass - Verified") for name in CONTRACTS]
    path, kind, body = server.sent[1]
    query = {"chainid": ["31337"], "module": ["contract"], "action": ["verifysourcecode"], "apikey": ["secret"]}
    assert (urlsplit(path).path, parse_qs(urlsplit(path).query)) == ("/v2/api", query)
    assert kind == "application/x-www-form-urlencoded"
    form = {name: value[0] for name, value in parse_qs(body.decode()).items()}
    made = record.creations["Timelock"]
    assert form == {
        "codeformat": "vyper-json",
        "sourceCode": json.dumps(GIVEN),
        "constructorArguments": made.encoded[2:],
        "contractaddress": made.address,
        "contractname": "contracts/governance/Timelock.vy:Timelock",
        "compilerversion": "vyper:0.4.3",
        "optimizationUsed": "1",
    }


def test_sourcify_gets_what_its_page_asks_for(record):
    with Server("sourcify") as server:
        assert published(server, record) == [(name, True, "exact_match") for name in CONTRACTS]
    path, kind, body = server.sent[0]
    made = record.creations["KeifuToken"]
    assert (path, kind) == (f"/v2/verify/31337/{made.address}", "application/json")
    assert json.loads(body) == {
        "stdJsonInput": GIVEN,
        "compilerVersion": "0.4.3+commit.bff19ea2",
        "contractIdentifier": "contracts/token/KeifuToken.vy:KeifuToken",
        "creationTransactionHash": made.transaction,
    }


def test_blockscout_gets_what_its_page_asks_for(record):
    with Server("blockscout") as server:
        assert published(server, record) == [(name, True, "verified") for name in CONTRACTS]
    path, kind, body = server.sent[0]
    made = record.creations["KeifuToken"]
    assert path == f"/api/v2/smart-contracts/{made.address}/verification/via/vyper-standard-input"
    parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).get_payload()
    fields = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in parts}
    assert fields == {
        "compiler_version": b"v0.4.3+commit.bff19ea2",
        "license_type": b"mit",
        "evm_version": b"cancun",
        "files[0]": json.dumps(GIVEN).encode(),
    }


@pytest.mark.parametrize(
    ("kind", "said"), [("etherscan", "Fail - Unable to verify"), ("sourcify", "no match"),
                       ("blockscout", "not verified in time")]
)  # fmt: skip
def test_an_explorer_that_does_not_agree_is_believed(record, kind, said):
    with Server(kind, agrees=False) as server:
        assert published(server, record) == [(name, False, said) for name in CONTRACTS]


def test_what_is_no_explorer_is_named(record):
    with Server("sourcify") as server, pytest.raises(EnvironmentFault, match="did not take KeifuToken"):
        list(publish(Explorer("etherscan", server.url), record, ["KeifuToken"]))


@pytest.mark.parametrize(
    ("status", "result", "said"),
    [(403, "", "it answered 403"), (200, "Invalid API Key (#err2)|" + KEY, "Invalid API Key (#err2)|…")],
)
def test_the_explorer_s_key_is_never_shown(record, monkeypatch, status, result, said):
    with Server("etherscan") as server:
        monkeypatch.setattr(server, "first", lambda: (status, {"status": "0", "result": result}))
        try:
            [shown] = [what for _, _, what in published(server, record, KEY)[:1]]
        except EnvironmentFault as fault:
            shown = "".join(traceback.format_exception(fault))
    assert said in shown
    assert KEY not in shown


def test_what_etherscan_has_already_is_verified(record, monkeypatch):
    with Server("etherscan") as server:
        answer = {"status": "0", "message": "NOTOK", "result": "Contract source code already verified"}
        monkeypatch.setattr(server, "first", lambda: (200, answer))
        assert all(holds for _, holds, _ in published(server, record))


def test_sources_give_the_packaged_code_and_say_nothing_of_this_machine(monkeypatch):
    found = standard_input("Create3Factory")
    assert found["settings"]["search_paths"] == ["site-packages", "."]
    assert all(name.startswith(("contracts/", "site-packages/")) for name in found["sources"])
    token = abi.load("KeifuToken")
    monkeypatch.setattr(publishing, "load", lambda name: token)
    with pytest.raises(CheckFailed, match="the sources of Create3Factory do not give the packaged code"):
        standard_input("Create3Factory")
