"""What a withdrawal reaches at a client: the answers that it was given by what rests on a record."""

from __future__ import annotations

import itertools
import json

import pytest

from keifu.compute.client.store import Store
from keifu.compute.receipt import Evidence, Receipt, SignedReceipt
from keifu.keys import Account
from keifu.payments import Channel
from keifu.payments.wallet import KeptChannel
from keifu.provenance.digest import digest_path

NUMBERS, AUTHOR = itertools.count(1), "answers author"


@pytest.fixture(scope="module", autouse=True)
def funded(anvil):
    for role in (AUTHOR, "answers owner"):
        anvil.account(role)


def kept_answer(folder, environment, seq, digest):
    """What a client keeps of an answer that it paid for."""
    client, provider = (Account.from_role(role).address for role in ("answered client", "answering provider"))
    channel = Channel(client, client, provider, provider, "0x" + "d" * 40, 900, bytes(32))
    id_, number = b"\xc1" * 32, next(NUMBERS)
    with Store(folder) as store:
        store.keep_channel(KeptChannel(channel, id_, 31_337, "0x" + "b" * 40))
        request, _ = store.begin(id_, 20, "key", "http://provider", "digits", 1_900_000_000)
        receipt = Receipt(
            id_, number, environment, seq, digest, *(bytes(32),) * 5, 4, 2, 7, 7 * number, Evidence.UNVERIFIED,
            1_900_000_000,
        )  # fmt: skip
        store.answered(request, SignedReceipt(receipt, (), bytes(65)), 10)


def test_a_withdrawal_travels_to_answers(keifu, make, tmp_path):
    """To those of each promotion that ran what was made of it, and of no other."""
    data = make("data of answers", "dataset", role=AUTHOR)
    model = make("model that answers", "model", f"trained-on={data}", role=AUTHOR)
    other = make("another model", "model", role=AUTHOR)
    owner = ("--role", "answers owner")
    status, place, _ = keifu("prov", "declare", "answers", *owner)
    assert status == 0
    for artefact in (model, other):
        assert keifu("prov", "promote", "answers", artefact, *owner)[0] == 0
    assert keifu("prov", "rollback", "answers", "1", *owner)[0] == 0
    folder, environment = tmp_path / "client", bytes.fromhex(place.strip())
    for seq in (1, 2, 3):
        kept_answer(folder, environment, seq, bytes([seq]) * 32)
    own = digest_path(tmp_path / "model_that_answers").root
    for digest in (own, b"\x09" * 32):
        kept_answer(folder, bytes(32), 0, digest)
    ask = ("prov", "impact", data, "--answers", "--folder", folder)
    assert keifu("prov", "withdraw", data, "--reason", "not licensed", "--role", AUTHOR)[0] == 0
    status, out, err = keifu(*ask, "--json")
    assert (status, "still run by" in err) == (1, True)
    found = json.loads(out)["answers"]
    assert [(item["environment"], item["seq"]) for item in found] == [
        (place.strip(), 1), (place.strip(), 3), ("00" * 32, 0),
    ]  # fmt: skip
    assert found[2]["digest"] == own.hex()
    out = keifu(*ask)[1]
    assert "3 answers of this client rest on it; fees of 21" in out
    assert "promotion 3" in out
    status, out, _ = keifu("prov", "impact", other, "--answers", "--folder", folder, "--json")
    assert (status, [item["seq"] for item in json.loads(out)["answers"]]) == (0, [2])
    assert "answers" not in json.loads(keifu("prov", "impact", data, "--json")[1])


def test_answers_of_a_client_that_kept_none_are_not_invented(keifu, make, tmp_path):
    data = make("data of nobody", "dataset", role=AUTHOR)
    status, out, err = keifu("prov", "impact", data, "--answers", "--folder", tmp_path / "none")
    assert (status, out) == (2, "")
    assert "no client has kept anything in" in err
