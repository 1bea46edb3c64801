"""The conformance suite of bundles: every good one is believed, every forged one refused by the check that is named."""

from __future__ import annotations

import json
import random
import zlib

import pytest
from msgspec.structs import replace

from keifu.keys import Account
from keifu.provenance.bundle import Bundle
from keifu.provenance.bundle_file import Refused, decode_parts, encode_parts
from keifu.provenance.labels import LabelBatch, label_word
from tests.conformance.forged import Question, apply, packed, refusal
from tests.conformance.good import Maker
from tests.conformance.make import FOLDER
from tests.conformance.mutants import mutants
from tests.conformance.world import address

SUITE = json.loads((FOLDER / "suite.json").read_text())
MUTATED = ("one-model", "environment-two-of-three", "labels-5", "heartbeats-3")
MUTANTS = 100  # of each; `python -m tests.conformance.mutate` makes any number


@pytest.fixture(scope="module")
def good():
    return {case["name"]: (case, (FOLDER / f"{case['name']}.bundle").read_bytes()) for case in SUITE["good"]}


def test_the_suite_is_as_large_as_it_should_be():
    assert len(SUITE["good"]) >= 40
    assert len(SUITE["forged"]) >= 200
    assert {case["check"] for case in SUITE["forged"]} >= {
        "file", "trust", "environment", "block", "order", "root", "parents", "record", "identity", "manifest",
        "statement", "documents", "production", "artefact", "heartbeat", "label", "belongs",
    }  # fmt: skip


@pytest.mark.case("provenance-6")
def test_every_good_bundle_is_believed_and_shows_what_it_should(good):
    for case, data in good.values():
        shown = Question.read(case).of(Bundle(decode_parts(data)))
        assert (shown.root.hex(), len(shown.entries)) == (case["root"], case["records"]), case["name"]
        active = all(entry.status == 1 for entry in shown.entries.values())
        in_order = active and (shown.production is None or shown.production.ok) and not shown.contradictions
        assert in_order == case["inOrder"], case["name"]
        followed, author = shown.followed(Question.read(case).trust), shown.entries[shown.root].record.author
        assert (author in followed.authors) == case.get("authorIsTrusted", False), case["name"]
        assert encode_parts(decode_parts(data)) == data or decode_parts(
            encode_parts(decode_parts(data))
        ) == decode_parts(data)


@pytest.mark.case("provenance-1")
@pytest.mark.case("provenance-6")
@pytest.mark.case("provenance-16")
def test_every_forged_bundle_is_refused_by_its_check(good):
    documents = {name: decode_parts(data).to_json() for name, (case, data) in good.items() if case["records"] <= 100}
    wrong = []
    for forged in SUITE["forged"]:
        case, _ = good[forged["base"]]
        data = packed(apply(documents[forged["base"]], forged["steps"]))
        found = refusal(data, Question.read(case, forged["ask"]))
        if found != forged["check"]:
            wrong.append((forged["name"], found, forged["check"]))
    assert wrong == []


@pytest.mark.parametrize("name", MUTATED)
def test_no_mutant_is_believed(good, name):
    """Field by field and byte by byte."""
    case, data = good[name]
    for mutant, how in mutants(data, random.Random(name), MUTANTS):
        assert refusal(mutant, Question.read(case)), how


def test_statements_nested_without_end_are_refused(good):
    """A bomb inside a document that a record really commits to."""
    case, data = good["files-1-statements-1"]
    document = decode_parts(data).to_json()
    bomb = "[" * 200_000
    assert refusal(packed(apply(document, [{"at": ["documents", 1], "set": bomb}])), Question.read(case)) == "statement"


@pytest.mark.case("provenance-6")
def test_a_heartbeat_that_the_trust_file_asks_for_cannot_be_cut_out(good):
    """Nobody has to remember to ask: the nodes stand beside the environment's name."""
    case, data = good["heartbeats-3"]
    asked = Question.read(case)
    pinned = replace(
        asked.trust, named={"production": case["environment"]}, runners={"production": tuple(case["nodes"])}
    )
    without = packed(apply(decode_parts(data).to_json(), [{"at": ["heartbeats", 1], "delete": True}]))
    for trust, refused in ((asked.trust, ""), (pinned, "heartbeat")):
        question = Question(trust, environment=case["environment"])
        assert refusal(data, question) == ""
        assert refusal(without, question) == refused


@pytest.mark.parametrize(
    ("anchorer", "about", "words"),
    [
        ("stranger", "data", "anchored the label, but is no author"),
        ("author", "other data", "which is not in the bundle"),
    ],
)
def test_labels_anchored_by_strangers_or_of_other_data_are_refused(anchorer, about, words):
    maker = Maker()
    data, other = maker.record("data"), maker.record("other data")
    weights = maker.record("weights", [data])
    labeller = Account.from_role("labeller")
    batch = LabelBatch.sign(
        maker.world.domain, data if about == "data" else other, [labeller], [b"sample"], [label_word(1)]
    )
    maker.world.anchor(address(anchorer), batch.tree().root, 1)
    with pytest.raises(Refused, match=f"^label: .*{words}"):
        maker.good("it", weights, labels=[batch.prove(0, address(anchorer))])


def test_another_gzip_header_is_another_file(good):
    _, data = good["one-model"]
    body = zlib.decompress(data, wbits=zlib.MAX_WBITS | 16)
    deflate = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    with pytest.raises(Refused, match="no gzip header of a bundle"):
        decode_parts(b"\x1f\x8b\x08\x08" + deflate.compress(body)[4:] + deflate.flush())
