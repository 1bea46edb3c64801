"""What a provider's core does about shards that others, or its own disk, have lost."""

from __future__ import annotations

import pytest

from keifu.storage.provider.commands import (
    Alert,
    Answer,
    Delete,
    Fetch,
    Keep,
    Lookup,
    Reserve,
)
from keifu.storage.provider.messages import (
    Arrived,
    Deal,
    FetchFailed,
    Found,
    Head,
    Kept,
    OpenFailed,
    Settled,
    ShardId,
    Vacancy,
    Wake,
)
from tests.unit.storage.provider_core import (
    ME,
    OTHERS,
    PEER,
    ROOTS,
    SHARDS,
    appended,
    arrived,
    calls,
    of,
    provider,
)

VACANCY = Vacancy(SHARDS[3], ROOTS[3], 2, False, "", 0, b"")


class TestRepairs:
    def deal(self, masked: bool = False) -> Deal:
        return Deal(SHARDS[3].deal, 1, OTHERS, tuple(ROOTS[:3]), 2, masked)

    def reserve(self, vacancy: Vacancy = VACANCY, **policy) -> list:
        core = provider(stagger=0.0, **policy)
        return calls(core.handle(0, Head(6, 112, 2, vacancies=(vacancy,))))

    def test_a_vacancy_is_reserved_if_the_operator_wants_it(self):
        assert self.reserve() == [Reserve(SHARDS[3])]
        assert self.reserve(repairs=False) == []
        assert self.reserve(capacity=1) == []

    def test_masked_shards_need_their_key(self):
        masked = Vacancy(SHARDS[3], ROOTS[3], 2, True, "", 0, b"")
        assert self.reserve(masked) == []
        assert self.reserve(masked, masks=True) == [Reserve(SHARDS[3])]

    @pytest.mark.parametrize("masked", [True, False])
    def test_whoever_is_given_the_bytes_of_a_lost_shard_takes_it_over_at_once(self, masked):
        """Of a masked one they come from its client, or from whom it gave the mask key."""
        vacancy = Vacancy(SHARDS[3], ROOTS[3], 2, masked, "", 0, b"")
        core = provider(stagger=1_000.0)
        assert calls(core.handle(0, Head(6, 112, 2, vacancies=(vacancy,)))) == []
        refused = of(core.handle(1, Arrived(PEER, "h", SHARDS[3], ROOTS[2], 2)), Answer)
        assert refused == [Answer(PEER, SHARDS[3], "it is not the shard that the deal names")]
        assert of(core.handle(2, arrived(3)), Keep) == [Keep("h", SHARDS[3])]
        assert calls(core.handle(3, Kept(SHARDS[3]))) == [Reserve(SHARDS[3])]
        assert of(core.handle(4, Head(7, 124, 3, vacancies=(vacancy,))), Delete) == []

    def test_the_bytes_of_a_lost_shard_go_when_another_takes_it(self):
        core = provider(stagger=0.0)
        core.handle(0, Head(6, 112, 2, vacancies=(VACANCY,)))
        core.handle(1, arrived(3))
        core.handle(2, Kept(SHARDS[3]))
        taken = Vacancy(SHARDS[3], ROOTS[3], 2, False, PEER, 500, b"")
        core.handle(3, Head(7, 124, 3, vacancies=(taken,)))
        [intent] = core.unsettled
        core.handle(4, Settled(intent, False))
        assert of(core.handle(5, Head(9, 148, 8, vacancies=(taken,))), Delete) == [Delete(SHARDS[3])]

    def test_who_takes_nothing_over_is_given_nothing(self):
        core = provider(repairs=False)
        core.handle(0, Head(6, 112, 2, vacancies=(VACANCY,)))
        assert of(core.handle(1, arrived(3)), Answer) == [Answer(PEER, SHARDS[3], "no deal names it for me")]

    def test_one_s_own_shard_that_the_disk_lost_is_taken_from_its_client(self):
        core = provider(0)
        core.handle(0, Head(6, 112, 2, operations=appended(0)))
        core.handle(1, OpenFailed("nothing", SHARDS[0]))
        core = provider()
        core.handle(0, Head(6, 112, 2, operations=appended(0)))
        assert of(core.handle(1, arrived(0)), Keep) == [Keep("h", SHARDS[0])]
        core.handle(2, Kept(SHARDS[0]))
        assert of(core.handle(30, Wake()), Lookup) == []

    def test_never_two_shards_of_a_deal(self):
        core = provider(3, stagger=0.0)
        sister = Vacancy(ShardId(SHARDS[3].deal, 1), ROOTS[1], 2, False, "", 0, b"")
        head = Head(6, 112, 2, operations=appended(3), vacancies=(sister,))
        assert calls(core.handle(0, head)) == []

    def test_not_all_providers_begin_at_once(self):
        core = provider(stagger=1_000.0)
        assert calls(core.handle(0, Head(6, 112, 2, vacancies=(VACANCY,)))) == []
        assert calls(core.handle(1_000, Wake())) == [Reserve(SHARDS[3])]

    def test_peers_that_fail_are_passed_over_and_asked_again(self):
        core = provider(0, patience=20.0)
        core.handle(0, Head(6, 112, 2, operations=appended(0)))
        core.handle(1, OpenFailed("nothing", SHARDS[0]))
        core = provider(patience=20.0)
        [lookup] = of(core.handle(0, Head(6, 112, 2, operations=appended(0))), Lookup)
        deal = Deal(lookup.deal, 1, (ME, *OTHERS[:2]), tuple(ROOTS[:3]), 2)
        asked = of(core.handle(1, Found(deal)), Fetch)
        assert {fetch.peer for fetch in asked} == set(OTHERS[:2])
        for fetch in asked:
            core.handle(2, FetchFailed(fetch.job, fetch.shard.index))
        assert of(core.handle(3, Wake()), Lookup) == [], "after a pause"
        assert of(core.handle(10, Wake()), Lookup) == [lookup], "who holds what may have changed"

    def test_a_masked_shard_of_one_s_own_is_beyond_help(self):
        core = provider()
        core.handle(0, Head(6, 112, 2, operations=appended(3)))
        [alert] = of(core.handle(1, Found(self.deal(masked=True))), Alert)
        assert "only its client can build it again: it is masked" in alert.text
