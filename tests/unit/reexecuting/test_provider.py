"""A provider signs the kind only for what a panel can be shown and compute again."""

from __future__ import annotations

import json

import pytest

from keifu.compute.client.checks import Prices
from keifu.compute.model import Call, Claimed
from keifu.compute.receipt import Evidence
from keifu.compute.upstream import Upstream, is_repeatable
from keifu.node.compute.models import upstreams
from keifu.node.sections import ComputeWork

DIGEST = "ab" * 32


def call(endpoint="chat/completions", stream=False, length=0, **body):
    text = json.dumps({"model": "m", "pad": "x" * length, **body}).encode()
    return Call(endpoint, [], 8, stream, body=text)


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        (call(temperature=0), b"a", True),
        (call(temperature=0.0), b"a", True),
        (call(), b"a", False),  # OpenAI's own temperature is one
        (call(temperature=0.1), b"a", False),
        (call(temperature=0, stream=True), b"a", False),
        (call("embeddings"), b"a", True),
        (call("embeddings"), b"a" * 2_048, True),
        (call("embeddings"), b"a" * 2_049, False),
        (call("embeddings", length=2_048), b"a", False),
        (call("completions", temperature=0, prompt="a"), b"a", True),
        (call("completions", temperature=0, prompt="a", messages=[{"role": "user"}]), b"a", False),
        (call(temperature=0, messages=[{"role": "user"}], input="a"), b"a", False),
        (call("embeddings", input="a", prompt=None), b"a", False),
        (call("embeddings", input=["a"], temperature="hot"), b"a", True),
    ],
)
def test_what_a_panel_can_repeat(asked, answer, expected):
    assert is_repeatable(asked, answer) == expected


def test_a_model_is_of_that_kind_when_its_settings_name_a_digest(tmp_path):
    settings = ComputeWork(
        listen="127.0.0.1:1",
        models={
            "plain": {"upstream": "http://127.0.0.1:1/v1"},
            "floats": {"upstream": "http://127.0.0.1:1/v1", "reexecuted": DIGEST},
        },
    )
    plain, floats = upstreams(settings, tmp_path)
    assert (plain.evidence, plain.claimed) == (Evidence.UNVERIFIED, Claimed())
    assert (floats.evidence, floats.claimed.digest.hex()) == (Evidence.REEXECUTED, DIGEST)


def test_an_upstream_is_unverified_unless_it_is_said():
    assert Upstream("m", "http://127.0.0.1:1/v1", Prices()).evidence is Evidence.UNVERIFIED
