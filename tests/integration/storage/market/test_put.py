"""Files into storage on a real chain and real nodes, and back."""

from __future__ import annotations

import pytest

from keifu.errors import CheckFailed, InputError
from keifu.storage.client import accepting, keeping, storing
from keifu.storage.client.address import FileAddress
from keifu.storage.client.fetching import Opened, described, opened
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.quoting import Wish
from keifu.storage.client.repairing import mend, target_of
from keifu.storage.client.storing import address_of, descriptor_of, keys_of
from keifu.storage.client.trees import source_of, write_tree
from keifu.units import COIN
from tests.integration.storage.market.conftest import DATA
from tests.storing import EPOCH

K, M = 2, 1
DEAD = "http://127.0.0.1:9"


def put(world, folder, path, *, public=False, most=100 * COIN, again=False, **more):
    source = source_of(path)
    wish = Wish(source.size, K, M, 10 * EPOCH, not public)
    with Ledger(folder) as ledger:
        return world.storing(ledger, **more).put(source, wish, most=most, public=public, again=again)


def read(world, row, signer=None, start=0, length=None, payer=None) -> bytes:
    keys = keys_of(row, signer)
    with opened(world.market, address_of(row), descriptor_of(row.kept), keys, payer=payer) as file:
        return b"".join(file.read(start, length))


def balance(world) -> int:
    return world.token.balanceOf(world.clients)


def test_a_file_is_stored_paid_once_and_read_by_its_owner(fresh, file, folder):
    before = balance(fresh)
    row = put(fresh, folder, file)
    assert row.state == "stored"
    deal = fresh.market.deal(row.deal)
    paid = before - balance(fresh)
    assert paid == deal.price * 3 * (deal.end - deal.begin) * 10**9 > 0
    assert read(fresh, row, fresh.clients) == DATA
    assert read(fresh, row, fresh.clients, 300_000, 50) == DATA[300_000:300_050]
    assert put(fresh, folder, file) == row
    assert before - balance(fresh) == paid
    assert put(fresh, folder, file, again=True).deal != row.deal
    assert before - balance(fresh) == 2 * paid


def test_public_data_is_read_by_its_address_alone(fresh, file, folder):
    row = put(fresh, folder, file, public=True)
    address = FileAddress.parse(str(address_of(row)))
    assert len(str(address)) <= 128
    found = described(fresh.market, address)
    assert found.content_root == row.root
    with opened(fresh.market, address, found, None) as opened_file:
        assert b"".join(opened_file.read()) == DATA


def test_nothing_is_paid_above_the_bound(fresh, file, folder):
    before = balance(fresh)
    with pytest.raises(CheckFailed, match=r"it would cost .* coins, 0 at most were agreed"):
        put(fresh, folder, file, most=0)
    assert balance(fresh) == before


def test_a_node_that_fails_is_replaced_before_anything_is_paid(fresh, file, folder, monkeypatch):
    real = storing.Peers.at
    bad = fresh.providers[0].account.address.lower()

    def at(self, holder):
        peer = real(self, holder)
        if holder.provider == bad:
            peer.node = self.node(DEAD)
        return peer

    monkeypatch.setattr(storing.Peers, "at", at)
    row = put(fresh, folder, file)
    assert row.state == "stored"
    assert bad not in {holder.provider for holder in row.kept.holders}


def test_a_shard_that_nobody_accepted_goes_to_another_provider(fresh, file, folder):
    fresh.providers[1].service.accepts = False
    with pytest.raises(CheckFailed, match=r"2 of 3 shards are accepted. shard 1: no answer yet"):
        put(fresh, folder, file)
    with Ledger(folder) as ledger:
        row = ledger.file(1)
        assert row.state == "open"
        client = fresh.storing(ledger)
        assert mend(client, target_of(row, keys_of(row, fresh.clients))) == []
        fresh.anvil.warp(2 * EPOCH)
        (done,) = mend(client, target_of(row, keys_of(row, fresh.clients)))
        assert (done.index, done.fault) == (1, "")
        assert done.provider not in {holder.provider for holder in row.kept.holders}
        assert fresh.market.shards(row.deal, 3)[1].provider == done.provider
    assert put(fresh, folder, file).state == "stored"
    fresh.providers[0].service.accepts = False
    assert read(fresh, row, fresh.clients) == DATA


