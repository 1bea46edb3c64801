"""What an attestor's pages say is a stranger's word: nonsense is its fault, and another attestor is asked."""

from __future__ import annotations

import msgspec
import pytest

from keifu.errors import CheckFailed
from keifu.inft import asking
from keifu.inft.requests import Answer, AnswerItem
from keifu.inft.status import AttestorStatus
from keifu.strangers import Answered
from tests.unit.node.attesting import NAMES, TERMS, Bench

NONSENSE = [{"public_key": "zz"}, {"until": -1}, {"until": 1 << 300}, {"signature": "zz"}, {"attestor": "nobody"}]


@pytest.fixture
def pages(monkeypatch):
    """What attestors answer, by their addresses."""
    found = {}

    def answered(http, method, path, most, body=None):
        return Answered(200, {}, msgspec.json.encode(found[http.base_url.host]))

    monkeypatch.setattr(asking, "answered", answered)
    return found


@pytest.mark.parametrize("change", NONSENSE, ids=lambda change: next(iter(change)))
def test_an_attestor_that_says_nonsense_of_itself_is_passed_over(pages, tmp_path, change):
    bench = Bench(tmp_path)
    known = []
    for name in NAMES[:2]:
        pages[name] = bench.about(name)
        known.append(AttestorStatus(pages[name].attestor, 1, 0, 0, 0, 0, 0, f"http://{name}"))
    pages[NAMES[0]] = msgspec.structs.replace(pages[NAMES[0]], **change)
    with pytest.raises(CheckFailed, match="has not signed its reception key"):
        asking.abouts([f"http://{NAMES[0]}"], TERMS.chain_id, TERMS.verifier)
    assert asking.announced(known, 1, TERMS.chain_id, TERMS.verifier) == [f"http://{NAMES[1]}"]


def test_an_attestor_that_answers_with_nonsense_is_named(pages, tmp_path):
    bench = Bench(tmp_path)
    request = bench.request()
    items = [AnswerItem("zz", "zz", "zz", "") for _ in request.items]
    for name in NAMES:
        pages[name] = Answer("", "", "", items, {})
    with pytest.raises(CheckFailed, match="answers with items that are none"):
        asking.ask(request, bench.data, [f"http://{name}" for name in NAMES])
