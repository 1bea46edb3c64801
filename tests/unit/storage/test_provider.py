"""A provider's core, event by event: what it refuses, what it waits for, and what it does not believe."""

from __future__ import annotations

import pytest

from keifu.errors import UsageError
from keifu.spec import storage as spec
from keifu.storage.provider.commands import (
    Accept,
    Answer,
    ClearShard,
    Delete,
    Discard,
    Keep,
    Lookup,
    Open,
    Reply,
    Submit,
    Write,
)
from keifu.storage.provider.core import Provider
from keifu.storage.provider.desk import Policy
from keifu.storage.provider.intents import Intents
from keifu.storage.provider.messages import (
    Challenge,
    Cleared,
    Demand,
    Head,
    KeepFailed,
    Kept,
    Leaf,
    Offer,
    Opened,
    OpenFailed,
    Settled,
    Wake,
)
from tests.unit.storage.provider_core import (
    DATA,
    ME,
    OFFER,
    PEER,
    ROOTS,
    SEED,
    SHARDS,
    appended,
    arrived,
    calls,
    leaf_of,
    of,
    provider,
)


class TestTakingShards:
    def test_it_is_kept_then_answered_then_accepted(self):
        core = provider()
        core.handle(0, Head(1, 100, 0, offers=(OFFER,)))
        assert core.handle(1, arrived()) == [Keep("h", SHARDS[0])]
        answer, write, submit = core.handle(2, Kept(SHARDS[0]))
        assert answer == Answer(PEER, SHARDS[0])
        assert isinstance(write, Write), "written down before it is sent"
        assert submit.call == Accept(SHARDS[0])
        assert calls(core.handle(3, Head(2, 112, 0, offers=(OFFER,)))) == [], "it is under way"

    @pytest.mark.parametrize(
        ("event", "policy", "why"),
        [
            (arrived(1), {}, "no deal names it for me"),
            (arrived(root=ROOTS[1]), {}, "it is not the shard that the deal names"),
            (arrived(leaves=3), {}, "it is not the shard that the deal names"),
            (arrived(), {"capacity": 1}, "there is no room"),
        ],
    )
    def test_what_is_refused_leaves_nothing(self, event, policy, why):
        core = provider(**policy)
        core.handle(0, Head(1, 100, 0, offers=(OFFER,)))
        assert core.handle(1, event) == [Discard("h"), Answer(PEER, event.shard, why)]

    def test_the_same_shard_twice_at_a_time(self):
        core = provider()
        core.handle(0, Head(1, 100, 0, offers=(OFFER,)))
        core.handle(1, arrived())
        again = core.handle(2, arrived(handle="second"))
        assert again == [Discard("second"), Answer(PEER, SHARDS[0], "it is being written")]
        core.handle(3, Kept(SHARDS[0]))
        assert core.handle(4, arrived(handle="third")) == [Discard("third"), Answer(PEER, SHARDS[0])]

    def test_room_is_counted_with_what_is_on_its_way(self):
        core = provider(capacity=3)
        core.handle(0, Head(1, 100, 0, offers=(OFFER, Offer(SHARDS[1], ROOTS[1], 2, 1_000))))
        core.handle(1, arrived())
        assert of(core.handle(2, arrived(1)), Answer) == [Answer(PEER, SHARDS[1], "there is no room")]

    def test_a_full_disk_is_told_to_peer_and_operator(self):
        core = provider()
        core.handle(0, Head(1, 100, 0, offers=(OFFER,)))
        core.handle(1, arrived())
        answer, alert = core.handle(2, KeepFailed(SHARDS[0], "no space"))
        assert answer == Answer(PEER, SHARDS[0], "the disk refused it")
        assert "no space" in alert.text

    @pytest.mark.parametrize(("time", "accepts"), [(988, True), (989, False)])
    def test_too_late_by_the_chain_s_time_to_accept(self, time, accepts):
        commands = provider(0).handle(5e9, Head(1, time, 0, offers=(OFFER,)))
        assert calls(commands) == ([Accept(SHARDS[0])] if accepts else [])

    def test_after_a_refusal_it_waits_longer_each_time(self):
        core, head, now, waits = provider(0), Head(1, 100, 0, offers=(OFFER,)), 0.0, []
        [_, submit] = core.handle(now, head)
        for _ in range(3):
            core.handle(now, Settled(submit.intent, False, reason="no"))
            begun = now
            while not (sent := of(core.handle(now, head), Submit)):
                now += 0.5
            submit = sent[0]
            waits.append(now - begun)
        assert waits == sorted(waits)
        assert waits[0] >= 2
        assert waits[2] >= 8

    def test_what_is_done_is_not_done_again_on_an_older_head(self):
        """The sender may hear of the block before the head is read."""
        core = provider(0)
        [_, submit] = core.handle(0, Head(1, 100, 0, offers=(OFFER,)))
        assert calls(core.handle(100, Settled(submit.intent, True, block=9))) == []
        assert calls(core.handle(200, Wake())) == []
        assert calls(core.handle(300, Head(9, 200, 5, offers=(OFFER,)))) == [Accept(SHARDS[0])], "it shows the block"