def test_no_operator_gets_two_shards_and_no_region_more_than_the_file_can_spare(fresh, file, folder):
    for number, region in enumerate(("eu", "eu", "eu", "us", "asia")):
        fresh.providers[number].service.declared = {"region": region, "operator": "one" if number < 2 else ""}
    row = put(fresh, folder, file)
    assert sorted(holder.region for holder in row.kept.holders) == ["asia", "eu", "us"]
    for provider in fresh.providers[2:]:
        provider.service.declared = {"operator": "one"}
    with pytest.raises(CheckFailed, match="1 operators offer what is wanted, 3 shards need one each"):
        put(fresh, folder, file, again=True)


def test_a_folder_comes_back_and_one_file_of_it(fresh, tmp_path, folder):
    tree = tmp_path / "tree"
    (tree / "b").mkdir(parents=True)
    (tree / "a.txt").write_text("first")
    (tree / "b" / "c.bin").write_bytes(DATA[:1000])
    row = put(fresh, folder, tree)
    with opened(fresh.market, address_of(row), descriptor_of(row.kept), keys_of(row, fresh.clients)) as file:
        start, size = file.place("b/c.bin")
        assert b"".join(file.downloads.read(start, size)) == DATA[:1000]
        with pytest.raises(InputError, match=r"there is no file '[.][.]/x' in it"):
            file.place("../x")
        write_tree(file.manifest, file.read(), tmp_path / "out")
    assert (tmp_path / "out" / "a.txt").read_text() == "first"
    assert (tmp_path / "out" / "b" / "c.bin").read_bytes() == DATA[:1000]


def test_leaves_are_asked_of_each_provider_and_a_copy_is_compared(fresh, file, folder):
    row = put(fresh, folder, file)
    fresh.provider(row.kept.holders[2].provider).service.lies = True
    found = keeping.sampled(fresh.market, row.deal, descriptor_of(row.kept), 2)
    assert [(item.index, item.good, bool(item.fault)) for item in found] == [(0, 2, False), (1, 2, False), (2, 0, True)]
    fresh.provider(row.kept.holders[2].provider).service.lies = False
    keys = keys_of(row, fresh.clients)
    keeping.compare(descriptor_of(row.kept), keys, source_of(file))
    file.write_bytes(DATA[:-1] + b"?")
    with pytest.raises(CheckFailed, match="is not what was stored"):
        keeping.compare(descriptor_of(row.kept), keys, source_of(file))


def test_a_renewal_that_was_paid_is_not_paid_again(fresh, file, folder):
    row = put(fresh, folder, file)
    end = fresh.market.deal(row.deal).end
    chain = fresh.by(fresh.clients)
    with Ledger(folder) as ledger:
        before = balance(fresh)
        row, renewed = keeping.renew(fresh.market, ledger, chain, row, 5 * EPOCH, 10 * COIN)
        cost = before - balance(fresh)
        assert (renewed, cost > 0) == (end + 5, True)
        killed = ledger.change(row, row.state, storing.replace(row.kept, renewing=end + 5))
        row, renewed = keeping.renew(fresh.market, ledger, chain, killed, 5 * EPOCH, 10 * COIN)
        assert (renewed, before - balance(fresh), row.kept.renewing) == (end + 5, cost, 0)
        with pytest.raises(CheckFailed, match="coins, 0 at most were agreed"):
            keeping.renew(fresh.market, ledger, chain, row, 5 * EPOCH, 0)


def test_what_is_erased_is_read_by_nobody_and_paid_back_as_far_as_it_was_not_proven(fresh, file, folder):
    before = balance(fresh)
    row = put(fresh, folder, file)
    chain = fresh.by(fresh.clients)
    with Ledger(folder) as ledger:
        row, said = keeping.erase(fresh.market, ledger, chain, row)
        assert (row.state, row.keys, said) == ("erased", b"", [])
        with pytest.raises(CheckFailed, match="the keys of file 1 were shredded"):
            keys_of(row, fresh.clients)
        assert keeping.refund(fresh.market, chain, row.deal).coins == 0
        fresh.anvil.warp(3 * EPOCH)
        for holder in row.kept.holders:
            fresh.provider(holder.provider).service.gone = True
        row, said = keeping.erase(fresh.market, ledger, chain, row)
        assert [item.shard for item in said] == [0, 1, 2]
        assert keeping.refund(fresh.market, chain, row.deal).coins > 0
    assert balance(fresh) == before


