"""The journal, the gathering of shards, and the cores of watcher and client, one question at a time."""

from __future__ import annotations

import pytest

from keifu.spec import storage as spec
from keifu.storage.deals import Placed, deal_id, deal_path, deal_root
from keifu.storage.provider.commands import Alert, Submit
from keifu.storage.provider.gathering import Gathering
from keifu.storage.provider.journal import frame, read
from keifu.storage.provider.messages import Deal, Leaf, Settled, ShardId, Wake
from keifu.storage.provider.retries import Backoff
from keifu.storage.putting import Answered, CancelDeal, ClientHead, DealSeen, File, OpenDeal, Put, Stored, Upload
from keifu.storage.watching import DemandLeaf, Sample, Sampled, Watch, Watcher, WatcherHead

RECORDS = [{"is": "next", "number": number, "text": "系譜"} for number in range(3)]
ME = "0x" + "c1" * 20
HOLDERS = tuple(f"0x{number:040x}" for number in range(1, 6))
DATA = bytes(512)
ROOT = spec.shard_root(DATA)


def of(commands, kind) -> list:
    return [command for command in commands if isinstance(command, kind)]


class TestJournal:
    def test_a_torn_tail_loses_the_last_record_alone(self):
        data = b"".join(frame(record) for record in RECORDS)
        whole = len(data) - len(frame(RECORDS[2]))
        assert read(data) == (RECORDS, len(data))
        for end in range(whole, len(data)):
            assert read(data[:end]) == (RECORDS[:2], whole)

    def test_a_changed_byte_ends_it(self):
        data = bytearray(b"".join(frame(record) for record in RECORDS))
        data[-1] ^= 1
        assert read(bytes(data))[0] == RECORDS[:2]


class TestGathering:
    def gathering(self, k: int = 2, sources: int = 5) -> Gathering:
        return Gathering(k, tuple(range(sources)), 10.0, Backoff(4.0, 8.0), 1, "name")

    def test_one_more_than_needed_is_asked_and_k_are_enough(self):
        one = self.gathering()
        asked = one.due(0.0)
        assert len(asked) == 3
        assert one.due(1.0) == []
        for index in asked[:2]:
            one.got(index)
        assert one.done
        assert (one.due(99.0), one.next_time) == ([], None)

    def test_whoever_fails_or_is_silent_is_replaced(self):
        one = self.gathering()
        asked = one.due(0.0)
        one.failed(asked[0])
        [fourth] = one.due(1.0)
        assert fourth not in asked
        assert one.next_time == 10.0
        [fifth] = one.due(10.0)
        assert {*asked, fourth, fifth} == set(range(5))

    def test_when_all_have_failed_it_begins_again_after_a_pause(self):
        one = self.gathering(k=2, sources=2)
        for index in one.due(0.0):
            one.failed(index)
        assert (one.due(1.0), one.rounds) == ([], 1)
        assert one.due(4.9) == []
        assert len(one.due(7.0)) == 2

    def test_an_answer_that_comes_late_counts(self):
        one = self.gathering(k=1, sources=1)
        one.due(0.0)
        one.due(11.0)
        one.got(0)
        assert one.done

    def test_what_was_never_a_source_is_nothing(self):
        one = self.gathering(k=1)
        one.got(77)
        assert not one.done


class TestDeals:
    def test_they_are_those_of_the_reference(self):
        shards = [Placed(holder, spec.shard_root(bytes([number]) * 256), 1) for number, holder in enumerate(HOLDERS)]
        slow = [(shard.provider, shard.root, shard.leaves) for shard in shards]
        assert deal_root(shards) == spec.deal_root(slow)
        assert [deal_path(shards, at) for at in range(5)] == [spec.deal_path(slow, at) for at in range(5)]
        assert deal_id(ME, deal_root(shards), b"s" * 32) == spec.deal_id(ME, spec.deal_root(slow), b"s" * 32)


DEAL = Deal(b"d" * 32, 1, HOLDERS[:2], (ROOT, ROOT), 2)