class TestGivingUp:
    def test_what_nobody_has_a_right_to_goes_when_that_is_final(self):
        core = provider(0)
        core.handle(0, Head(5, 100, 1, offers=(OFFER,)))
        core = provider(0)
        assert of(core.handle(0, Head(6, 112, 2)), Delete) == []
        assert of(core.handle(1, Head(9, 148, 5)), Delete) == []
        assert of(core.handle(2, Head(10, 160, 6)), Delete) == [Delete(SHARDS[0])]
        assert of(core.handle(3, Head(11, 172, 7)), Delete) == []

    def test_an_offer_that_comes_back_keeps_its_bytes(self):
        core = provider(0)
        core.handle(0, Head(6, 112, 2))
        core.handle(1, Head(7, 124, 3, offers=(OFFER,)))
        assert of(core.handle(2, Head(10, 160, 6)), Delete) == [], "it counts from here again"

    def test_a_clearing_that_was_mined_again_later_counts_from_there(self):
        core = provider(0)
        core.handle(0, Head(6, 112, 2, operations=appended(0)))
        core.handle(1, Head(7, 124, 3, 1, (Cleared(7, 0),)))
        assert of(core.handle(2, Head(11, 172, 7, 1, (Cleared(10, 0),))), Delete) == []
        assert of(core.handle(3, Head(14, 208, 10, 2)), Delete) == [Delete(SHARDS[0])]

    def test_what_is_undone_is_as_it_was(self):
        core = provider(0, 1)
        core.handle(0, Head(6, 112, 2, operations=appended(0, 1)))
        whole = core.sequence_root
        core.handle(1, Head(8, 136, 4, 2, (Cleared(8, 0), *appended(2))))
        assert core.sequence_root != whole
        core.handle(2, Head(7, 124, 4, 2))
        assert (core.sequence_root, core.known_operations) == (whole, 2)

    def test_ended_shards_are_cleared_one_at_a_time(self):
        core = provider(0, 1)
        head = Head(6, 112, 2, operations=appended(0, 1), ended=(0, 1))
        [call] = calls(core.handle(0, head))
        assert call == ClearShard(0, tuple(ranged(0, 1).path(0)))
        assert calls(core.handle(1, Head(7, 124, 3, 2, ended=(0, 1)))) == []
        [call] = calls(core.handle(2, Head(8, 136, 4, 2, (Cleared(8, 0),), ended=(1,))))
        assert call.ordinal == 1

    def test_operations_that_were_missed_are_named(self):
        with pytest.raises(UsageError, match="3 operations are said to stand and 0 are known"):
            provider().handle(0, Head(6, 112, 2, kept=3))


def ranged(*numbers: int):
    from keifu.storage.sequence import ProviderSequence, entry  # noqa: PLC0415

    return ProviderSequence(entry(ROOTS[number], 2) for number in numbers)


CHALLENGE = Challenge(3, SEED, 4, 100, 200)
OWED = Head(6, 112, 2, operations=appended(0, 1), owed=(CHALLENGE,))


def opened(command: Open) -> Opened:
    return Opened(command.job, tuple(leaf_of(SHARDS.index(shard), index) for shard, index in command.leaves))


