"""AgentAccount: an owner, session keys, relayers, a sale in the middle of anything, and a shop that comes back."""

from __future__ import annotations

import pickle
from typing import Any

from audit.systems._account_oracles import AccountOracles
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Call, Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice
from keifu import accounts
from keifu.keys import keccak256
from keifu.spec.accounts import APPROVABLE, COIN, Act, Owned, Terms, World

HELD, COINS = 10_000, 1_000  # of tokens and wei, in the account
LIMIT, COIN_LIMIT = 100, 10
PERIODS = (1, 50, 1_000)
LIVES = ((0, 3_000), (0, 10**6), (40, 10**5))  # from, until: seconds from now
FORMS = 162  # of grants
OPENING = (52, 46, 52)  # those that the keys have at first: all rights, long lives, many uses
FUNCTIONS = {
    "": accounts.PAYMENT,
    APPROVABLE: accounts.APPROVABLE,
    "transfer": accounts.selector("transfer(address,uint256)"),
    "approve": accounts.selector("approve(address,uint256)"),
    "trade": accounts.selector("trade(address,uint256,uint256,uint256)"),
}
FORGERIES = ("", "", "", "", "other key", "other call", "next nonce")
NUMBER = 7
YES = 0x1626BA7E << 224
DIGEST = keccak256(b"an order")


