"""The chat page in a browser: a reply streams, is compared with its receipt, and a lie is named. Receipts of a token
model go over the wire, and through the client."""

from __future__ import annotations

import json

import httpx
import pytest

from benchmarks.browser import Browser, program
from keifu.compute.alone import RECEIPT_ROLE
from keifu.compute.client.capture import Captured, exchange_of
from keifu.compute.client.checks import Check, Expected, check_reply, shown
from keifu.compute.receipt import Evidence
from keifu.errors import EnvironmentFault
from keifu.keys import Account
from tests.integration.compute.known import OPERATOR, Known
from tests.paid_server import PATIENCE_SECONDS, Payer, provider, settings_of

ASKED = {"model": "chat", "messages": [{"role": "user", "content": "Is it true?"}], "max_tokens": 24}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chat")
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_MODELS", str(folder))
    with provider(settings_of(folder, models="chatting")) as found:
        yield found
    patch.undo()


@pytest.fixture(scope="module")
def key(node):
    return Payer("payer 0", node.settings).api_key


@pytest.fixture(scope="module")
def tab():
    try:
        program()
    except EnvironmentFault as error:
        pytest.skip(str(error))
    with Browser() as browser:
        yield browser.tab()


def compared(node, captured):
    exchange = exchange_of(captured)
    expected = Expected(node.settings.chain_id, node.settings.market, OPERATOR, has_disputes=True)
    failed = {item.check: item.detail for item in check_reply(exchange, expected, Known()) if not item.ok}
    return exchange, expected, failed


@pytest.mark.parametrize("stream", [False, True])
def test_receipts_bind_ids_and_trace(node, key, stream):
    body = json.dumps({**ASKED, "stream": stream}).encode()
    answer = httpx.post(
        f"{node.url}/v1/chat/completions",
        content=body,
        headers={"authorization": f"Bearer {key}"},
        timeout=PATIENCE_SECONDS,
    )
    captured = Captured(body, answer.headers.get("keifu-receipt", ""), answer.content, stream)
    exchange, expected, failed = compared(node, captured)
    assert failed == {}
    receipt = exchange.signed.receipt
    assert bytes(32) not in (receipt.input_root, receipt.output_root, receipt.trace_root)
    assert receipt.evidence == shown(exchange, expected) == Evidence.UNVERIFIED  # it is bound to no environment
    assert receipt.fee == 3 + receipt.output_units
    for before, after, check in (
        (b'"token_ids":[', b'"token_ids":[1,', Check.ROOTS),
        (b'"prompt_token_ids":[', b'"prompt_token_ids":[1,', Check.ROOTS),
        (b'"model":"chat"', b'"model":"shat"', Check.RESPONSE),
    ):
        changed = Captured(body, captured.header, answer.content.replace(before, after, 1), stream)
        assert check in compared(node, changed)[2]


def test_a_model_says_what_it_is(node):
    (item,) = httpx.get(f"{node.url}/v1/models").json()["data"]
    assert item["keifu"]["endpoints"] == ["/v1/chat/completions", "/v1/completions", "/v1/products"]
    assert (item["keifu"]["context"], item["keifu"]["evidence"]) == (160, "unverified")
    assert len(bytes.fromhex(item["keifu"]["sampling"])) == 32


def test_the_page_may_load_nothing_from_elsewhere(node):
    page = httpx.get(f"{node.url}/chat")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "://" not in page.text.replace("http-equiv", "")
    assert httpx.post(f"{node.url}/chat").status_code == 405
    terms = httpx.get(f"{node.url}/chat/terms").json()
    assert terms == {"chain_id": 31_337, "market": node.settings.market, "models": ["chat"]}


def said(tab, node, key, question, before=""):
    """What stands under the reply."""
    tab.open(f"{node.url}/chat")
    tab.until("document.getElementById('model').value === 'chat'")
    tab.evaluate(f"document.getElementById('key').value = {json.dumps(key)}")
    tab.evaluate("document.getElementById('most').value = 24")
    tab.evaluate(f"(() => {{ {before}; return 0 }})()")
    tab.evaluate(f"document.getElementById('question').value = {json.dumps(question)}")
    tab.evaluate("(document.getElementById('form').requestSubmit(), 0)")
    tab.until("document.querySelector('.evidence') && document.querySelector('.evidence').dataset.word")
    word = tab.evaluate("document.querySelector('.evidence').dataset.word")
    return word, tab.evaluate("document.querySelector('.evidence').textContent")


def test_a_reply_is_compared_as_it_streams(tab, node, key):
    word, words = said(tab, node, key, "What is a receipt?")
    assert word == "unverified", words
    assert "its provider's word, signed" in words
    assert "tokens in (" in words
    assert "tokens out (" in words
    assert "Not compared here: whose key that is" in words
    assert "proved" not in words
    assert f"signature (by {receipt_key()})" in words
    assert tab.evaluate("document.querySelector('.assistant').textContent") not in ("", "…")
    assert tab.faults == []
    assert all(url.startswith(node.url) or url == "about:blank" for url in tab.asked)


def receipt_key():
    return Account.from_role(RECEIPT_ROLE).address.lower()


LIES = {
    "tokens out": "event.replace('\"token_ids\":[', '\"token_ids\":[1,')",
    "reply": 'event.replace(\'"model":"chat"\', \'"model":"shat"\')',
}


@pytest.mark.parametrize("what", sorted(LIES))
def test_a_reply_that_was_changed_on_its_way_is_refused(tab, node, key, what):
    """What comes from the node is changed in the browser before the page reads it."""
    before = f"""
      const plain = window.fetch;
      window.fetch = async (url, options) => {{
        const answer = await plain(url, options);
        if (!url.startsWith('/v1/')) return answer;
        const body = await answer.text();
        let changed = false;
        const events = body.split('\\n\\n').map((event) => {{
          const other = changed ? event : {LIES[what]};
          changed = changed || other !== event;
          return other;
        }});
        return new Response(events.join('\\n\\n'), {{ status: answer.status }});
      }}"""
    word, words = said(tab, node, key, "What is a receipt?", before)
    assert word == "refused"
    assert what in words
    assert "Do not use this reply" in words


def test_without_a_key_nothing_is_bought(tab, node):
    word, words = said(tab, node, "", "Hello?")
    assert (word, words) == ("failed", "No reply: this has to be paid for: enter a key (kf-…)")
    tab.faults.clear()
