"""Notaries of other chains: who has promised, where the signatures are, and who was shown to have signed two."""

from __future__ import annotations

from benchmarks.explorer_world import address, join, word
from keifu.chain.suite import HUB, RECORD_PROOF
from keifu.units import COIN
from tests.unit.explorer.conftest import HOSTILE, get, text
from tests.unit.explorer.pages import Page

SINCE, LAST = 1_800_000_000, 1_805_000_000


def bind(scribe, notary, last=LAST):
    scribe.log(RECORD_PROOF, "Bound", attestor=notary, since=SINCE, last=last)
    scribe.next_block()


def test_nobody(read):
    page = read("/en/notaries")
    assert "Nobody signs headers of other chains." in page
    assert "Nobody was shown to have signed two." in page
    assert '/en/notaries"' in read("/en/operators")


def test_promises_and_contradictions(changing):
    explorer, scribe = changing
    honest, liar = address("honest notary"), address("lying notary")
    join(scribe, honest, HOSTILE)
    service = scribe.addresses[RECORD_PROOF]
    scribe.log(HUB, "Locked", service=service, operator=honest, amount=2_250 * COIN, payer=honest)
    for notary in (honest, liar, honest):
        bind(scribe, notary)
    scribe.log(HUB, "Slashed", service=service, operator=liar, damages=250 * COIN, penalty=2_000 * COIN, delegated=0)
    scribe.log(
        RECORD_PROOF, "Contradicted", same=True,
        attestor=liar, prover=address("watcher"), chain_id=16_661, number=7, first=word("one"), second=word("other"),
        reward=200 * COIN,
    )  # fmt: skip
    scribe.next_block()
    scribe.write()
    for language in ("en", "ja"):
        page = text(explorer, f"/{language}/notaries")
        assert "<script>hacked" not in Page(page).text
    page = text(explorer, "/en/notaries")
    for said in (
        "2,250",
        ">stands until then<",
        ">taken<",
        "16661",
        ">200<",
        word("one")[:10],
        "keifu prov prove-record",
    ):
        assert said in page, said
    assert "two headers of block 7 of chain 16661" in text(explorer, "/en/slashes")
    bind(scribe, liar, LAST + 1)
    scribe.write()
    assert ">taken<" not in text(explorer, "/en/notaries")
    assert get(explorer, "/en/notaries/1").status == 404
