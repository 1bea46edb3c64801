"""Several inputs, asked one by one: when, in which order, and what comes of one that fails."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import httpx
import pytest

from keifu.compute.client.apart import AT_ONCE, apart, asked
from keifu.compute.client.client import Provider, ProviderFault
from keifu.compute.openai import LARGEST_BATCH
from keifu.compute.receipt import Evidence
from keifu.errors import CheckFailed

WHO = Provider("http://127.0.0.1:1", "0x" + "11" * 20)
PATH, CHAIN, NOW = "/v1/embeddings", 31_337, 1_900_000_000
TEXTS = ["a", "bb", "ccc"]
REQUEST = {"model": "words", "input": TEXTS, "encoding_format": "float"}


class Client:
    """A provider that proves one text, and its channel."""

    def __init__(self, *, cover=True, word="proved", evidence=Evidence.PROVED, fails=(), items=1, deposit=0,
                 refuses=(), most=100):  # fmt: skip
        self.refuses, self.most, self.unpaid = refuses, most, []
        self.http = httpx.Client(transport=httpx.MockTransport(self.without_payment))
        self.cover, self.word, self.evidence, self.fails, self.items = cover, word, evidence, fails, items
        self.asked, self.keys, self.lock = [], [], threading.Lock()
        self.may_answer = threading.Event()
        self.may_answer.set()
        other = SimpleNamespace(id=b"other", chain_id=CHAIN + 1)
        kept = SimpleNamespace(id=b"kept", chain_id=CHAIN)
        self.store = SimpleNamespace(channels=lambda: [other, kept])
        self.wallet = SimpleNamespace(terms=SimpleNamespace(chain_id=CHAIN, deposit=deposit))
        self.sources = SimpleNamespace(has_promised=self.has_promised)

    def seconds(self):
        return NOW

    def has_promised(self, operator, channel, time):
        assert (operator, channel) == (WHO.operator, b"kept")
        assert time > NOW
        return self.cover

    def models(self, provider):
        if self.word is None:
            raise ProviderFault("it did not answer")
        listed = [{"id": "other"}, {"id": "words", "keifu": {"evidence": self.word}}]
        return json.dumps({"data": listed}).encode()

    def without_payment(self, request):
        """As nodes do: what is refused is refused before it is paid for."""
        assert (request.method, request.url.path[:4]) == ("POST", "/v1/")
        inputs = json.loads(request.content)["input"]
        self.unpaid.append(inputs)
        if len(inputs) > self.most:
            return refusing(400, "too much at once")
        for place, text in enumerate(inputs):
            if text in self.refuses:
                return refusing(400, f"input {place} has no words")
        return refusing(402)

    def ask(self, provider, path, document, *, key):
        with self.lock:
            self.asked.append(document)
            self.keys.append(key)
            number = len(self.asked)
        inputs = document["input"]
        if inputs[0] in self.fails:
            raise ProviderFault("input 0 has no words", 400, b"{}")
        self.may_answer.wait()
        items = [
            {"index": 0, "embedding": [len(text)], "keifu": {"lanes": text, "groups": "AA"}} for text in inputs
        ] * self.items
        usage = {"prompt_tokens": len(inputs[0]), "completion_tokens": 1, "total_tokens": len(inputs[0]) + 1}
        body = json.dumps({"model": "words", "data": items, "usage": usage}).encode()
        receipt = SimpleNamespace(fee=7, number=number, input_units=len(inputs[0]), output_units=1)
        evidence = self.evidence[inputs[0]] if isinstance(self.evidence, dict) else self.evidence
        return SimpleNamespace(
            body=body, document=json.loads(body), receipt=receipt, receipt_text=f"of {inputs[0]}", evidence=evidence,
            findings=(inputs[0],),
        )  # fmt: skip


def test_each_is_asked_alone_where_it_is_proved_then():
    client = Client()
    found = apart(client, WHO, PATH, REQUEST, key="app")
    assert sorted(client.asked, key=lambda item: item["input"]) == [{**REQUEST, "input": [text]} for text in TEXTS]
    assert set(client.keys) == {"app"}
    assert found.evidence == Evidence.PROVED
    assert (found.fee, found.units, found.newest.receipt.number) == (21, (6, 3), 3)
    assert (found.receipts, found.findings) == (("of a", "of bb", "of ccc"), tuple(TEXTS))
    assert found.document == {
        "object": "list",
        "model": "words",
        "data": [
            {"index": place, "embedding": [len(text)], "keifu": {"lanes": text, "receipt": f"of {text}"}}
            for place, text in enumerate(TEXTS)
        ],
        "usage": {"prompt_tokens": 6, "completion_tokens": 3, "total_tokens": 9},
    }


def test_bytes_of_a_plain_client_are_read():
    found = apart(Client(), WHO, PATH, json.dumps(REQUEST).encode())
    assert len(found.each) == len(TEXTS)


@pytest.mark.parametrize(
    "client", [Client(cover=False), Client(word="unverified"), Client(word=""), Client(word=None)],
    ids=["no cover", "another word", "no word", "no list"],
)  # fmt: skip
def test_where_nothing_is_promised_for_one_all_are_asked_at_once(client):
    assert apart(client, WHO, PATH, REQUEST) is None
    found = asked(client, WHO, PATH, REQUEST)
    assert client.asked == [REQUEST]
    assert found.document == found.each[0].document


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v1/chat/completions", REQUEST),
        (PATH, {**REQUEST, "input": "a"}),
        (PATH, {**REQUEST, "input": ["a"]}),
        (PATH, {**REQUEST, "input": [1, 2, 3]}),
        (PATH, {**REQUEST, "input": ["a", 2]}),
        (PATH, {**REQUEST, "input": ["a"] * (LARGEST_BATCH + 1)}),
        (PATH, {"model": "words"}),
        (PATH, {**REQUEST, "model": "other"}),
        (PATH, b"{"),
        (PATH, b"[]"),
    ],
)
def test_what_is_no_list_of_inputs_goes_as_it_is(path, document):
    client = Client()
    assert apart(client, WHO, path, document) is None
    assert client.asked == []


def test_where_one_of_them_is_refused_none_is_paid_for():
    client = Client(refuses=("ccc",))
    with pytest.raises(ProviderFault, match=r"input 2, asked alone: .*: input 0 has no words") as raised:
        apart(client, WHO, PATH, REQUEST)
    assert (raised.value.status, json.loads(raised.value.body)["error"]["message"]) == (400, "input 0 has no words")
    assert client.asked == []
    assert client.unpaid == [TEXTS, *([text] for text in TEXTS)]


@pytest.mark.parametrize("most", [len(TEXTS), 1])
def test_what_is_too_much_at_once_is_asked_one_by_one_all_the_same(most):
    client = Client(most=most)
    assert len(apart(client, WHO, PATH, REQUEST).each) == len(TEXTS)
    assert client.unpaid[0] == TEXTS
    assert (len(client.unpaid) == 1) == (most == len(TEXTS))


def test_what_no_answer_came_to_is_said_by_whoever_pays():
    client = Client()
    client.http = httpx.Client(transport=httpx.MockTransport(lambda _: refusing(503)))
    assert len(apart(client, WHO, PATH, REQUEST).each) == len(TEXTS)
    client.http.close()
    client.http = SimpleNamespace(stream=not_reached)
    assert len(apart(client, WHO, PATH, REQUEST).each) == len(TEXTS)


def refusing(status, message=""):
    return httpx.Response(status, stream=httpx.ByteStream(json.dumps({"error": {"message": message}}).encode()))


def not_reached(*_, **__):
    raise httpx.ConnectError("nobody is there")


def test_pictures_are_asked_one_by_one_too():
    pictures = [[1, 2], [3, 4]]
    client = Client(evidence=Evidence.PROVED)
    assert len(apart(client, WHO, "/v1/classify", {"model": "words", "input": pictures}).each) == len(pictures)


def test_whoever_wants_one_request_gets_one():
    client = Client()
    asked(client, WHO, PATH, REQUEST, together=True)
    assert client.asked == [REQUEST]


def test_one_weaker_answer_makes_all_weaker():
    words = dict.fromkeys(TEXTS, Evidence.PROVED) | {"bb": Evidence.UNVERIFIED}
    assert apart(Client(evidence=words), WHO, PATH, REQUEST).evidence == Evidence.UNVERIFIED


def test_one_that_is_refused_is_named_and_the_rest_is_not_asked(monkeypatch):
    texts = ["none", *(str(number) for number in range(100, 200))]
    client = Client(fails=("none",))
    client.may_answer.clear()

    class Pool(ThreadPoolExecutor):
        def __exit__(self, *how):  # what is not begun will not be
            client.may_answer.set()
            return super().__exit__(*how)

    monkeypatch.setattr("keifu.compute.client.apart.ThreadPoolExecutor", Pool)
    with pytest.raises(ProviderFault, match="input 0, asked alone: input 0 has no words") as raised:
        apart(client, WHO, PATH, {**REQUEST, "input": texts})
    assert (raised.value.status, raised.value.body) == (400, b"{}")
    assert len(client.asked) <= AT_ONCE + 1


def test_a_later_one_that_is_refused_ends_the_rest_while_the_first_is_waited_for(monkeypatch):
    """A provider that keeps the first answer back and refuses the second sells none of the others."""
    texts = ["slow", "none", *(str(number) for number in range(100, 200))]
    client, is_ending = Client(fails=("none",)), threading.Event()
    answered = client.ask

    def ask(provider, path, document, *, key):
        if document["input"] != ["none"]:
            is_ending.wait(5)
        return answered(provider, path, document, key=key)

    class Pool(ThreadPoolExecutor):
        def __exit__(self, *how):  # what is not begun will not be
            is_ending.set()
            return super().__exit__(*how)

    client.ask = ask
    monkeypatch.setattr("keifu.compute.client.apart.ThreadPoolExecutor", Pool)
    with pytest.raises(ProviderFault, match="input 1, asked alone: input 0 has no words"):
        apart(client, WHO, PATH, {**REQUEST, "input": texts})
    assert len(client.asked) <= AT_ONCE + 1


@pytest.mark.parametrize("deposit", [0, 100])
def test_where_a_channel_may_be_opened_the_first_is_answered_before_others_are_asked(deposit):
    """Else each of those at once opens one of its own, with its own deposit."""
    client, is_second = Client(deposit=deposit), threading.Event()
    answered, found = client.ask, []

    def ask(provider, path, document, *, key):
        if document["input"] == TEXTS[:1]:
            found.append(is_second.wait(5 if not deposit else 1 / 4))
        else:
            is_second.set()
        return answered(provider, path, document, key=key)

    client.ask = ask
    assert len(apart(client, WHO, PATH, REQUEST).each) == len(TEXTS)
    assert found == [not deposit]


@pytest.mark.parametrize("items", [0, 2])
def test_an_answer_with_another_number_of_items_is_no_vector_of_one_text(items):
    found = apart(Client(items=items), WHO, PATH, REQUEST)
    with pytest.raises(CheckFailed, match="the answers are no lists of one item"):
        _ = found.document
