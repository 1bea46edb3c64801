"""Plain clients ask a local address, which pays a real provider for them and compares what it says."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import agents
import httpx
import openai
import pytest

from ethwire.keys import Account
from keifu.compute.alone import RECEIPT_ROLE
from keifu.compute.client.client import ComputeClient
from keifu.compute.client.client import Provider as Asked
from keifu.compute.client.sources import Pinned
from keifu.compute.client.store import Store
from keifu.compute.proxy import new_key
from keifu.payments.wallet import KeptChannel, Terms, Wallet
from keifu.provenance.trust import Market, ReceiptKey
from tests.paid_server import Payer, Provider, provider, settings_of
from tests.proxies import running
from tests.upstream import WORDS, upstream

OPERATOR = Account.from_role("operator").address
RECEIPT_KEY = Account.from_role(RECEIPT_ROLE).address
LIMIT = 5_000
HELLO: list[Any] = [{"role": "user", "content": "hello"}]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with upstream() as other:
        monkeypatch.setenv("TEST_UPSTREAM", other.url)
        with provider(settings_of(tmp_path, models="passed_on")) as running:
            yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "client") as kept:
        yield kept


@contextmanager
def proxied(served: Provider, store: Store, *, key: str = RECEIPT_KEY, ahead: int = 1) -> Iterator[str]:
    """The proxy's address; it believes `key`, and signs for so many requests at once."""
    settings, payer = served.settings, Payer("payer 0", served.settings)
    channel = replace(payer.channel, payer=payer.channel.payer.lower())
    store.keep_channel(KeptChannel(channel, payer.id, settings.chain_id, settings.channels))
    terms = Terms(settings.chain_id, settings.channels, settings.market, most=LIMIT, ahead=ahead)
    sources = Pinned(Market(settings.market, keys={OPERATOR: (ReceiptKey(key),)}))
    with (
        ComputeClient(Wallet(payer.key, store, terms), sources) as client,
        running(client, Asked(served.url, OPERATOR)) as url,
    ):
        yield url


def plain(url: str, store: Store, name: str = "app", *, day: int | None = None, total: int | None = None) -> Any:
    """OpenAI's own client, with a key of the proxy."""
    key, digest = new_key()
    store.set_cap(name, digest=digest, day=day, total=total)
    return openai.OpenAI(base_url=url, api_key=key)


def test_openais_client_asks_and_streams(served: Provider, store: Store) -> None:
    with proxied(served, store) as url:
        client = plain(url, store)
        assert [model.id for model in client.models.list()] == ["words", "hasty", "theirs"]
        found = client.chat.completions.create(model="words", messages=HELLO, max_tokens=8)
        assert found.choices[0].message.content == "".join(WORDS)
        stream = client.chat.completions.create(model="words", messages=HELLO, max_tokens=8, stream=True)
        assert "".join(chunk.choices[0].delta.content for chunk in stream if chunk.choices) == "".join(WORDS)
    assert [(item.key, item.state, item.units_out) for item in store.requests() if item.state != "void"] == [
        ("app", "answered", 4),
        ("app", "answered", 4),
    ]


@pytest.mark.parametrize("ahead", [1, 8])
def test_many_at_once_are_paid_from_one_channel(served: Provider, store: Store, ahead: int) -> None:
    with proxied(served, store, ahead=ahead) as url:
        client = plain(url, store)
        lengths = [1, 2, 3, 4] * 5

        def ask(length: int) -> str:
            found = client.chat.completions.create(model="words", messages=HELLO, max_tokens=length)
            return str(found.choices[0].message.content)

        threads = [threading.Thread(target=lambda item=item: said.append(ask(item))) for item in lengths]
        said: list[str] = []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(said) == sorted("".join(WORDS[:length]) for length in lengths)
    answered = [item for item in store.requests() if item.state == "answered"]
    assert sorted(item.number or 0 for item in answered) == list(range(1, 21))
    assert sum(item.fee for item in answered) == max(item.receipt.charged for item in store.receipts())


def test_an_answer_by_another_key_is_an_error_in_openais_form_and_not_asked_again(
    served: Provider, store: Store
) -> None:
    with proxied(served, store, key=OPERATOR) as url:
        client = plain(url, store)
        with pytest.raises(openai.InternalServerError, match="receipt key: signed for this market by") as raised:
            client.chat.completions.create(model="words", messages=HELLO, max_tokens=8)
        assert (raised.value.status_code, raised.value.code) == (502, "receipt_key")
        stream = client.chat.completions.create(model="words", messages=HELLO, max_tokens=8, stream=True)
        with pytest.raises(openai.APIError, match="receipt key"):
            list(stream)
    assert [item.state for item in store.requests() if item.state != "void"] == ["refused", "refused"]


def test_a_cap_ends_in_openais_quota_error(served: Provider, store: Store) -> None:
    with proxied(served, store) as url:
        client = plain(url, store, total=1)
        with pytest.raises(openai.RateLimitError, match="key app may spend 1 in all") as raised:
            client.chat.completions.create(model="words", messages=HELLO, max_tokens=8)
        assert raised.value.code == "insufficient_quota"
    assert store.requests() == []


def test_a_provider_that_refuses_is_quoted(served: Provider, store: Store) -> None:
    with proxied(served, store) as url, pytest.raises(openai.NotFoundError, match="nothing"):
        plain(url, store).chat.completions.create(model="nothing", messages=HELLO)


@pytest.mark.parametrize("key", [None, "Bearer sk-keifu-no", "Basic x"])
def test_without_a_key_of_the_proxy_nothing_is_answered(served: Provider, store: Store, key: str | None) -> None:
    with proxied(served, store) as url:
        for path, method in (("/models", "GET"), ("/chat/completions", "POST")):
            answer = httpx.request(method, url + path, headers={"authorization": key} if key else {})
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_an_unknown_path_is_not_there(served: Provider, store: Store) -> None:
    with proxied(served, store) as url:
        client = plain(url, store)
        answer = httpx.get(url + "/files", headers={"authorization": f"Bearer {client.api_key}"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


# an agent ----------------------------------------------------------------------------------------------------------


class Tooled(BaseHTTPRequestHandler):
    """A model that first asks for a tool, then says what it gave."""

    def do_POST(self) -> None:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        last = asked["messages"][-1]
        call = {"id": "c1", "type": "function", "function": {"name": "lineage", "arguments": '{"model": "digits"}'}}
        if last["role"] == "tool":
            message, reason = {"role": "assistant", "content": f"It comes from {last['content']}."}, "stop"
        else:
            message, reason = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": reason}
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        body = json.dumps({**answer, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def test_an_agent_calls_a_tool_over_the_proxy(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tooled)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TEST_UPSTREAM", f"http://127.0.0.1:{server.server_address[1]}/v1")
    asked: list[str] = []

    @agents.function_tool
    def lineage(model: str) -> str:
        """Say from what a model was made."""
        asked.append(model)
        return "the digits data"

    agents.set_tracing_disabled(True)
    with provider(settings_of(tmp_path, models="passed_on")) as served, proxied(served, store) as url:
        key = plain(url, store).api_key
        model = agents.OpenAIChatCompletionsModel("words", openai.AsyncOpenAI(base_url=url, api_key=key))
        agent = agents.Agent("helper", instructions="Answer.", tools=[lineage], model=model)
        found = asyncio.run(agents.Runner.run(agent, "From what was digits made?"))
    server.shutdown()
    assert (asked, found.final_output) == (["digits"], "It comes from the digits data.")
    assert [item.units_in for item in store.requests() if item.state == "answered"] == [9, 9]
