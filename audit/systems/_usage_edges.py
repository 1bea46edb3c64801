"""Users of a token's data at their edges: the last place of the list, offers at each bound, the last use of a lease."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

from audit.systems._hub import number
from audit.systems._hub_edges import way
from audit.systems._inft_edges import InftEdges
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.spec.inft import MAX_USERS, Offer
from keifu.spec.inft_limits import LONGEST_LEASE, LONGEST_OFFER, MAX_QUOTA
from keifu.units import COIN, DAY

__all__ = ["UsageEdges"]

NOT_OWNER, NO_USER, IS_USER = "inft: not the owner", "inft: user is not authorized", "inft: user is authorized"
USED_UP, NO_LEASE, OVER = "inft: quota is used up", "inft: no lease is running", "inft: offer is over"
NO_TERMS = (0, ZERO_ADDRESS, 0, 0, 0, 0)
ALL_SCOPES = 2**8 - 1


class UsageEdges(InftEdges):
    """Short ways of those who use, over one token that can be leased."""

    def may_use(self, user: str) -> bool:
        return bool(self.ask("nft.may_use", self.token_id, user))

    @way()
    def free_users(self, who: str) -> Steps:
        """Authorised, listed, revoked, and gone with the transfer; the log says who."""
        token, creator, seller = self.token_id, self["creator"], self["seller"]
        yield self.nft("authorizeUsage", token, seller, sender="seller", fails=NOT_OWNER)
        yield self.nft("authorizeUsage", token, ZERO_ADDRESS, fails="inft: no user")
        yield self.nft("revokeAuthorization", token, seller, fails=NO_USER)
        assert not self.may_use(seller)
        yield self.nft("authorizeUsage", token, seller)
        self.emitted("nft.Authorization", _from=creator, _to=seller, _tokenId=token)
        assert self.may_use(seller)
        yield self.nft("authorizeUsage", token, seller, fails=IS_USER)
        yield self.nft("revokeAuthorization", token, seller, sender="seller", fails=NOT_OWNER)
        yield self.nft("revokeAuthorization", token, seller)
        self.emitted("nft.AuthorizationRevoked", _from=creator, _to=seller, _tokenId=token)
        assert not self.may_use(seller)
        yield self.nft("authorizeUsage", token, seller)
        yield self.move(self.said_of(token))
        assert not self.may_use(seller)
        assert tuple(self.answer("nft.authorizedUsersOf", token)) == ()
        yield self.nft("revokeAuthorization", token, seller, sender="buyer", fails=NO_USER)
        yield self.nft("authorizeUsage", token, seller, sender="buyer")
        assert tuple(self.answer("nft.authorizedUsersOf", token)) == (seller,)

    @way(Choice(range(4)), Choice(range(3)))
    def the_list_closes_its_gaps(self, who: str, first: int, second: int) -> Steps:
        users = [f"0x{place + 1:040x}" for place in range(4)]
        for user in users:
            yield self.nft("authorizeUsage", self.token_id, user)
        for gone in (first, second):
            yield self.nft("revokeAuthorization", self.token_id, users[gone])
            users[gone] = users[-1]
            users.pop()
            assert list(self.answer("nft.authorizedUsersOf", self.token_id)) == users
        for user in users:
            yield self.nft("revokeAuthorization", self.token_id, user)
        assert tuple(self.answer("nft.authorizedUsersOf", self.token_id)) == ()

    @way()
    def fullest_list(self, who: str) -> Steps:
        users = [f"0x{place + 1:040x}" for place in range(MAX_USERS)]
        for user in users:
            yield self.nft("authorizeUsage", self.token_id, user)
        yield self.nft("authorizeUsage", self.token_id, self["buyer"], fails="inft: too many users")
        assert list(self.answer("nft.authorizedUsersOf", self.token_id)) == users
        yield self.nft("revokeAuthorization", self.token_id, users[-1])
        yield self.nft("authorizeUsage", self.token_id, self["buyer"])

    # leases -----------------------------------------------------------------------------------------------------------

    def offered(self, **parts: Any) -> Offer:
        return replace(Offer(3 * COIN, self["token"], 30 * DAY, 3, 1, self.now + DAY), **parts)

    def offering(self, offer: Offer, **rest: Any) -> Any:
        return self.nft("offer_lease", self.token_id, astuple(offer), **rest)

    def leasing(self, offer: Offer, sender: str = "buyer", **rest: Any) -> Any:
        return self.nft("lease", self.token_id, astuple(offer), sender=sender, **rest)

    @way()
    def bounds_of_offers(self, who: str) -> Steps:
        """Each term at its bound is offered and leased as it is; beyond it there is no such offer."""
        for name, right, wrong, reason in (
            ("price", 2**96 - 1, 2**96, "inft: price too high"),
            ("price", 0, 2**97, "inft: price too high"),
            ("price", 1, 2**97, "inft: price too high"),
            ("currency", self["hub"], ZERO_ADDRESS, "inft: no currency"),
            ("duration", LONGEST_LEASE, LONGEST_LEASE + 1, "inft: bad duration"),
            ("duration", 1, 0, "inft: bad duration"),
            ("quota", MAX_QUOTA, MAX_QUOTA + 1, "inft: bad quota"),
            ("quota", 1, 0, "inft: bad quota"),
            ("scope", ALL_SCOPES, ALL_SCOPES + 1, "inft: bad scope"),
            ("scope", 1, 0, "inft: bad scope"),
            ("open_until", self.now + LONGEST_OFFER, self.now + LONGEST_OFFER + 1, "inft: offer too long"),
            ("open_until", self.now + 1, self.now, OVER),
        ):
            yield self.offering(self.offered(**{name: wrong}), fails=reason)
            offer = self.offered(**{name: right})
            yield self.offering(offer, sender="seller", fails=NOT_OWNER)
            yield self.offering(offer)
            self.emitted("nft.LeaseOffered", token_id=self.token_id, **vars(offer))
            assert self.answer("nft.lease_offer", self.token_id) == astuple(offer)
            if offer.price <= COIN * 3 and offer.currency == self["token"]:
                with self.evm.anchor():
                    before = self.stored(self["creator"])
                    end = number((yield self.leasing(offer)))
                    assert self.stored(self["creator"]) == before + offer.price
                    lease = end, offer.quota, 0, offer.scope
                    assert self.answer("nft.lease_of", self.token_id, self["buyer"]) == lease
                    assert end == self.now + offer.duration

    @way()
    def withdrawn_or_changed(self, who: str) -> Steps:
        offer = self.offered()
        yield self.offering(offer)
        for name, value in (("price", 0), ("currency", self["hub"]), ("duration", 1), ("quota", 1), ("scope", 2)):
            other: dict[str, Any] = {name: value}
            yield self.leasing(replace(offer, **other), fails="inft: offer has changed")
        yield self.offering(self.offered(price=2**200, open_until=0))
        assert self.answer("nft.lease_offer", self.token_id) == NO_TERMS
        yield self.leasing(offer, fails="inft: no lease is offered")
        yield self.offering(offer)
        yield self.move(self.said_of(self.token_id))
        assert self.answer("nft.lease_offer", self.token_id) == NO_TERMS
        yield self.leasing(offer, fails="inft: no lease is offered")

    @way(Choice((0, 1)))
    def last_second_of_an_offer(self, who: str, late: int) -> Steps:
        offer = self.offered()
        yield self.offering(offer)
        self.evm.warp(DAY + late)
        yield self.leasing(offer, fails=OVER if late else None)

    @way()
    def a_lease(self, who: str) -> Steps:
        """Paid to the owner, used up or over; it outlives the sale, and the log says all of it."""
        token, creator, buyer, offer = self.token_id, self["creator"], self["buyer"], self.offered()
        yield self.offering(offer)
        paid, before = self.stored(creator), self.stored(buyer)
        end = number((yield self.leasing(offer)))
        self.emitted(
            "nft.Leased", token_id=token, user=buyer, owner=creator, price=offer.price, currency=offer.currency,
            expires_at=end, quota=offer.quota, scope=offer.scope,
        )  # fmt: skip
        assert (self.stored(creator) - paid, before - self.stored(buyer)) == (offer.price,) * 2
        assert self.ask("nft.leased_until", token) == end == self.now + offer.duration
        yield self.leasing(offer, fails="inft: lease is running")
        yield self.nft("record_use", token, 1, sender="seller", fails=NO_LEASE)
        yield self.nft("record_use", token, 0, sender="buyer", fails=USED_UP)
        yield self.nft("record_use", token, offer.quota + 1, sender="buyer", fails=USED_UP)
        left = yield self.nft("record_use", token, 1, sender="buyer")
        assert number(left) == offer.quota - 1
        self.emitted("nft.UseRecorded", token_id=token, user=buyer, uses=1, left=offer.quota - 1)
        assert self.answer("nft.lease_of", token, buyer) == (end, offer.quota, 1, offer.scope)
        said = self.said_of(token, self["seller"])
        yield self.move(said, self.right(said, "seller"))
        assert self.may_use(buyer)
        assert self.ask("nft.leased_until", token) == end
        self.evm.warp(offer.duration - 1)
        yield self.nft("burn", token, sender="seller", fails="inft: token is leased")
        assert self.may_use(buyer)
        with self.evm.anchor():
            yield self.nft("record_use", token, offer.quota - 1, sender="buyer")
            assert not self.may_use(buyer)
            yield self.nft("record_use", token, 1, sender="buyer", fails=USED_UP)
        self.evm.warp(1)
        assert not self.may_use(buyer)
        yield self.nft("record_use", token, 1, sender="buyer", fails=NO_LEASE)
        yield self.nft("burn", token, sender="seller")

    @way()
    def a_lease_after_a_lease(self, who: str) -> Steps:
        """Uses that are gone, or time that is over, let the same user lease again; the last end is kept."""
        offer = self.offered()
        yield self.offering(offer)
        end = number((yield self.leasing(offer)))
        yield self.offering(replace(offer, duration=1))
        yield self.leasing(replace(offer, duration=1), sender="seller")
        assert self.ask("nft.leased_until", self.token_id) == end
        yield self.nft("record_use", self.token_id, offer.quota, sender="buyer")
        yield self.leasing(replace(offer, duration=1))
        assert self.answer("nft.lease_of", self.token_id, self["buyer"]) == (self.now + 1, offer.quota, 0, offer.scope)
        self.evm.warp(1)
        yield self.leasing(replace(offer, duration=1))
        poor = "token: insufficient allowance"
        yield self.tx("token.approve", self["nft"], offer.price - 1, sender=self["other attestor"])
        yield self.leasing(replace(offer, duration=1), sender="other attestor", fails=poor)