class TestWatcher:
    WATCH = Watch(every=100.0, patience=10.0, failures=2, backoff=Backoff(1_000.0, 1_000.0))

    def head(self, *vacant: ShardId, demanded: tuple[ShardId, ...] = (), deal: Deal = DEAL) -> WatcherHead:
        return WatcherHead(1, (deal,), frozenset(demanded), frozenset(vacant))

    def watcher(self) -> Watcher:
        core = Watcher(ME, self.WATCH, lambda below: below - 1)
        core.handle(0.0, self.head())
        return core

    def good(self) -> Leaf:
        return Leaf(DATA[256:], tuple(spec.path(spec.leaves_of(DATA), 1)))

    def fail(self, core: Watcher, answers: int = 2, deal: Deal = DEAL) -> list:
        """Every sample of so many rounds comes to nothing."""
        commands = []
        for number in range(1, answers + 1):
            for sample in of(core.handle(number * 100.0, self.head(deal=deal)), Sample):
                core.handle(number * 100.0 + 1, Sampled(sample.job, None))
            commands = core.handle(number * 100.0 + 2, self.head(deal=deal))
        return commands

    def test_each_shard_is_asked_for_in_its_turn(self):
        samples = of(self.watcher().handle(100.0, Wake()), Sample)
        assert [(sample.peer, sample.shard.index, sample.leaf) for sample in samples] == [
            (HOLDERS[0], 0, 1),
            (HOLDERS[1], 1, 1),
        ]

    @pytest.mark.parametrize("bad", [None, Leaf(bytes(256), ()), Leaf(b"x" * 256, (bytes(32),))])
    def test_failures_in_a_row_become_one_demand(self, bad):
        core = self.watcher()
        for now in (100.0, 200.0):
            for sample in of(core.handle(now, self.head()), Sample):
                core.handle(now + 1, Sampled(sample.job, bad if sample.shard.index else self.good()))
        commands = core.handle(202.0, self.head())
        assert [submit.call for submit in of(commands, Submit)] == [DemandLeaf(ShardId(DEAL.id, 1), 1)]
        assert of(core.handle(203.0, self.head()), Submit) == []
        assert core.alive(DEAL) == 1

    def test_silence_is_a_failure(self):
        core = self.watcher()
        core.handle(100.0, Wake())
        core.handle(200.0, Wake())
        assert len(of(core.handle(211.0, Wake()), Submit)) == 2

    def test_no_demand_where_one_is_open_or_the_shard_waits_for_repair(self):
        both = tuple(ShardId(DEAL.id, index) for index in range(2))
        core = self.watcher()
        assert len(of(self.fail(core), Submit)) == 2
        core = self.watcher()
        for number in (1, 2):
            for sample in of(core.handle(number * 100.0, self.head()), Sample):
                core.handle(number * 100.0 + 1, Sampled(sample.job, None))
        assert of(core.handle(202.0, self.head(both[0], demanded=both[1:])), Submit) == []

    def test_a_demand_that_was_answered_does_not_bring_the_next_one_at_once(self):
        core = self.watcher()
        [first, second] = of(self.fail(core), Submit)
        core.handle(210.0, Settled(first.intent, True, block=1))
        core.handle(210.0, Settled(second.intent, True, block=1))
        assert of(core.handle(900.0, self.head()), Submit) == []
        assert len(of(core.handle(2_000.0, self.head()), Submit)) == 2

    def test_a_new_holder_begins_without_failures(self):
        core = self.watcher()
        self.fail(core)
        moved = Deal(DEAL.id, 1, (HOLDERS[2], HOLDERS[1]), DEAL.roots, 2)
        core.handle(250.0, self.head(deal=moved))
        assert core.alive(moved) == 1

    def test_the_operator_is_called_once_when_few_are_left(self):
        core = self.watcher()
        assert len(of(self.fail(core), Alert)) == 1
        assert of(core.handle(250.0, self.head()), Alert) == []
        core = self.watcher()
        alerts = of(core.handle(50.0, self.head(ShardId(DEAL.id, 0))), Alert)
        assert [alert.text[:8] for alert in alerts] == ["1 shards"]
        assert of(core.handle(60.0, self.head(ShardId(DEAL.id, 0))), Alert) == []


FILE = File("f", 1, (ROOT, ROOT), 2, b"s" * 32)


