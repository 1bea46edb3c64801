"""The commands of storage and the SDK with `--token`: what they print, and what they refuse."""

from __future__ import annotations

import json
import re

import pytest

import keifu
from ethwire.keys import checksum
from keifu.chain.suite import STORAGE_DEALS
from tests.integration.storage.market.test_commands import SHAPE, run
from tests.integration.storage.market.test_tokens import FUNDS, named
from tests.storing import EPOCH

__all__ = ["run"]  # a fixture


@pytest.fixture
def token(fresh):
    return named(fresh)


def test_a_file_from_its_quote_in_a_token_to_its_refund(run, fresh, file, token):
    shown = rf"USDX \({checksum(token.address)}\)"
    said = run("store", "quote", file, *SHAPE, "--token", "USDX")
    assert re.search(rf"quote 1: [0-9.]+ {shown} at the most, for 3 shards, any 2 of which give it", said)
    quoted = json.loads(run("store", "quote", file, *SHAPE, "--token", token.address, "--json"))
    assert (quoted["token"], quoted["decimals"], quoted["symbol"]) == (checksum(token.address), 6, "USDX")
    put = json.loads(run("store", "put", file, "--quote", 1, "--json"))
    assert put["state"] == "stored"
    assert json.loads(run("store", "put", file, "--quote", 1, "--json")) == put
    assert FUNDS - token.balanceOf(fresh.clients) == int(quoted["cost"])
    status = json.loads(run("store", "status", 1, "--json"))
    assert (status["deal"]["token"], status["credited"]) == (token.address, "0")
    assert re.search(rf"paid in {shown}; its client may take out 0 {shown}", run("store", "status", 1))
    assert len(json.loads(run("store", "providers", "--token", "USDX", "--json"))) == 3
    assert re.match(rf"prices in {shown}\n", run("store", "providers", "--token", "USDX"))
    assert "at most were agreed" in run("store", "renew", 1, "--for", "1 day", "--max-price", "0.000001", status=1)
    assert "is paid until epoch" in run("store", "renew", 1, "--for", f"{5 * EPOCH} seconds", "--max-price", "1")
    run("store", "close", 1)
    fresh.anvil.warp(3 * EPOCH)
    assert re.fullmatch(rf"0 coins were paid out, and [0-9.]+ {shown}\n", run("store", "refund", 1))
    again = json.loads(run("store", "refund", 1, "--json"))
    assert (again["paid"], again["paid_in_token"], again["token"]) == ("0", "0", checksum(token.address))
    assert token.balanceOf(fresh.clients) == FUNDS


def test_a_bound_in_the_token_is_written_with_its_decimals(run, fresh, file, token):
    bound = ("store", "put", file, *SHAPE, "--token", "USDX", "--max-price")
    assert "decimals" in run(*bound, "0.0000001", status=2)
    assert "at most were agreed" in run(*bound, "0.000001", status=1)
    assert "paying" not in run(*bound, "0", status=1)
    assert token.balanceOf(fresh.clients) == FUNDS
    assert "is stored" in run(*bound, "1")
    assert token.allowance(fresh.clients, fresh.suite[STORAGE_DEALS]) == 0


def test_tokens_that_pay_for_nothing(run, fresh, file, token):
    quote = ("store", "quote", file, *SHAPE, "--token")
    assert f"listed are {checksum(token.address)} USDX" in run(*quote, "EURX", status=2)
    assert "is not listed" in run(*quote, fresh.suite[STORAGE_DEALS], status=2)
    odd = named(fresh, "QUIET", kind="QuietToken")
    assert "does not say its decimals" in run(*quote, odd.address, status=1)
    few = named(fresh, "FEWX", takers=2)
    said = run(*quote, few.address, status=1)
    assert "2 operators take FEWX" in said
    assert "pay in the coin (leave --token out)" in said


def test_the_coin_is_what_pays_where_no_token_is_named(run, fresh, file, token):
    for words in ((), ("--token", fresh.token.address)):
        quoted = json.loads(run("store", "quote", file, *SHAPE, *words, "--json"))
        assert "token" not in quoted
    assert "coins at the most" in run("store", "quote", file, *SHAPE)


def test_a_token_in_python(run, fresh, file, token, tmp_path):
    with keifu.connect(role="client") as k:
        quoted = k.storage.quote(file, days=1, code=(2, 1), token="USDX")  # noqa: S106
        stored = k.storage.put(file, max_price=quoted.cost, days=1, code=(2, 1), token=token.address)
        assert k.storage.read(stored.address, 0, 10) == file.read_bytes()[:10]
        assert FUNDS - token.balanceOf(fresh.clients) == quoted.cost * 10**6
        assert k.storage.renew(stored.address, days=1, max_price="5") > 0


def test_an_endowment_stays_in_the_coin(run, fresh, file, token):
    """Also of a file that a token has paid for."""
    put = json.loads(run("store", "put", file, *SHAPE, "--public", "--token", "USDX", "--max-price", "1", "--json"))
    left = token.balanceOf(fresh.clients)
    said = run("store", "endow", put["file"], "--amount", "50", "--term", f"{8 * EPOCH} seconds")
    assert "pays for file 2" in said
    assert token.balanceOf(fresh.clients) == left
    assert "token" not in json.loads(run("store", "status", 2, "--json"))


def test_an_operator_names_prices_as_people_write_them(run, fresh, token, tmp_path):
    """Doctor says what they are in smallest units, and what is wrong with one."""
    folder, odd = tmp_path / "node", named(fresh, "QUIET", kind="QuietToken")
    make = ("node", "storage", "init", folder, "--rpc", fresh.anvil.url, "--role", "provider 0", "--owner-pages",
            "127.0.0.1:0", "--url", "http://127.0.0.1:9", "--deployments", fresh.folder / "deployments")  # fmt: skip
    for wrong in (token.address, f"{token.address}=0", f"{token.address}=0.0", f"{token.address}=-1", "USDX=1"):
        run(*make, "--token", wrong, status=2)
    run(*make, "--token", f"{token.address}=0.25")
    said = run("node", "storage", "doctor", folder)
    assert f"250000 units of token {checksum(token.address)} for a gibibyte and epoch" in said
    toml = folder / "node.toml"
    assert f'[storage.tokens]\n"{token.address}" = "0.25"' in toml.read_text()
    toml.write_text(toml.read_text().replace(token.address, odd.address))
    assert "1 check failed: token" in run("node", "storage", "doctor", folder, status=1)
