"""What owners of tokens, and other attestors, cannot make an attestor do: pay for nothing, end, or wait for ever."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import threading
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from keifu.errors import InputError
from keifu.inft.folder import DataFolder
from keifu.inft.requests import About, Named, NotAttested
from keifu.inft.seals import KEY_BYTES, Secret
from keifu.keys import Account
from keifu.node.attestor.book import Book
from keifu.node.attestor.world import ChainWorld
from keifu.node.compute.questions import Questions
from keifu.node.sections import AttestorWork
from tests.unit.node.attesting import NAMES, OWNER, Bench

PATIENCE = 60.0  # seconds


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def stored(bench: Bench) -> list[str]:
    return sorted(path.name for path in (bench.folder / "data").iterdir())


def last_item(bench: Bench, **change: str) -> DataFolder:
    return DataFolder([*bench.data.items[:-1], msgspec.structs.replace(bench.data.items[-1], **change)])


def last_key_opens_nothing(bench: Bench) -> Any:
    bench.data = last_item(bench, key="22" * KEY_BYTES)
    return bench.asked(bench.request(), "first")


def last_data_is_short(bench: Bench) -> Any:
    secret = Secret(b"\x22" * KEY_BYTES, b"short")
    bench.addresses[-1] = bench.put(secret.data)
    bench.data = last_item(bench, key=secret.key.hex(), data_hash=secret.data_hash.hex())
    return bench.asked(bench.request(), "first")


def other_attestor_has_no_key(bench: Bench) -> Any:
    request = bench.request()
    request.attestors[-1] = msgspec.structs.replace(request.attestors[-1], public_key="00" * 64)
    return bench.asked(bench.signed(request), "first")


def test_a_folder_that_stands_where_data_should_be_ends_no_node(bench):
    """An owner who shares the attestor's folder can make one. The node would take another fault for its own disk's."""
    (bench.folder / "data" / ("ab" * 32)).mkdir()
    bench.addresses[-1] = "folder:" + "ab" * 32
    asked = bench.asked(bench.request(), "first")
    before = stored(bench)
    with pytest.raises(InputError, match="is no file"):
        bench.desk("first").attest(asked)
    assert stored(bench) == before


def test_of_drafts_that_could_not_all_be_begun_none_stays(bench, monkeypatch):
    draft, begun = bench.store.draft, list[str]()

    def second_is_too_many(name: str) -> Any:
        begun.append(name)
        if len(begun) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return draft(name)

    monkeypatch.setattr(bench.store, "draft", second_is_too_many)
    asked = bench.asked(bench.request(), "first")
    before = stored(bench)
    with pytest.raises(OSError, match="No space left"):
        bench.desk("first").attest(asked)
    assert stored(bench) == before


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (last_key_opens_nothing, "wrong_key"),
        (last_data_is_short, "wrong_key"),
        (other_attestor_has_no_key, "no_reception"),
    ],
)
def test_nothing_is_paid_for_before_all_of_a_request_is_known_to_be_right(bench, case, code):
    """ATT-5."""
    asked = case(bench)
    before = stored(bench)
    assert bench.refusal(asked) == code
    assert stored(bench) == before


def test_a_box_that_is_none_is_a_reason(bench):
    request = bench.request()
    lead = bench.desk("first").attest(bench.asked(request, "first"))
    for box in ("no hex", "", "02" + "00" * 64, "11"):
        boxes = {Account.from_role("second").address: box}
        other = msgspec.structs.replace(lead, boxes=boxes)
        assert bench.refusal(bench.asked(request, "second", other), "second") == "not_led"


def test_a_key_that_was_being_erased_stops_no_start(bench):
    public, _ = bench.receptions("first").newest()
    path = bench.place("first") / "receptions" / f"{public.hex()}.key"
    path.write_bytes(bytes(path.stat().st_size))
    new, _ = bench.receptions("first").newest()
    assert new != public
    assert not path.exists()


def test_the_seed_of_new_keys_is_sealed_to_attestors_alone(bench):
    """ATT-6. An owner that names a key of its own could open the box."""
    request = bench.request()
    request.attestors[-1] = msgspec.structs.replace(request.attestors[-1], public_key=OWNER.public_key.hex())
    assert bench.refusal(bench.asked(bench.signed(request), "first")) == "no_reception"
    request = bench.request()
    anybody = Account.from_role("anybody")
    bare = About(request.chain_id, request.verifier, anybody.address, OWNER.public_key.hex(), 2_000_000)
    named = Named(anybody.address, bare.public_key, bare.until, anybody.sign(bare.digest).hex())
    request.attestors.append(named)
    bench.signed(request)
    assert named.has_signed(request.chain_id, request.verifier)
    with pytest.raises(NotAttested) as refusal:
        world_of({Account.from_role(name).address for name in NAMES})._require_attestors(request)
    assert refusal.value.code == "no_attestor"


def world_of(mature: set[str]) -> ChainWorld:
    """A chain on which these have coins behind their word."""
    verifier = SimpleNamespace(
        signers_needed=lambda: 2, PENALTY=lambda: 1, LEAST=lambda: 5, attestor=lambda who: [5 * (who in mature)]
    )
    suite: Any = SimpleNamespace(at=lambda client, name: verifier)
    chain: Any = SimpleNamespace(suite=suite, client=None)
    return ChainWorld(chain, OWNER.address, AttestorWork(listen="127.0.0.1:0"))


def test_promises_that_nobody_brings_are_looked_at_a_few_at_a_time(bench):
    book = Book(sqlite3.connect(":memory:", isolation_level=None), lambda: bench.now)
    request = bench.request()
    lead = bench.desk("first").attest(bench.asked(request, "first"))
    transfer = msgspec.structs.replace(request.transfer(lead.items), backing="1")
    names = [bytes([number]) * 32 for number in range(5)]
    for name in names:
        book.keep(name, lead, transfer)
    assert [[promise.request for promise in book.promises(2)] for _ in range(4)] == [
        names[:2], names[2:4], names[4:], names[:2],
    ]  # fmt: skip


def test_what_breaks_one_reply_ends_no_node():
    questions: Questions[int, int] = Questions(2, "busy")

    async def asked() -> list[Any]:
        waiting = [asyncio.ensure_future(questions.ask(number)) for number in (0, 1)]
        await asyncio.sleep(0)
        questions.answer(lambda number: 1 // number)
        return await asyncio.gather(*waiting, return_exceptions=True)

    broken, whole = asyncio.run(asked())
    assert isinstance(broken, ZeroDivisionError)
    assert whole == 1


def test_somebody_who_comes_while_a_round_waits_is_answered_in_it():
    questions: Questions[int, int] = Questions(2, "busy")

    begun, replied = threading.Event(), []

    def one_round() -> None:
        begun.set()
        questions.answer(replied.append, PATIENCE)

    async def asked() -> None:
        working = asyncio.ensure_future(asyncio.to_thread(one_round))
        await asyncio.to_thread(begun.wait)
        asking = asyncio.ensure_future(questions.ask(1))
        await working
        asking.cancel()

    asyncio.run(asked())
    assert replied == [1]
