"""Heartbeats that watchers hand on: what is shown of them, and all that is refused."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

import pytest

from benchmarks.explorer_world import Scribe, address, join, promote, word
from keifu.explorer import Explorer, watchers
from keifu.explorer.beats import Beat, Beats
from keifu.explorer.live import mark_of
from keifu.explorer.view import View
from keifu.explorer.watchers import LARGEST_ANSWER, Watchers, fault_of
from keifu.explorer.words import words_of
from keifu.index import Readers, Store, open_database
from keifu.keys import Account
from keifu.node.web import Background
from keifu.provenance import Heartbeat, environments_domain, heartbeat_digest
from keifu.provenance.bundle_file import heartbeat_json
from keifu.provenance.heartbeats import line_of
from keifu.staking import KeyKind
from keifu.units import DAY
from tests.strangers import no_answers, strangers
from tests.unit.explorer.conftest import get, text

PATIENCE, IMPATIENCE = 600.0, 0.2  # only what waits for ever is waited for with impatience
NODE = Account.from_role("node of the speaker")
SPEAKER = address("speaker")


class Scene:
    """An operator whose key is named, in a copy of the small world; and an answer of a watcher."""

    def __init__(self, scribe: Scribe, path: str, known: dict[str, str]) -> None:
        self.scribe, self.path, self.known = scribe, path, known
        self.since = scribe.time
        join(scribe, SPEAKER, "", known["environment"])
        self.name_key(NODE)
        scribe.write()
        self.said = Heartbeat(
            NODE.address.lower(), bytes.fromhex(known["environment"][2:]), 1, self.digest("model 1"), self.since
        )

    def digest(self, name: str) -> bytes:
        return bytes.fromhex(word(f"bytes of {name}")[2:])

    def name_key(self, key: Account, kind: int = KeyKind.HEARTBEAT) -> None:
        self.scribe.log("HeartbeatService", "KeyRegistered", operator=SPEAKER, key=key.address.lower(), kind=int(kind))

    def domain(self, chain: int | None = None):
        suite = self.scribe.store.suite
        return environments_domain(chain or suite.chain_id, self.scribe.addresses["Environments"])

    def signed(self, said: Heartbeat, *, by: Account = NODE, chain: int | None = None) -> bytes:
        return by.sign(heartbeat_digest(self.domain(chain), said))

    def item(self, said: Heartbeat, operator: str = SPEAKER) -> dict:
        return {"operator": operator, "said": heartbeat_json(said, self.signed(said))}

    def fault(self, said: Heartbeat, *, operator: str = SPEAKER, **how) -> str:
        store = self.scribe.store
        view = View(store, words_of("en"), store.position)
        return fault_of(view, operator, said, self.signed(said, **how))


@pytest.fixture
def scene(made, tmp_path):
    path = str(shutil.copy(made[0], tmp_path))
    with closing(open_database(path)) as database:
        scribe = Scribe(Store.read(database))
        scribe.next_block(scribe.store.position.number + 1)
        yield Scene(scribe, path, made[1])


@pytest.fixture
def stranger():
    with closing(Background()) as background, strangers(background) as made:
        yield made


def serve(stranger, *items: dict) -> None:
    stranger.says(json.dumps({"heartbeats": items}).encode())


@contextmanager
def asking(scene, stranger, patience=PATIENCE):
    with closing(Readers(scene.path)) as readers:
        made = Watchers(readers, [stranger.url], poll=0.01, patience=patience)
        try:
            yield made
        finally:
            made.close()


def until(holds):
    while not (found := holds()):
        time.sleep(0.005)
    return found


# what counts --------------------------------------------------------------------------------------------------------


def test_what_counts_by_the_tables(scene):
    said = scene.said
    assert scene.fault(said) == ""
    assert scene.fault(said, by=Account.from_role("stranger")) == "forged"
    assert scene.fault(said, chain=1) == "forged"
    assert scene.fault(replace(said, environment=b"\x01" * 32)) == "not promised"
    assert scene.fault(said, operator=scene.known["honest"]) == "of another"
    assert scene.fault(replace(said, promotion_seq=2)) == "unknown number"
    assert scene.fault(replace(said, time=said.time - 1)) == "of another"  # the key was nobody's then
    assert scene.fault(replace(said, time=said.time + 90 * DAY)) == ""
    assert scene.fault(replace(said, time=said.time + 90 * DAY + 1)) == "outside the binding"


def test_a_key_that_nobody_named_or_that_is_named_for_something_else(scene):
    stranger, other = Account.from_role("stranger"), Account.from_role("transactions")
    scene.name_key(other, KeyKind.TRANSACTION)
    scene.scribe.write()
    for key in (stranger, other):
        assert scene.fault(replace(scene.said, node=key.address.lower()), by=key) == "of another"


def test_a_retired_key_and_a_binding_that_is_over(scene):
    scribe = scene.scribe
    scribe.next_block()
    at = {"operator": SPEAKER, "environment": scene.known["environment"]}
    scribe.log("HeartbeatService", "Ended", until=scribe.time + DAY, **at)
    scribe.write()
    ended = scribe.time
    assert scene.fault(replace(scene.said, time=ended)) == ""
    assert scene.fault(replace(scene.said, time=ended + 1)) == "outside the binding"
    scribe.log("HeartbeatService", "KeyRetired", operator=SPEAKER, key=NODE.address.lower())
    scribe.write()
    assert scene.fault(replace(scene.said, time=ended)) == ""
    assert scene.fault(replace(scene.said, time=ended + 1)) == "of another"


# what is taken from a watcher ---------------------------------------------------------------------------------------


def test_an_older_one_again_changes_nothing_and_is_counted(scene, stranger, caplog):
    later = replace(scene.said, time=scene.said.time + 60)
    serve(stranger, scene.item(later))
    with asking(scene, stranger) as made:
        until(lambda: made.beats.kept)
        serve(stranger, scene.item(scene.said))
        until(lambda: made.refused["older"])
        assert [beat.said for beat in made.beats.of(operator=SPEAKER)] == [later]
    assert caplog.records == []


def test_one_whose_number_was_reorganised_away_gives_way(scene, stranger):
    scene.scribe.next_block()
    promote(scene.scribe, scene.known["environment"], 2, scene.known["second"])
    scene.scribe.write()
    second = replace(scene.said, promotion_seq=2, digest=scene.digest("model 2"), time=scene.scribe.time)
    serve(stranger, scene.item(second))
    with asking(scene, stranger) as made:
        until(lambda: made.beats.kept)
        scene.scribe.revert(scene.scribe.block)
        serve(stranger, scene.item(scene.said))
        until(lambda: [beat.said for beat in made.beats.of(operator=SPEAKER)] == [scene.said])


def test_one_bad_one_spoils_none_of_the_others(scene, stranger, caplog):
    forged = scene.item(scene.said) | {"operator": scene.known["honest"]}
    broken = {"operator": "nobody", "said": forged["said"]}
    serve(stranger, {}, broken, forged, scene.item(scene.said))
    with asking(scene, stranger) as made:
        until(lambda: made.beats.kept and stranger.asked > 2)
        assert [beat.operator for beat in made.beats.of(environment=scene.known["environment"])] == [SPEAKER]
        assert made.refused.keys() == {"malformed", "of another"}
    assert len(caplog.records) == 1  # not one each time
    assert "refused: malformed, of another" in caplog.text


@pytest.mark.parametrize(
    ("answer", "stays", "reason"),
    [
        *no_answers(LARGEST_ANSWER),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000, False, "malformed", id="deep"),
    ],
)
def test_an_answer_that_is_none_is_counted(scene, stranger, answer, stays, reason):
    stranger.answer, stranger.stays = answer, stays
    with asking(scene, stranger, IMPATIENCE if stays else PATIENCE) as made:
        until(lambda: made.refused)
        assert made.refused.keys() == {reason}
        assert made.beats.kept == {}


def test_more_than_fit_are_not_read(scene, monkeypatch):
    monkeypatch.setattr(watchers, "MAX_HEARTBEATS", 2)
    refused = Counter()
    body = json.dumps({"heartbeats": [scene.item(scene.said)] * 3}).encode()
    assert len(list(watchers._items(body, refused))) == 2
    assert refused == {"huge": 1}


# what is shown ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(scene, stranger):
    """An explorer that has heard what the stranger serves."""
    serve(stranger, scene.item(scene.said))
    with ExitStack() as held:
        explorer = held.enter_context(closing(Explorer(scene.path, watchers=[stranger.url])))
        until(lambda: explorer.watchers.beats.kept)
        yield explorer


def test_pages_say_what_was_signed_and_whether_it_is_the_promoted_one(scene, stranger, shown):
    environment = scene.known["environment"]
    for place in (f"operator/{SPEAKER}", f"environment/{environment[2:]}"):
        page = text(shown, f"/en/{place}")
        assert scene.said.digest.hex() in page
        assert "as signed by the node in the row" in page
        assert '<span class="badge good">yes</span>' in page
        assert f"keifu prov verify-running {environment[2:]} --heartbeats heartbeats.jsonl" in page
        assert "稼働報告: ノードが稼働中と述べるもの" in text(shown, f"/ja/{place}")
        line = get(shown, f"/heartbeats/{environment[2:]}/{SPEAKER}")
        assert f'href="/heartbeats/{environment[2:]}/{SPEAKER}"' in page
        assert json.loads(line.body) == scene.item(scene.said)["said"]
    assert "No heartbeat was heard." in text(shown, f"/en/operator/{scene.known['honest']}")
    assert get(shown, f"/heartbeats/{environment[2:]}").body == line.body
    assert get(shown, "/heartbeats/").status == 404
    assert get(shown, f"/heartbeats/{environment[2:]}/{SPEAKER}/more").status == 404


def test_another_digest_and_an_earlier_promotion_are_named(scene, stranger, shown):
    page = f"/en/operator/{SPEAKER}"
    serve(stranger, scene.item(replace(scene.said, digest=b"\x66" * 32, time=scene.said.time + 1)))
    until(lambda: "no, another one" in text(shown, page))
    serve(stranger, scene.item(replace(scene.said, time=scene.said.time + 2)))
    until(lambda: "no, another one" not in text(shown, page))
    scene.scribe.next_block()
    promote(scene.scribe, scene.known["environment"], 2, scene.known["second"])
    scene.scribe.write()
    assert "of an earlier promotion" in text(shown, page)


def test_open_pages_hear_of_a_new_one(scene, stranger, shown):
    """The page has another mark and another ETag then."""
    before = get(shown, f"/en/operator/{SPEAKER}")
    said = replace(scene.said, time=scene.said.time + 1)
    beat = Beat(SPEAKER, said, line_of(said, scene.signed(said)))
    expected = mark_of(scene.scribe.store.position, Beats({("", b""): beat}).mark)
    serve(stranger, scene.item(said))

    async def listen():
        events = shown.live.events()
        async for part in events:
            if expected.encode() in part:
                break
        await events.aclose()

    asyncio.run(listen())
    after = get(shown, f"/en/operator/{SPEAKER}")
    assert before.etag != after.etag
    assert f'data-mark="{expected}"' in after.body.decode()


def test_without_a_watcher_nothing_is_said_of_heartbeats(explorer, known):
    assert 'id="heartbeats"' not in text(explorer, f"/en/operator/{known['honest']}")


def test_what_was_refused_is_in_the_metrics(scene, stranger, shown):
    serve(stranger, {})
    until(lambda: 'heartbeats_refused_total{reason="malformed"}' in get(shown, "/metrics").body.decode())
