"""`keifu verify-reply`, `keifu usage`: what they print, and how they end. No network is asked."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from ethwire.commands import exit_status
from keifu.cli.root import cli
from keifu.provenance.trust import Trust
from tests.unit.compute.client.provider import (
    CHAIN,
    CHANNEL_ID,
    ENVIRONMENT,
    FEE,
    KNOWN,
    MOST,
    NOW,
    OPERATOR,
    PATH,
    QUESTION,
    WHO,
    FakeProvider,
)
from tests.unit.compute.client.test_lies import CASES, IDS, STREAMED, har_of, one_later

REGISTRY = "0x" + "1" * 40
CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def trust(tmp_path):
    path = tmp_path / "trust.json"
    Trust(CHAIN, REGISTRY, compute=KNOWN).checked("it").write(path)
    return path


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setenv("KEIFU_RPC", CLOSED)

    def call(*args):
        status = exit_status(cli, [str(item) for item in args], program="keifu")
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@pytest.fixture
def verify(run, trust, tmp_path):
    def call(provider, question=QUESTION, *more, as_har=True):
        request = json.dumps(question).encode()
        answer = provider.answer(CHANNEL_ID, request, stream="stream" in question)
        body = b"".join(answer.iter_raw())
        if as_har:
            files = [har_of(tmp_path, request, answer, body)]
        else:
            head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
            (tmp_path / "answer").write_bytes(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body)
            (tmp_path / "request").write_bytes(request)
            files = [tmp_path / "answer", "--request", tmp_path / "request"]
        own = ("--operator", OPERATOR.address, "--environment", ENVIRONMENT.hex(), "--channel", CHANNEL_ID.hex())
        return run("verify-reply", *files, *own, "--most", MOST, "--trust", trust, "--offline", *more)

    return call


@pytest.mark.parametrize("as_har", [True, False], ids=["har", "curl"])
@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
def test_an_honest_reply_is_verified_without_a_network(verify, question, as_har):
    status, out, err = verify(one_later(), question, as_har=as_har)
    assert (status, err) == (0, "")
    assert all(line.startswith("ok   ") for line in out.splitlines())
    assert "ok   evidence: unverified: its provider's word" in out
    assert "ok   charged: 14, not compared: your other receipts are not at hand" in out


@pytest.mark.parametrize(("name", "value", "check"), CASES, ids=IDS)
def test_verify_reply_names_every_lie(verify, asking, name, value, check):
    client = asking(FakeProvider())
    client.ask(WHO, PATH, QUESTION)
    client.store.close()
    provider = one_later()
    provider.lie = lambda receipt: replace(receipt, **{name: value})
    if check == "channel":
        status, out, err = verify(provider)
    else:
        status, out, err = verify(provider, QUESTION, "--folder", client.store.folder)
    assert (status, f"FAIL {check}: " in out, check in err) == (1, True, True)


def test_a_reply_without_a_receipt_fails(verify):
    status, out, _ = verify(FakeProvider(with_receipt=False))
    assert (status, out) == (1, "FAIL receipt: the answer has no Keifu-Receipt\n")


def test_a_reply_of_a_channel_that_is_not_the_clients_fails(verify, asking):
    client = asking(FakeProvider(), opened=False)
    client.store.close()
    status, out, _ = verify(one_later(), QUESTION, "--folder", client.store.folder)
    assert (status, out.startswith("FAIL channel: channel ")) == (1, True)


def test_findings_are_json_for_programs(verify):
    status, out, _ = verify(one_later(), QUESTION, "--json")
    assert status == 0
    assert {"check": "promotion", "ok": True, "detail": "3"} in json.loads(out)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.har", "{}", "is no HAR file"),
        ("x.har", '{"log": {"entries": []}}', "has no request with a body"),
        ("x.har", "[" * 100_000, "is no HAR file"),
        ("answer", "<html>", "does not begin with the line of an answer"),
        ("answer", "HTTP/1.1 200 OK\r\ncontent-type: x", "ends within the headers"),
    ],
)
def test_a_file_that_is_no_capture_is_refused(run, trust, tmp_path, name, text, message):
    path, request = tmp_path / name, tmp_path / "request"
    path.write_text(text)
    request.write_text("{}")
    more = () if name.endswith("har") else ("--request", request)
    status, out, err = run("verify-reply", path, *more, "--operator", OPERATOR.address, "--offline", "--trust", trust)
    assert (status, out, message in err) == (2, "", True)


def test_offline_needs_a_trust_file_that_pins_a_market(run, tmp_path):
    path, capture = tmp_path / "trust.json", tmp_path / "x.har"
    Trust(CHAIN, REGISTRY).write(path)
    capture.write_text('{"log": {"entries": []}}')
    one = '{"request": {"method": "POST", "url": "u"}, "response": {"headers": [], "content": {}}}'
    capture.write_text(f'{{"log": {{"entries": [{one}]}}}}')
    status, _, err = run("verify-reply", capture, "--operator", OPERATOR.address, "--offline", "--trust", path)
    assert (status, "no trust file pins a market" in err) == (2, True)


# usage -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(asking):
    """Three answers by two keys, and one that was lost."""
    provider = FakeProvider()
    client = asking(provider)
    for key in ("own", "app", "app"):
        client.ask(WHO, PATH, QUESTION, key=key)
    provider.with_receipt = False
    with pytest.raises(Exception, match="receipt"):
        client.ask(WHO, PATH, {**QUESTION, "model": "=1+1"}, key="app")
    client.store.close()
    return client.store.folder


def test_usage_is_shown_by_key_and_model(run, folder):
    assert run("usage", "cap", "app", "--day", 100, "--folder", folder)[0] == 0
    status, out, _ = run("usage", "show", "--folder", folder)
    assert status == 0
    assert [line.split() for line in out.splitlines()] == [
        ["key", "model", "requests", "units", "in", "units", "out", "fees", "unsure", "may", "spend"],
        ["app", "=1+1", "1", "0", "0", "0", f"{MOST}", "100", "a", "day"],
        ["app", "digits", "2", "8", "4", f"{2 * FEE}", "0", "100", "a", "day"],
        ["own", "digits", "1", "4", "2", f"{FEE}", "0", "no", "bound"],
    ]
    document = json.loads(run("usage", "show", "--folder", folder, "--key", "own", "--json")[1])
    assert document["caps"] == {"app": {"day": 100, "total": None}}
    assert [item["fees"] for item in document["used"]] == [FEE]


def test_an_invoice_is_a_table_or_a_document(run, folder, tmp_path):
    out = tmp_path / "invoice.csv"
    assert run("usage", "invoice", "--key", "app", "--csv", "--out", out, "--folder", folder)[0] == 0
    lines = list(csv.DictReader(out.read_text().splitlines()))
    assert [(line["number"], line["state"], line["cost"]) for line in lines] == [
        ("2", "answered", f"{FEE}"),
        ("3", "answered", f"{FEE}"),
        ("0", "lost", f"{MOST}"),
    ]
    assert lines[-1]["model"] == "'=1+1"  # no formula
    document = json.loads(run("usage", "invoice", "--folder", folder)[1])
    assert (len(document["lines"]), document["total"]) == (4, 3 * FEE + MOST)
    assert json.loads(run("usage", "invoice", "--until", NOW, "--folder", folder)[1])["lines"] == []
    assert run("usage", "invoice", "--csv", "--json", "--folder", folder)[0] == 2


def test_a_key_is_made_beside_a_client_that_pays_and_kept_nowhere(run, asking):
    client = asking(FakeProvider())
    status, out, _ = run("usage", "key", "app", "--total", 5, "--folder", client.store.folder)
    secret = out.strip()
    assert (status, secret.startswith("sk-keifu-")) == (0, True)
    assert client.store.caps() == {"app": (None, 5)}
    kept = b"".join(path.read_bytes() for path in client.store.folder.iterdir())
    assert secret.encode() not in kept


def test_usage_of_nothing_says_so(run, tmp_path):
    status, _, err = run("usage", "show", "--folder", tmp_path / "none")
    assert (status, "no client has kept anything in" in err) == (2, True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("infer", "digits"), "a request is a --text or a --file"),
        (("infer", "digits", "--text", "x", "--file", __file__), "a request is a --text or a --file"),
        (("infer", "digits", "--file", __file__), "is no JSON"),
        (("proxy", "--host", "192.0.2.1"), "other machines reach 192.0.2.1"),
        (("proxy", "--host", "here"), "is no address"),
    ],
)
def test_what_cannot_be_meant_is_refused_first(run, args, message):
    more = ("--provider", "http://x", "--operator", OPERATOR.address, "--most", 1, "--role", "client")
    status, out, err = run(*args, *more)
    assert (status, out, message in err) == (2, "", True), err
