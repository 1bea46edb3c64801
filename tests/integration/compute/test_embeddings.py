"""Vectors over the wire: asked by OpenAI's own client, paid for, and compared with their receipts."""

from __future__ import annotations

import httpx
import msgspec
import numpy as np
import openai
import pytest

from keifu.compute.client.capture import Captured, exchange_of
from keifu.compute.client.checks import Check, Expected, check_reply, shown
from keifu.compute.receipt import Evidence
from keifu.inference.embeddings.building import build
from keifu.inference.embeddings.executor import Executor
from tests.conformance.inference.bert_folder import POSITIONS, folder_of
from tests.integration.compute.known import OPERATOR, Known
from tests.paid_server import Payer, provider, settings_of

TEXTS = ["A proof of work.", "is no promise!"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return folder, build(folder_of(folder / "published"), folder / "vectors")


@pytest.fixture(scope="module")
def node(stored, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_MODELS", str(stored[0]))
        with provider(settings_of(tmp_path_factory.mktemp("node"), models="vectors")) as found:
            yield found


@pytest.fixture(scope="module")
def key(node):
    return Payer("payer 0", node.settings).api_key


def test_openais_client_gets_the_model_s_vectors(node, key, stored):
    """By its own default, which is base64, and by floats; of texts, of one, and of ids."""
    client = openai.OpenAI(base_url=f"{node.url}/v1", api_key=key, max_retries=0)
    executor, tokenizer = Executor(stored[1].program), stored[1].tokenizer
    ids = [tokenizer.encode(text, POSITIONS) for text in TEXTS]
    wanted = []
    for one in ids:
        lanes = executor.vector(one)
        wanted.append((lanes / np.linalg.norm(lanes)).astype(np.float32).tolist())
    found = client.embeddings.create(model="vectors", input=TEXTS)
    assert [item.embedding for item in found.data] == wanted
    assert (found.model, found.usage.prompt_tokens) == ("vectors", sum(map(len, ids)))
    plain = client.embeddings.create(model="vectors", input=TEXTS[0], encoding_format="float")
    assert [item.embedding for item in plain.data] == wanted[:1]
    assert [item.embedding for item in client.embeddings.create(model="vectors", input=ids).data] == wanted
    [about] = client.models.list().data
    assert about.model_extra["keifu"]["dimensions"] == len(wanted[0])
    assert about.model_extra["keifu"]["evidence"] == "unverified"
    with pytest.raises(openai.BadRequestError, match="dimensions is 8, and the vectors of vectors have 64"):
        client.embeddings.create(model="vectors", input="a", dimensions=8)
    with pytest.raises(openai.BadRequestError, match="input 1 has more than 48 tokens"):
        client.embeddings.create(model="vectors", input=["a", "a " * 50])


def test_a_receipt_is_compared_and_a_stronger_word_is_not_believed(node, key):
    body = msgspec.json.encode({"model": "vectors", "input": TEXTS})
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    answer = httpx.post(f"{node.url}/v1/embeddings", content=body, headers=headers)
    exchange = exchange_of(Captured(body, answer.headers["keifu-receipt"], answer.content, False))
    expected = Expected(node.settings.chain_id, node.settings.market, OPERATOR)
    found = {item.check: item for item in check_reply(exchange, expected, Known())}
    assert [item.check for item in found.values() if not item.ok] == []
    assert found[Check.ROOTS].detail.startswith("those of ids and lanes in the answer")
    receipt = exchange.signed.receipt
    assert receipt.output_units == len(TEXTS)
    assert receipt.evidence == shown(exchange, expected) == Evidence.UNVERIFIED