class TestPut:
    def put(self, records=(), providers: int = 4) -> Put:
        def choose(count: int, without: frozenset[str]) -> tuple[str, ...]:
            return tuple(holder for holder in HOLDERS[:providers] if holder not in without)[:count]

        return Put(ME, [FILE], choose, records)

    def head(self, number: int = 1, final: int = 0, time: int = 100, **deals: DealSeen) -> ClientHead:
        return ClientHead(number, time, final, {bytes.fromhex(deal[1:]): seen for deal, seen in deals.items()})

    def begun(self) -> tuple[Put, list, OpenDeal]:
        core = self.put()
        commands = core.handle(0.0, self.head())
        return core, commands, of(commands, Submit)[0].call

    def test_the_deal_is_written_down_before_it_is_paid(self):
        _, commands, call = self.begun()
        assert [type(command).__name__ for command in commands] == ["Write", "Write", "Submit"]
        records = [command.record for command in commands[:2]]
        again = self.put(records)
        assert of(again.handle(0.0, self.head()), Submit) == [], "under way"
        again.handle(1.0, Settled(again.unsettled[0], False))
        [retry] = of(again.handle(9.0, self.head()), Submit)
        assert retry.call == call, "the same deal: the market refuses to open it twice"

    def test_shards_are_sent_until_they_are_kept_and_again_when_nothing_follows(self):
        core, _, call = self.begun()
        name = f"d{call.id.hex()}"
        seen = {name: DealSeen("open", frozenset(), 500, 1)}
        assert [upload.peer for upload in of(core.handle(1.0, self.head(**seen)), Upload)] == list(HOLDERS[:2])
        assert of(core.handle(1.5, self.head(**seen)), Upload) == []
        core.handle(2.0, Answered(ShardId(call.id, 0)))
        core.handle(2.0, Answered(ShardId(call.id, 1), "no room"))
        assert [upload.shard.index for upload in of(core.handle(9.0, self.head(**seen)), Upload)] == [1]
        assert [upload.shard.index for upload in of(core.handle(60.0, self.head(**seen)), Upload)] == [0, 1]
        half = {name: DealSeen("open", frozenset({0}), 500, 1)}
        assert [upload.shard.index for upload in of(core.handle(90.0, self.head(**half)), Upload)] == [1]

    def test_stored_means_active_in_a_final_block(self):
        core, _, call = self.begun()
        active = {f"d{call.id.hex()}": DealSeen("active", frozenset({0, 1}), 500, 7)}
        assert of(core.handle(1.0, self.head(8, 6, **active)), Stored) == []
        assert of(core.handle(2.0, self.head(9, 7, **active)), Stored) == [Stored("f", call.id)]
        assert core.done
        assert of(core.handle(3.0, self.head(10, 8, **active)), Stored) == []

    def test_one_that_ended_meanwhile_is_not_paid_again(self):
        core, _, call = self.begun()
        commands = core.handle(1.0, self.head(9, 7, **{f"d{call.id.hex()}": DealSeen("ended", frozenset(), 500, 7)}))
        assert core.done
        assert of(commands, Stored) + of(commands, Submit) == []

    def test_whoever_does_not_accept_is_replaced_after_a_final_cancelling(self):
        core, _, call = self.begun()
        name = f"d{call.id.hex()}"
        seen = DealSeen("open", frozenset({0}), 500, 1)
        assert of(core.handle(1.0, self.head(5, 1, 500, **{name: seen})), Submit) == []
        [cancel] = of(core.handle(2.0, self.head(6, 2, 501, **{name: seen})), Submit)
        assert cancel.call == CancelDeal(call.id)
        gone = DealSeen("cancelled", frozenset({0}), 500, 7)
        assert of(core.handle(3.0, self.head(8, 4, 512, **{name: gone})), Submit) == []
        core.handle(4.0, self.head(11, 7, 548, **{name: gone}))
        [second] = of(core.handle(5.0, Wake()), Submit)
        assert [shard.provider for shard in second.call.shards] == [HOLDERS[0], HOLDERS[2]]
        assert second.call.id != call.id

    def test_with_nobody_else_the_same_are_asked_again(self):
        core = self.put(providers=2)
        [first] = of(core.handle(0.0, self.head()), Submit)
        gone = DealSeen("cancelled", frozenset({0}), 500, 7)
        core.handle(4.0, self.head(11, 7, 548, **{f"d{first.call.id.hex()}": gone}))
        [second] = of(core.handle(5.0, Wake()), Submit)
        assert [shard.provider for shard in second.call.shards] == list(HOLDERS[:2])
        assert second.call.id != first.call.id

    def test_too_few_providers_cost_nothing(self):
        core = self.put(providers=1)
        assert core.handle(0.0, self.head()) == []
        assert not core.done
