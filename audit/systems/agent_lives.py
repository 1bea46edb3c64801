"""One agent from sale to sale: its token, its data, its leases and the sessions of its account together.

What an owner grants ends with the sale, what was leased goes on, and whoever buys gets the account as it was agreed.
"""

from __future__ import annotations

import pickle
from dataclasses import astuple, fields
from typing import Any, ClassVar

from audit.systems._account_oracles import SessionOracles
from audit.systems._inft import FORGERIES, PEOPLE
from audit.systems.agent_market import BACKINGS, FORMS, PRICES, AgentMarket
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice
from keifu.inft import Order
from keifu.spec.accounts import COIN, Act, Granted, Owned, Terms
from keifu.spec.agent_lives import OWNERS, AgreedWithAccount, Lives, Tenant
from keifu.spec.inft import Offer
from keifu.spec.sales import Agreed
from keifu.units import COIN as KEI
from keifu.units import DAY

HELD, LIMIT = 60 * KEI, 7 * KEI
EVER = 2**256 - 1
SALT = 9  # of the token that the opening has
LIVES = ((0, 20 * DAY), (0, 3 * DAY), (DAY, 40 * DAY))  # from, until: seconds from now
PERIODS, USES = (DAY, 7 * DAY), (3, 40)
GRANTS = 12  # forms
OPENING = 6  # the form that the key has at first