def test_a_file_is_stored_when_no_reorganisation_takes_it_away(fresh, file, folder, monkeypatch):
    monkeypatch.setattr(accepting, "final_block", lambda rpc: rpc.block_number() - 1)
    before = balance(fresh)
    with pytest.raises(CheckFailed, match="in blocks that are not final yet"):
        put(fresh, folder, file)
    paid = before - balance(fresh)
    fresh.anvil.mine()  # the acceptances are a block deeper now
    assert put(fresh, folder, file).state == "stored"
    assert before - balance(fresh) == paid


def test_a_deal_that_was_undone_is_opened_again(fresh, file, folder):
    fresh.providers[1].service.accepts = False
    state = fresh.anvil.snapshot()
    with pytest.raises(CheckFailed, match="2 of 3 shards are accepted"):
        put(fresh, folder, file)
    fresh.anvil.restore(state)
    fresh.client.forget_nonces()
    before = balance(fresh)
    fresh.providers[1].service.accepts = True
    row = put(fresh, folder, file)
    deal = fresh.market.require_deal(row.deal)
    assert before - balance(fresh) == deal.price * deal.shards * (deal.end - deal.begin) * 10**9


def test_the_bound_and_the_time_of_the_call_that_goes_on_count(fresh, file, folder, monkeypatch):
    """An earlier one agreed to more, and was killed before anything was paid."""
    before, agree = balance(fresh), storing.Storing._agree

    def killed(self, row):
        raise KeyboardInterrupt

    monkeypatch.setattr(storing.Storing, "_agree", killed)
    with pytest.raises(KeyboardInterrupt):
        put(fresh, folder, file)
    monkeypatch.setattr(storing.Storing, "_agree", agree)
    with pytest.raises(CheckFailed, match=r"it would cost .* coins, 0 at most were agreed"):
        put(fresh, folder, file, most=0)
    assert balance(fresh) == before
    monkeypatch.setattr(storing.Storing, "_open", killed)
    with pytest.raises(KeyboardInterrupt):
        put(fresh, folder, file)
    monkeypatch.undo()
    with pytest.raises(CheckFailed, match=r"it would cost .* coins, 0 at most were agreed"):
        put(fresh, folder, file, most=0)  # the terms are written down, and nothing is sent
    assert balance(fresh) == before
    row = put(fresh, folder, file)
    assert (row.number, row.state) == (1, "stored")


@pytest.mark.parametrize("end", ["time", "closed"])
def test_what_is_paid_for_no_more_is_stored_anew(fresh, file, folder, end):
    first = put(fresh, folder, file)
    if end == "closed":
        keeping.close(fresh.market, fresh.by(fresh.clients), first.deal)
    else:
        fresh.anvil.warp(12 * EPOCH)
    second = put(fresh, folder, file)
    assert (second.number, second.state) == (2, "stored")
    assert put(fresh, folder, file) == second


def test_an_address_that_claims_an_endless_list_of_files_is_refused(fresh, file, folder):
    row = put(fresh, folder, file, public=True)
    address = address_of(row)
    with opened(fresh.market, address, descriptor_of(row.kept), None) as found:
        claimed = Opened(found.descriptor, 1 << 31, found.downloads)
        with pytest.raises(InputError, match="its list of files is too large to be one"):
            _ = claimed.manifest


def test_a_deal_that_others_pay_is_agreed_anew_when_it_lapsed_and_never_paid_by_this_key(fresh, file, folder):
    source = source_of(file)
    wish = Wish(source.size, K, M, 10 * EPOCH, masked=False)
    before = balance(fresh)
    with Ledger(folder) as ledger:
        client = fresh.storing(ledger)
        client.signer = Elsewhere()
        row = client.agreed(source, wish, most=100 * COIN, public=True)
        assert client.agreed(source, wish, most=100 * COIN, public=True) == row
        with pytest.raises(CheckFailed, match="is not on the chain"):
            client.finish(row)
        fresh.anvil.warp((row.kept.accept_by - fresh.market.epoch() + 1) * EPOCH)
        again = client.agreed(source, wish, most=100 * COIN, public=True)
    assert again.kept.accept_by > row.kept.accept_by
    assert (again.deal, balance(fresh)) == (row.deal, before)


class Elsewhere:
    """An account whose owner signs for it."""

    address = "0x" + "7e" * 20

    def sign(self, digest: bytes) -> bytes:
        raise AssertionError(digest)
