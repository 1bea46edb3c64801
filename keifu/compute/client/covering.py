"""Covers from the client's side: asked for at the provider, compared with the chain, and opened.

A signed cover is the provider's word. What counts is that the market takes it: the key speaks for the operator, its cap
and the lock hold the reserve, and the price is within what the client agreed to. All that is looked at before a coin is
spent, and the contract is asked once more afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ethwire.http import httpx
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.suite import COMPUTE, DISPUTES, HUB
from keifu.compute.client.client import ComputeClient, Provider, ProviderFault, fault_of
from keifu.compute.market.covers import CoverState, SignedCover, open_cover, read_cover
from keifu.compute.market.refusals import place_of
from keifu.compute.promises import disputes_domain, needed_for
from keifu.compute.receipt import Receipts
from keifu.errors import CheckFailed, InputError
from keifu.payments.wallet import KeptChannel
from keifu.payments.x402 import PAYMENT_SIGNATURE
from keifu.staking.hotkeys import KeyKind
from keifu.units import coins

__all__ = ["CoverTerms", "Covers"]

PATHS = {COMPUTE: "/keifu/cover", DISPUTES: "/keifu/cover/disputes"}
FULL = 10_000  # basis points


@dataclass(frozen=True)
class CoverTerms:
    """What a provider covers channels for; amounts in wei."""

    operator: str
    key: str
    smallest: int  # restitution
    largest: int
    basis_points: int  # of the restitution, for the whole time
    seconds: int

    def price(self, restitution: int) -> int:
        return restitution * self.basis_points // FULL


class _Terms(msgspec.Struct, rename="camel"):
    operator: str
    key: str
    smallest: str
    largest: str
    price_basis_points: int
    seconds: int


class Covers:
    """Of one client, for channels that it pays from: at the market, or at InferenceDisputes."""

    def __init__(self, client: ComputeClient, chain: ChainClient, suite: Deployment, contract: str = COMPUTE) -> None:
        self._client, self._chain, self._suite, self._contract = client, chain, suite, contract
        self._market = chain.at(place_of(suite, contract), contract)
        where = chain.chain_id, self._market.address
        self._domain = Receipts(*where).domain if contract == COMPUTE else disputes_domain(*where)

    def terms(self, provider: Provider) -> CoverTerms:
        """Raises ProviderFault for a provider that covers nothing, InputError for an answer that is none."""
        body = self._answer(provider, "GET")
        try:
            said = msgspec.json.decode(body, type=_Terms)
            amounts = int(said.smallest), int(said.largest)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{provider.url} states no terms: {error}", remedy="ask another provider") from error
        return CoverTerms(
            said.operator.lower(), said.key.lower(), *amounts, said.price_basis_points, said.seconds
        )  # fmt: skip

    def ask(self, provider: Provider, kept: KeptChannel, restitution: int) -> SignedCover:
        """The provider's word, not compared yet. Raises ProviderFault with its reason when it refuses."""
        headers = {PAYMENT_SIGNATURE: self._client.wallet.identify(kept), "content-type": "application/json"}
        content = msgspec.json.encode({"restitution": str(restitution)})
        return SignedCover.decode(self._answer(provider, "POST", content, headers))

    def check(self, provider: Provider, kept: KeptChannel, signed: SignedCover, *, restitution: int, most: int) -> None:
        """Compare with what was asked for, and with the chain. Raises CheckFailed naming what differs."""
        cover, now = signed.cover, self._chain.now
        if signed.operator.lower() != provider.operator.lower():
            raise _wrong(f"it is of {signed.operator}, asked was {provider.operator}")
        if (cover.channel_id, cover.restitution) != (kept.id, restitution):
            raise _wrong(f"it is of another channel, or pays {coins(cover.restitution)} coins")
        if cover.price > most:
            raise _wrong(f"it costs {coins(cover.price)} coins, at most {coins(most)} were agreed to")
        if cover.deadline < now or cover.last <= now:
            raise _wrong("it has expired")
        self._check_room(signed, self._key(signed, now))

    def open(
        self, sender: Deployer, provider: Provider, kept: KeptChannel, *, restitution: int, most: int
    ) -> CoverState:
        """Ask, compare, pay the price of at most so many wei, and read what the contract has. Raises ProviderFault,
        CheckFailed and Revert; but for the last comparison, nothing was paid then."""
        signed = self.ask(provider, kept, restitution)
        self.check(provider, kept, signed, restitution=restitution, most=most)
        open_cover(sender, self._suite, kept.channel, signed, self._contract)
        found = self.state(provider, kept)
        if found.restitution != restitution or found.last < signed.cover.last or not found.reserve:
            raise CheckFailed("the market does not show the cover", remedy="ask another endpoint for it")
        return found

    def state(self, provider: Provider, kept: KeptChannel) -> CoverState:
        """What the contract has."""
        return read_cover(self._market, kept.id, provider.operator)

    def _key(self, signed: SignedCover, now: int) -> str:
        try:
            key = signed.signer(self._domain)
        except ValueError as error:
            raise _wrong(f"it has no signature: {error}") from error
        if self._market.operator_of(key, KeyKind.RECEIPT, now).lower() != signed.operator.lower():
            raise _wrong(f"{key} signed it, which is no receipt key of {signed.operator}")
        return key

    def _check_room(self, signed: SignedCover, key: str) -> None:
        """A running cover that is prolonged holds its reserve already."""
        operator, needed = signed.operator, needed_for(signed.cover.restitution)
        state = read_cover(self._market, signed.cover.channel_id, operator)
        cap, held = self._market.cap(operator, key)
        if held + (0 if state.reserve and state.key == key else needed) > cap:
            raise _wrong(f"the cap of its key leaves {coins(max(0, cap - held))} of {coins(needed)} coins")
        lock = self._suite.at(self._chain, HUB).lock_of(self._market.address, operator)
        free = lock - self._market.reserved(operator)
        if not state.reserve and needed > free:
            raise _wrong(f"its operator's lock leaves {coins(free)} of {coins(needed)} coins")

    def _answer(
        self, provider: Provider, method: str, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        url = provider.url.rstrip("/") + PATHS[self._contract]
        try:
            answer = self._client.http.request(method, url, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderFault(f"{provider.url} did not answer: {error}") from error
        if answer.status_code != httpx.codes.OK:
            said = fault_of(answer.content)
            raise ProviderFault(f"{provider.url}: {said}", answer.status_code, answer.content)
        return answer.content


def _wrong(why: str) -> CheckFailed:
    return CheckFailed(
        f"the cover is not what the market takes: {why}", remedy="nothing was paid; ask another provider"
    )  # fmt: skip