class TestProofs:
    def test_from_the_seed_to_a_transaction(self):
        core = provider(0, 1)
        [job] = of(core.handle(0, OWED), Open)
        assert len(job.leaves) == spec.DRAWS
        [call] = calls(core.handle(1, opened(job)))
        drawn = [spec.draw(SEED, 3, ME, number, 4) for number in range(spec.DRAWS)]
        slow = spec.Range([spec.Shard(tuple(spec.leaves_of(DATA[number]))) for number in (0, 1)])
        assert [list(words) for words in call.words] == [slow.proof(leaf) for leaf in drawn]
        assert call.epoch == 3
        assert of(core.handle(2, Head(7, 124, 3, 2, owed=(CHALLENGE,))), Open) == [], "it is under way"

    def test_another_seed_or_sequence_is_another_proof(self):
        core = provider(0, 1, 2)
        core.handle(1, opened(of(core.handle(0, OWED), Open)[0]))
        other = Challenge(3, b"t" * 32, 4, 100, 200)
        [job] = of(core.handle(2, Head(7, 124, 3, 2, owed=(other,))), Open)
        assert [call.epoch for call in calls(core.handle(3, opened(job)))] == [3]
        assert of(core.handle(4, Head(8, 136, 4, 2, appended(2), owed=(other,))), Open) != []

    def test_leaves_that_come_too_late_are_not_used(self):
        core = provider(0, 1, 2)
        [job] = of(core.handle(0, OWED), Open)
        core.handle(1, Head(7, 124, 3, 2, appended(2), owed=(CHALLENGE,)))
        assert calls(core.handle(2, opened(job))) == []

    def test_a_proof_comes_back_after_a_restart_or_a_refusal(self):
        core = provider(0, 1)
        [_, submit] = core.handle(1, opened(of(core.handle(0, OWED), Open)[0]))[-2:]
        again = Provider(ME, Policy(), core.records(), core.kept)
        assert again.unsettled == (submit.intent,)
        assert of(again.handle(2, OWED), Open) == [], "its end is not known"
        again.handle(3, Settled(submit.intent, False, reason="never heard of"))
        assert of(again.handle(30, Wake()), Open) != []

    def test_nothing_else_changes_the_sequence_meanwhile(self):
        offer = Offer(SHARDS[2], ROOTS[2], 2, 1_000)
        core = provider(0, 1, 2)
        head = Head(6, 112, 2, operations=appended(0, 1), owed=(CHALLENGE,), offers=(offer,), ended=(0,))
        assert calls(core.handle(0, head)) == []
        assert calls(core.handle(1, Head(7, 201, 3, 2, owed=(CHALLENGE,), offers=(offer,)))) == [Accept(SHARDS[2])]

    def test_it_waits_half_the_window_for_a_change_that_was_sent_before(self):
        offer = Offer(SHARDS[2], ROOTS[2], 2, 1_000)
        core = provider(0, 1, 2)
        first = Head(6, 90, 2, operations=appended(0, 1), offers=(offer,))
        assert calls(core.handle(0, first)) == [Accept(SHARDS[2])]
        assert of(core.handle(1, Head(7, 149, 3, 2, offers=(offer,), owed=(CHALLENGE,))), Open) == []
        assert of(core.handle(2, Head(8, 150, 4, 2, offers=(offer,), owed=(CHALLENGE,))), Open) != []

    def test_after_the_window_nothing_is_tried(self):
        late = Head(6, 201, 2, operations=appended(0, 1), owed=(CHALLENGE,))
        assert of(provider(0, 1).handle(0, late), Open) == []

    def test_a_disk_that_does_not_answer_is_asked_again(self):
        core = provider(0, 1, patience=20.0)
        [job] = of(core.handle(0, OWED), Open)
        assert of(core.handle(19, Wake()), Open) == []
        [again] = of(core.handle(20, Wake()), Open)
        assert (again.job, again.leaves) == (job.job[:-1] + "2", job.leaves)

    @pytest.mark.parametrize("rotten", [True, False])
    def test_a_shard_that_is_not_as_it_should_be_is_built_again(self, rotten):
        core = provider(0, 1)
        [job] = of(core.handle(0, OWED), Open)
        shard = job.leaves[0][0]
        bad = (Leaf(bytes(256), leaf_of(0, 0).path), *opened(job).leaves[1:])
        commands = core.handle(1, Opened(job.job, bad) if rotten else OpenFailed(job.job, shard))
        assert calls(commands) == []
        assert of(commands, Lookup) == [Lookup(shard.deal)]
        assert shard not in core.kept

    def test_what_was_spoiled_goes_as_well_when_nobody_has_a_right_to_it(self):
        core = provider(0, 1)
        [job] = of(core.handle(0, OWED), Open)
        shard = job.leaves[0][0]
        core.handle(1, OpenFailed(job.job, shard))
        gone = tuple(Cleared(7, ordinal) for ordinal in (0, 1))
        core.handle(2, Head(8, 136, 4, 2, gone))
        deleted = of(core.handle(3, Head(12, 184, 8, 4)), Delete)
        assert Delete(shard) in deleted


class TestDemands:
    DEMAND = Demand(8, SHARDS[0], 1, 200)

    def test_it_is_answered_with_the_leaf(self):
        core = provider(0)
        [job] = of(core.handle(0, Head(6, 112, 2, operations=appended(0), demands=(self.DEMAND,))), Open)
        assert calls(core.handle(1, opened(job))) == [Reply(8, leaf_of(0, 1))]

    def test_a_wrong_leaf_is_not_shown(self):
        core = provider(0)
        [job] = of(core.handle(0, Head(6, 112, 2, operations=appended(0), demands=(self.DEMAND,))), Open)
        commands = core.handle(1, Opened(job.job, (leaf_of(1, 1),)))
        assert calls(commands) == []
        assert of(commands, Lookup)

    def test_one_that_is_over_is_not_answered(self):
        core = provider(0)
        [job] = of(core.handle(0, Head(6, 112, 2, operations=appended(0), demands=(self.DEMAND,))), Open)
        core.handle(1, Head(7, 124, 3, 1))
        assert calls(core.handle(2, opened(job))) == []


class TestIntents:
    def test_a_number_is_never_used_again(self):
        intents = Intents()
        first, _ = intents.new("accept", "x")
        intents.settle(Settled(first.id, True, block=3))
        again = Intents(intents.records())
        assert again.new("accept", "x")[0].id != first.id

    def test_the_journal_gives_back_what_is_under_way(self):
        intents, records = Intents(), []
        for subject in "xyz":
            records.append(intents.new("prove", subject, "basis")[1])
        settled = intents.settle(Settled("1 prove y", False))
        assert settled
        records.append(settled[1])
        for again in (Intents(records), Intents(intents.records())):
            assert [intent.id for intent in again] == ["0 prove x", "2 prove z"]
            assert again.flying("prove x")[0].basis == "basis"
        assert intents.settle(Settled("1 prove y", False)) is None