class Accounts(AccountOracles):
    """One account of a token that may be sold or burned at any moment."""

    contracts = ("AgentAccount",)
    actors = ("owner", "buyer", "key", "other key", "stranger")
    wait_weight = 8

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        token, nft = evm.deploy("KeifuToken", deployer, sender=deployer), evm.deploy("PlainNft", True, sender=deployer)
        registry, code = (evm.deploy(name, sender=deployer) for name in ("AccountRegistry", "AgentAccount"))
        shop = evm.deploy("Shop", sender=deployer, value=COINS)
        nft.mint(self["owner"], NUMBER, sender=deployer)
        made = registry.createAccount(code, bytes(32), evm.chain_id, nft, NUMBER, sender=deployer).value
        account = evm.at(made, "AgentAccount")
        self.bind(account=account, token=token, nft=nft, shop=shop)
        for who in (account, shop):
            token.transfer(who, HELD, sender=deployer)
        evm.send(deployer, account, value=COINS)
        self.domain = accounts.AccountDomain(evm.chain_id, made)
        self.keys_of = {self[role]: evm.account(role) for role in self.actors}
        self.payee = evm.account("payee").address
        places = [made, shop.address, self.payee]
        balances = {(token.address, who): token.balanceOf(who) for who in places}
        balances |= {(COIN, who): evm.balance(who) for who in places}
        world = World(made, shop.address, token.address, balances, [Owned(self["owner"], 0)])
        self.model = world
        self.open_sessions(account)
        self.opening = pickle.dumps(world)
        self.sessions, self.acts = self.read("account.sessions.sessions"), self.read("account._state")
        self.stored_nonce = self.read("account.nonces")
        self.coins_of = self.read("token.balanceOf")
        self.got_through = self.read("shop.got_through")
        self.signers = [self["key"], self["other key"], self["shop"]]

    def open_sessions(self, account: Any) -> None:
        """The shop may take coins, and three keys may do everything that is ever granted."""
        owner = self["owner"]
        act, call = self.approve(HELD)
        account.execute(*call, 0, sender=owner)
        self.model.execute(owner, act)
        for form, key in zip(OPENING, (self["key"], self["other key"], self["shop"]), strict=True):
            terms = self.terms(key, form)
            account.grant_session(self.sent(terms), sender=owner)
            self.model.now = self.now
            self.model.grant(owner, terms)

    def start(self) -> None:
        self.model: World = self.revived(self.opening)
        self.old: list[tuple[Owned, int]] = []  # earlier times of owning, and their numbers

    def deadlines(self) -> list[int]:
        grants = [self.model.session(key) for key in self.signers]
        terms = [grant.terms for grant in grants if grant is not None]
        windows = [(self.now // item.period + 1) * item.period for item in terms]
        return [*(item.until for item in terms), *(item.after for item in terms), *windows]

    # calls and what they do -------------------------------------------------------------------------------------------

    def holding(self, owned: Owned) -> int:
        words = bytes.fromhex(owned.owner[2:]).rjust(32, b"\0") + owned.transfers.to_bytes(32, "big")
        return int.from_bytes(keccak256(words), "big")

    def pay(self, amount: int) -> tuple[Act, tuple[str, int, bytes]]:
        call = (self["token"], 0, self.contract("token").transfer.encode(self.payee, amount))
        return ("move", (self["token"], self["account"], self.payee, amount)), call

    def pay_coins(self, amount: int) -> tuple[Act, tuple[str, int, bytes]]:
        return ("move", (COIN, self["account"], self.payee, amount, "")), (self.payee, amount, b"")

    def approve(self, amount: int) -> tuple[Act, tuple[str, int, bytes]]:
        call = (self["token"], 0, self.contract("token").approve.encode(self["shop"], amount))
        return ("approve", (self["shop"], amount)), call

    def sale(self, by: str) -> tuple[Act, tuple[str, int, bytes]]:
        """The account, or whoever may, sells the token to the other of two owners."""
        owner = self.model.owner
        to = self["buyer"] if owner == self["owner"] else self["owner"]
        call = (self["nft"], 0, self.contract("nft").transferFrom.encode(owner, to, NUMBER))
        return ("sell", (to, by)), call

    def granting(self, terms: Terms) -> tuple[Act, tuple[str, int, bytes]]:
        me = self["account"]
        return ("grant", (me, terms)), (me, 0, self.contract("account").grant_session.encode(self.sent(terms)))

    def sent(self, terms: Terms) -> tuple[Any, ...]:
        """As the contract takes it."""
        targets = [(target, FUNCTIONS[name]) for target, name in sorted(terms.rights)]
        limits = [list(limit) for limit in terms.limits]
        return (terms.key, terms.after, terms.until, terms.uses, terms.period, targets, limits)

    def terms(self, key: str, form: int) -> Terms:
        """One of the FORMS, by its number."""
        token, shop = self["token"], self["shop"]
        (after, until), with_coins = LIVES[form % 3], form // 3 % 2
        period, uses = PERIODS[form // 6 % 3], (2, 40, 1_000)[form // 18 % 3]
        limits: tuple[tuple[str, int], ...] = ((token, LIMIT), (COIN, COIN_LIMIT))[: 1 + with_coins]
        rights = {(token, "transfer"), (token, "approve"), (shop, APPROVABLE), (shop, "trade"), (self.payee, "")}
        if form // 54 == 1:
            rights = {(shop, "trade"), (self.payee, "")}
        if form // 54 == 2:
            rights, limits = {(token, "transfer"), (token, "approve")}, limits[::-1]
        return Terms(key, self.now + after, self.now + until, uses, period, frozenset(rights), limits)

    def plan(self, name: str) -> list[tuple[Act, tuple[str, int, bytes]]]:
        """The calls of a batch."""
        me = self["account"]
        terms = self.terms(self["key"], OPENING[0])
        revoke: Act = ("revoke", (me, self["key"]))
        call = (me, 0, self.contract("account").revoke_session.encode(self["key"]))
        plans = {
            "pay": [self.pay(3), self.pay_coins(1)], "too much": [self.pay(1), self.pay(10**30)],
            "sell, pay": [self.sale(me), self.pay(1)], "sell, grant": [self.sale(me), self.granting(terms)],
            "grant, sell": [self.granting(terms), self.sale(me)], "grant": [self.granting(terms)],
            "revoke": [(revoke, call)], "nothing": [], "approve": [self.approve(LIMIT * 5)],
        }  # fmt: skip
        return plans[name]

    PLANS = ("pay", "too much", "sell, pay", "sell, grant", "grant, sell", "grant", "revoke", "nothing", "approve")

    # the token's fate -------------------------------------------------------------------------------------------------

    def passes(self) -> None:
        self.old = [*self.old[-3:], (self.model.owned, self.holding(self.model.owned))]

    @action("", sender=("owner", "buyer", "owner", "buyer", "stranger"), weight=2)
    def sell(self, who: str) -> Steps:
        self.passes()
        act, (_, _, data) = self.sale(who)
        yield from self.both(lambda m: m.do(act), order=Call(who, self["nft"], data, raw_outcome=True))

    @action(weight=1)
    def burn_or_mint(self, who: str) -> Steps:
        burn = self.model.owner != ZERO_ADDRESS
        self.passes()
        to = self["owner"]
        order = self.tx(*(("nft.burn",) if burn else ("nft.mint", to)), NUMBER, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.burn() if burn else m.mint(to), order=order)

    @action("", Choice(("account", "shop")), sender=("owner", "buyer"), weight=2)
    def approve_seller(self, who: str, to: str) -> Steps:
        order = self.tx("nft.approve", self[to], NUMBER, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.approve_seller(self[to], who), order=order)

    # the owner --------------------------------------------------------------------------------------------------------

    @action(
        "", Choice(("pay", "pay_coins", "approve")), Amount(LIMIT), Choice((0, 0, 0, 0, 0, 1)),
        sender=("owner", "buyer", "key", "stranger"),
    )  # fmt: skip
    def execute(self, who: str, name: str, amount: int, operation: int) -> Steps:
        act, call = getattr(self, name)(amount)
        order = self.tx("account.execute", *call, operation, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.execute(who, act, operation), order=order)

    @action("", Choice(PLANS), sender=("owner", "owner", "buyer", "stranger"))
    def batch(self, who: str, name: str) -> Steps:
        self.passes()
        steps = self.plan(name)
        order = self.tx("account.execute_batch", [call for _, call in steps], sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.batch(who, [act for act, _ in steps]), order=order)

    @action("", Choice(PLANS), Choice((0, 0, 0, 1, -1)), Choice((0, 5, -1)), Choice(FORGERIES), Choice((0, 0, 1, 2)))
    def relay(self, who: str, name: str, ahead: int, life: int, forgery: str, back: int) -> Steps:
        """The owner of now, or of an earlier time, signed a batch."""
        times = [(self.model.owned, self.holding(self.model.owned)), *reversed(self.old)]
        owned, holding = times[min(back, len(times) - 1)]
        owner = self.model.owner
        nonce, deadline = max(self.model.nonces.get(owner, 0) + ahead, 0), self.now + life
        steps = self.plan(name)
        signer = self.keys_of.get(owner if forgery != "other key" else self["stranger"], self.keys_of[self["stranger"]])
        calls = [accounts.Call(*call) for _, call in steps]
        signed = [*calls, accounts.Call(self["shop"])] if forgery == "other call" else calls
        digest = self.domain.batch_digest(signed, holding, nonce + (forgery == "next nonce"), deadline)
        self.passes()
        order = self.tx(
            "account.execute_signed", [call.args for call in calls], nonce, deadline, signer.sign(digest), sender=who,
            raw_outcome=True,
        )  # fmt: skip
        forged = Owned("forged", 0) if forgery else owned
        yield from self.both(lambda m: m.relay(forged, nonce, deadline, [act for act, _ in steps]), order=order)

    @action("", Choice("signers"), Choice(range(FORMS)), sender=("owner", "owner", "buyer", "key"), weight=6)
    def grant(self, who: str, key: str, form: int) -> Steps:
        terms = self.terms(key, form)
        order = self.tx("account.grant_session", self.sent(terms), sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.grant(who, terms), order=order)
        made = self.model.session(key)
        if done is not None and made is not None and self.sometimes():
            *_, targets, limits = self.sent(terms)
            self.emitted(
                "account.SessionGranted", key=key, number=made.number, valid_after=terms.after,
                valid_until=terms.until, uses=terms.uses, period=terms.period, targets=tuple(targets),
                limits=tuple(map(tuple, limits)),
            )  # fmt: skip

    @action("", Choice("signers"), weight=2)
    def revoke(self, who: str, key: str) -> Steps:
        order = self.tx("account.revoke_session", key, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.revoke(who, key), order=order)

    @action("", Choice((0, 1, 2)), weight=1)
    def cancel(self, who: str, more: int) -> Steps:
        below = self.model.nonces.get(who, 0) + more
        order = self.tx("account.cancel_nonces", below, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.cancel(who, below), order=order)

    # sessions ---------------------------------------------------------------------------------------------------------

    def room(self, who: str) -> int:
        """What a key may still spend in this window, roughly: amounts are drawn around it."""
        grant = self.model.session(who)
        return LIMIT if grant is None else LIMIT - self.model.spent(grant, self["token"])

    def use_of(self, name: str, amount: int, back: int) -> tuple[tuple[Any, ...], tuple[str, int, bytes]]:
        """A session's call: for the model, and as the account makes it."""
        token, shop = self["token"], self["shop"]
        if name == "transfer":
            act, call = self.pay(amount)
            return (token, name, 0, ("", amount), act), call
        if name == "approve":
            act, call = self.approve(amount)
            return (token, name, 0, (shop, amount), act), call
        if name == "":
            coins = amount % (2 * COIN_LIMIT)
            act, call = self.pay_coins(coins)
            return (self.payee, name, coins, None, act), call
        value, give, coins = (back & 3) * 3, (back >> 2 & 3) * LIMIT // 2, back >> 4 & 1
        data = self.contract("shop").trade.encode(token, amount, give, coins)
        return (shop, "trade", value, None, ("trade", (amount, give, coins, value))), (shop, value, data)

    @action(
        "", Choice(("transfer", "transfer", "approve", "", "trade", "trade", "trade")), Amount("room"),
        Choice(range(32)), sender=("key", "key", "other key", "stranger"), weight=24,
    )  # fmt: skip
    def use(self, who: str, name: str, amount: int, back: int) -> Steps:
        self.passes()
        args, call = self.use_of(name, amount, back)
        order = self.tx("account.execute_session", *call, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.use(who, *args), order=order)
        if done is not None and self.sometimes():
            self.emitted(
                "account.SessionUsed", key=who, to=call[0], value=call[1], selector=call[2][:4].ljust(4, b"\0")
            )

    @action(
        "", Choice(("transfer", "", "trade")), Amount("room"), Choice((0, 0, 0, 1)), Choice((0, 5, -1)),
        Choice(FORGERIES), Choice((0, 0, 0, 1)), weight=8,
    )  # fmt: skip
    def relay_use(self, who: str, name: str, amount: int, ahead: int, life: int, forgery: str, earlier: int) -> Steps:
        """A key signed a call for its session, or for the one before."""
        key = self["key"]
        grant = self.model.session(key)
        number = max((grant.number if grant else 0) - earlier, 0)
        nonce, deadline = self.model.nonces.get(key, 0) + ahead, self.now + life
        args, call = self.use_of(name, amount, 0)
        signed = accounts.Call(*call) if forgery != "other call" else accounts.Call(self["shop"])
        digest = self.domain.session_digest(key, number, signed, nonce + (forgery == "next nonce"), deadline)
        signature = self.keys_of[key if forgery != "other key" else self["owner"]].sign(digest)
        self.passes()
        order = self.tx(
            "account.execute_session_signed", key, call, nonce, deadline, signature, sender=who, raw_outcome=True
        )
        said = -1 if forgery else number
        yield from self.both(lambda m: m.relay_use(key, said, nonce, deadline, args), order=order)

    @action("", Choice(("use", "execute", "revoke", "revoke other", "sell", "grant", "donate")), weight=6)
    def arm(self, who: str, name: str) -> Steps:
        """What the shop does in the middle of its next trade."""
        account, shop = self.contract("account"), self["shop"]
        act: Act
        if name == "use":
            args, call = self.use_of("transfer", 1, 0)
            act, to, data = ("use", (shop, *args)), account.address, account.execute_session.encode(*call)
        elif name == "execute":
            act, to = ("execute", (shop, self.pay(1)[0])), account.address
            data = account.execute.encode(*self.pay(1)[1], 0)
        elif name.startswith("revoke"):
            key = self["key"] if name == "revoke other" else shop
            act, to, data = ("revoke", (shop, key)), account.address, account.revoke_session.encode(key)
        elif name == "grant":
            terms = self.terms(shop, OPENING[0])
            act, to = ("grant", (shop, terms)), account.address
            data = account.grant_session.encode(self.sent(terms))
        elif name == "sell":
            act, (to, _, data) = self.sale(shop)
        else:
            act, to = ("move", (self["token"], shop, account.address, 40)), self["token"]
            data = self.contract("token").transfer.encode(account, 40)
        yield self.tx("shop.arm", to, data, sender=who)
        self.model.armed = act

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("ACC-5")
    def limits_hold(self) -> bool:
        """Sessions are what the log says, and none ever cost more in one window than its limit."""
        for key in self.signers:
            grant = self.model.session(key)
            word = self.sessions(key)
            if grant is None:
                if word:
                    return False
                continue
            terms = grant.terms
            found = [word >> at & (1 << width) - 1 for at, width in ((0, 40), (40, 40), (80, 32), (112, 32), (208, 40))]
            if found != [terms.after, terms.until, self.model.uses_left(grant), terms.period, grant.number]:
                return False
            if any(self.model.spent(grant, token) > limit for token, limit in terms.limits):
                return False
        return True

    @invariant("ACC-2")
    def nothing_else_moves(self) -> bool:
        """Coins and tokens leave the account by its owner's calls and within sessions, and in no other way."""
        me, balances = self["account"], self.model.balances
        return (
            self.coins_of(me) == balances[self["token"], me]
            and self.evm.balance(me) == balances[COIN, me]
            and bool(self.got_through()) == self.model.got_through
        )

    @invariant("ACC-8")
    def state_counts(self) -> bool:
        """The state counts what was done, and a nonce counts once."""
        return self.acts() == self.model.acts and all(
            self.stored_nonce(who) == self.model.nonces.get(who, 0) for who in self.keys_of
        )

    @invariant("ACC-4", at_end=True)
    def views_follow(self) -> bool:
        """A session lives while its granter has owned the token without a break; the views say so."""
        model = self.model
        owner = self.ask("account.owner")
        if owner != int(model.owner, 16):
            return False
        wanted = self.holding(model.owned) if owner else 0
        if self.ask("account.holding") != wanted:
            return False
        for key in self.signers:
            grant = model.session(key)
            lives = grant is not None and model.alive(grant)
            rights = lives and grant is not None and (self["shop"], "trade") in grant.terms.rights
            if self.ask("account.allows", key, self["shop"], FUNCTIONS["trade"]) != int(bool(rights)):
                return False
            model.now = self.now
            spent = model.spent(grant, self["token"]) if grant else 0
            if self.ask("account.spent", key, self["token"]) != spent:
                return False
        return True

    @invariant("ACC-6", at_end=True)
    def only_the_owner_signs(self) -> bool:
        """A signature of the account is one of its owner over a statement that names the account."""
        digest = self.domain.statement_digest(DIGEST, self.holding(self.model.owned))
        for who, key in self.keys_of.items():
            said = self.ask("account.isValidSignature", DIGEST, key.sign(digest))
            if (said == YES) != (who == self.model.owner):
                return False
            if self.ask("account.isValidSignature", DIGEST, key.sign(DIGEST)) == YES:
                return False
        return True