class AgentLives(AgentMarket, SessionOracles):
    """Everything of the market's campaign, and the account of the first token."""

    contracts: ClassVar[tuple[str, ...]] = ("AgentMarket", "IntelligentNFT", "AgentAccount")
    actors: ClassVar[tuple[str, ...]] = (*AgentMarket.actors, "key")
    model: Lives

    @property
    def book(self) -> Tenant:
        return self.model.account

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        deployer, market = evm.account("owner"), self.model
        registry, code = (evm.deploy(name, sender=deployer) for name in ("AccountRegistry", "AgentAccount"))
        self.agent = self.number(self["creator"], SALT)
        named = (evm.chain_id, self["nft"], self.agent)
        made = registry.createAccount(code, bytes(32), *named, sender=deployer).value
        account = evm.at(made, "AgentAccount")
        self.bind(account=account)
        self.payee = evm.account("payee").address
        token = self.contract("token")
        token.transfer(account, HELD, sender=deployer)
        balances = {(self["token"], made): HELD, (self["token"], self.payee): 0, (self["token"], OWNERS): 0}
        balances |= {(COIN, made): 0}
        log: list[Any] = [Owned(self["creator"], 0)]
        tenant = Tenant(made, "", self["token"], balances, log, tokens=market.tokens)
        self.model = Lives(
            **{item.name: getattr(market, item.name) for item in fields(market)}, number=self.agent, tenant=tenant
        )
        self.model.now = self.now
        self._open(account)
        self.opening = pickle.dumps(self.model)

    def _open(self, account: Any) -> None:
        """Leases may be paid from the account, and the key may pay and lease."""
        creator, token = self["creator"], self.contract("token")
        account.execute(token.address, 0, token.approve.encode(self["nft"], EVER), 0, sender=creator)
        self.book.execute(creator, ("approve", (self["nft"], EVER)))
        terms = self.granting(OPENING)
        account.grant_session(self.sent(terms), sender=creator)
        self.book.grant(creator, terms)

    @property
    def session_keys(self) -> list[str]:
        return [self["key"]]

    def deadlines(self) -> list[int]:
        grant = self.book.session(self["key"])
        terms = [grant.terms] if grant else []
        ends = [
            time for item in terms for time in (item.after, item.until, (self.now // item.period + 1) * item.period)
        ]
        return [*super().deadlines(), *ends]

    def done(self, answer: Any) -> None:
        self.model.pass_on()

    # the account ------------------------------------------------------------------------------------------------------

    def granting(self, form: int) -> Terms:
        """One of the GRANTS, by its number."""
        token, nft = self["token"], self["nft"]
        (after, until), period, uses = LIVES[form % 3], PERIODS[form // 3 % 2], USES[form // 6 % 2]
        rights = frozenset({(token, "transfer"), (nft, "lease"), (nft, "record_use")})
        return Terms(self["key"], self.now + after, self.now + until, uses, period, rights, ((token, LIMIT),))

    def sent(self, terms: Terms) -> tuple[Any, ...]:
        """As the account takes it."""
        nft, empty = self.contract("nft"), astuple(Offer(0, self["token"], 0, 0, 0, 0))
        encoded = {
            "transfer": self.contract("token").transfer.encode(self.payee, 0),
            "lease": nft.lease.encode(0, empty), "record_use": nft.record_use.encode(0, 0),
        }  # fmt: skip
        targets = [(target, encoded[name][:4]) for target, name in sorted(terms.rights)]
        limits = [list(limit) for limit in terms.limits]
        return (terms.key, terms.after, terms.until, terms.uses, terms.period, targets, limits)

    def payment(self, amount: int) -> tuple[Act, tuple[str, int, bytes]]:
        call = (self["token"], 0, self.contract("token").transfer.encode(self.payee, amount))
        return ("move", (self["token"], self["account"], self.payee, amount)), call

    @action("", Amount(LIMIT), sender=(*PEOPLE, "key"), weight=6)
    def own_call(self, who: str, amount: int) -> Steps:
        """An owner, perhaps one that is about to sell, pays from the account."""
        act, call = self.payment(amount)
        order = self.tx("account.execute", *call, 0, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.account.execute(who, act), order=order)

    @action("", Choice(range(GRANTS)), sender=(*PEOPLE, "key"), weight=8)
    def grant(self, who: str, form: int) -> Steps:
        terms = self.granting(form)
        order = self.tx("account.grant_session", self.sent(terms), sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.account.grant(who, terms), order=order)

    @action(sender=(*PEOPLE, "key", "stranger"), weight=2)
    def revoke(self, who: str) -> Steps:
        key = self["key"]
        order = self.tx("account.revoke_session", key, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.account.revoke(who, key), order=order)

    # its sessions -----------------------------------------------------------------------------------------------------

    @action("", Amount(LIMIT), sender=("key", "key", "key", "buyer"), weight=12)
    def pay(self, who: str, amount: int) -> Steps:
        act, call = self.payment(amount)
        order = self.tx("account.execute_session", *call, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.account.use(who, self["token"], "transfer", 0, ("", amount), act), order=order)

    @action("", Choice("offered"), Choice((0, 0, 0, 1)), sender=("key", "key", "seller"), weight=10)
    def lease_by_key(self, who: str, token: int, off: int) -> Steps:
        """The agent leases, also from its own owner, within what it may spend."""
        made = self.model.tokens.offer(token) or Offer(0, self["token"], DAY, 1, 1, self.now + DAY)
        seen = Offer(made.price + off, *astuple(made)[1:])
        data = self.contract("nft").lease.encode(token, astuple(seen))
        order = self.tx("account.execute_session", self["nft"], 0, data, sender=who, raw_outcome=True)
        yield from self.both(
            lambda m: m.account.use(who, self["nft"], "lease", 0, None, ("lease", (token, seen))), order=order
        )

    @action("", Choice("ids"), Choice((1, 1, 2)), sender=("key", "key", "creator"), weight=6)
    def use_by_key(self, who: str, token: int, uses: int) -> Steps:
        data = self.contract("nft").record_use.encode(token, uses)
        order = self.tx("account.execute_session", self["nft"], 0, data, sender=who, raw_outcome=True)
        yield from self.both(
            lambda m: m.account.use(who, self["nft"], "record_use", 0, None, ("record", (token, uses))), order=order
        )

    # its sales --------------------------------------------------------------------------------------------------------

    @action(
        "", Choice(PEOPLE), Choice(PRICES), Choice(BACKINGS), Choice(FORMS), Choice(FORGERIES),
        Choice((0, 0, 0, 1, -1)), weight=30,
    )  # fmt: skip
    def sell_as_it_is(
        self, who: str, role: str, price: int, backing: int, form: str, forgery: str, ahead: int
    ) -> Steps:
        """An order that names the account, as it stands now, or a step before or after."""
        order, agreed = self.order(self.agent, self[role], price, backing, form)
        pair = self.with_account(order, agreed, max(self.book.acts + ahead, 0))
        self.agreed = [*self.agreed[-5:], pair]
        who = self.caller(who, form, agreed.seller, self[role])
        yield from self.settling(who, *pair, form, forgery, wrong=False, backing=backing)

    def with_account(self, order: Order, agreed: Agreed, acts: int) -> tuple[Order, AgreedWithAccount]:
        named = Order(**{**vars(order), "account": self["account"], "account_state": acts})
        said = {item.name: getattr(agreed, item.name) for item in fields(Agreed)}
        return named, AgreedWithAccount(**{**said, "number": named.hash}, acts=acts)

    # what always holds ------------------------------------------------------------------------------------------------

    def entitled(self) -> dict[str, Any]:
        owed = dict(super().entitled())
        owed.pop(self["account"], None)
        return {**owed, **{f"account's {who}": self.book.balances[self["token"], who] for who in self._places}}

    def held(self) -> dict[str, int]:
        return {**super().held(), **{f"account's {who}": self.stored(who) for who in self._places}}

    @property
    def _places(self) -> tuple[str, str]:
        return self["account"], self.payee

    @invariant("ORA-2", at_end=True)
    def promises_are_payable(self) -> bool:
        """Of attestors, and of the account's owner."""
        return super().promises_are_payable() and self.grants_are_spendable()

    @invariant("ORA-4", at_end=True)
    def attestors_get_out(self) -> bool:
        """And whoever owns the token gets all that its account has, at once."""
        return super().attestors_get_out() and self.owner_leaves()

    @invariant("ACC-4", at_end=True)
    def a_session_lives_as_long_as_its_owner_has_the_token(self) -> bool:
        """Whatever way the token moved: sold, sent, cloned from, leased or burned."""
        self.book.now = self.now
        grant = self.book.session(self["key"])
        number, _, _, uses, _, alive = self.answer("account.session", self["key"])
        if grant is None:
            return not alive and number == 0
        return (number, uses, alive) == (grant.number, self.book.uses_left(grant), self.book.alive(grant))

    @invariant("ACC-5", at_end=True)
    def a_session_costs_no_more_than_its_limit(self) -> bool:
        """Leases count as what was paid for them."""
        self.book.now = self.now
        grant: Granted | None = self.book.session(self["key"])
        spent = self.book.spent(grant, self["token"]) if grant else 0
        return self.ask("account.spent", self["key"], self["token"]) == spent <= LIMIT

    @invariant("ACC-8", at_end=True)
    def the_state_counts(self) -> bool:
        return self.ask("account.state") == self.book.acts and self.ask("account.owner") == int(self.book.owner, 16)

    @invariant("INF-6", at_end=True)
    def leases_of_the_account_are_the_log_s(self) -> bool:
        """They hold whoever owns the leased token, or this one."""
        tokens = self.model.tokens
        tokens.now = self.now
        me = self["account"]
        return all(self.ask("nft.may_use", token, me) == int(tokens.may_use(token, me)) for token in tokens.tokens())
