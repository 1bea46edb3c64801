"""KeifuToken: ERC-20, EIP-2612 and EIP-3009 with right, forged, replayed and malleated signatures."""

from __future__ import annotations

from collections.abc import Iterator

from audit.systems._constructors import Deployment, variations
from audit.systems._signature_forms import FORMS, REFUSED, in_form
from ethwire.abi import encode_args
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, Revert, artifacts
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Who
from keifu.abi.eip712 import CANCEL_AUTHORIZATION, PERMIT, RECEIVE_WITH_AUTHORIZATION, TRANSFER_WITH_AUTHORIZATION
from keifu.keys import Domain, StructType, keccak256

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
UNLIMITED = 2**256 - 1
LONG = 6  # the mood in which HostileERC1271 says yes and more: the first word counts
GENUINE = ("", "salted")  # salted: as some wallets sign, under the domain with a salt of zero
FORGERIES = ("", "", "", "salted", "other key", "other amount", "high s")
BYTES = ("", "", *FORMS)  # a signature as (v, r, s), or as bytes
PERMIT_BYTES = keccak256(b"permit(address,address,uint256,uint256,bytes)")[:4]
TIMES = (-1, 0, 1, 1_000, 10**9)  # seconds from now
NONCES = tuple(bytes([number]) * 32 for number in range(1, 4))


class Token(System):
    """Every way in which coins and allowances move."""

    contracts = ("KeifuToken",)
    actors = ("holder", "rival", "spender")
    wait_weight = 2

    def setup(self, evm: LocalEvm) -> None:
        token = evm.deploy("KeifuToken", self["holder"], sender=evm.account("owner"))
        self.bind(token=token)
        self.supply: int = artifacts.constant("lib/constants.vy", "TOKEN_SUPPLY")
        self.emitted("token.Transfer", from_=ZERO_ADDRESS, to=self["holder"], value=self.supply)
        self.wallet_key = evm.account("wallet key")
        wallet = evm.deploy("ContractWallet", self.wallet_key, sender=evm.account("owner"))
        self.hostile = evm.deploy("HostileERC1271", sender=evm.account("owner"))
        self.join(wallet=wallet, hostile=self.hostile)
        self.bind(hostile=self.hostile)
        for role in ("rival", "wallet", "hostile"):
            token.transfer(self[role], self.supply // 5, sender=self["holder"])
        self.keys = {self[role]: evm.account(role) for role in self.actors}
        self.keys |= {self["wallet"]: self.wallet_key, self["hostile"]: self.wallet_key}
        self.domain = Domain("Keifu", "1", evm.chain_id, token)
        self.stored = self.read("token.balanceOf")
        self.stored_allowance, self.stored_nonce = self.read("token.allowance"), self.read("token.nonces")
        self.opening = {who: token.balanceOf(who) for who in self.roles.values()}

    def constructors(self) -> Iterator[Deployment]:
        return variations("KeifuToken", (self["rival"],), (0, ZERO_ADDRESS, "token: no holder"))

    def start(self) -> None:
        self.balances = dict(self.opening)
        self.allowances: dict[tuple[str, str], int] = {}
        self.nonces = dict.fromkeys(self.addresses, 0)
        self.used: set[tuple[str, bytes]] = set()
        self.mood = 0

    def move(self, owner: str, to: str, amount: int) -> str | None:
        """Reason of a refusal."""
        if to in (ZERO_ADDRESS, self["token"]):
            return "token: invalid receiver"
        return "token: insufficient balance" if amount > self.balances[owner] else None

    def moved(self, owner: str, to: str, amount: int) -> None:
        self.balances[owner] -= amount
        self.balances[to] = self.balances.get(to, 0) + amount
        if self.sometimes():
            self.emitted("token.Transfer", from_=owner, to=to, value=amount)

    @action("token.transfer", Who(anyone=True), Amount("balances"))
    def transfer(self, who: str, to: str, amount: int) -> Steps:
        if reason := self.move(who, to, amount):
            return reason
        yield
        self.moved(who, to, amount)

    @action("token.approve", Who(anyone=True), Amount("balances"))
    def approve(self, who: str, spender: str, amount: int) -> Steps:
        if spender == ZERO_ADDRESS:
            return "token: invalid spender"
        yield
        self.allowances[who, spender] = amount
        if self.sometimes():
            self.emitted("token.Approval", owner=who, spender=spender, value=amount)

    @action("token.transferFrom", Who(), Who(anyone=True), Amount("balances"))
    def transfer_from(self, who: str, owner: str, to: str, amount: int) -> Steps:
        allowed = self.allowances.get((owner, who), 0)
        if amount > allowed:
            return "token: insufficient allowance"
        if reason := self.move(owner, to, amount):
            return reason
        yield
        if allowed != UNLIMITED:
            self.allowances[owner, who] = allowed - amount
        self.moved(owner, to, amount)

    def signed(self, owner: str, kind: StructType, values: list[object], forgery: str) -> tuple[int, bytes, bytes]:
        """(v, r, s) by `owner`, spoilt in the way of `forgery`."""
        key = self.keys[owner]
        if forgery == "other key":
            key = self.keys[self["rival" if owner == self["holder"] else "holder"]]
        if forgery == "other amount":
            values = [value + 1 if type(value) is int and value < UNLIMITED else value for value in values]
        digest = self.domain.salted_digest if forgery == "salted" else self.domain.digest
        signature = key.sign(digest(kind, *values))
        r, s, v = signature[:32], signature[32:64], signature[64]
        if forgery == "high s":
            s, v = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big"), 55 - v
        return v, r, s

    @staticmethod
    def sent(signature: tuple[int, bytes, bytes], form: str) -> tuple[object, ...]:
        """The signature's arguments in `form`, one of BYTES."""
        v, r, s = signature
        return (in_form(r, s, v, form),) if form else signature

    def accepted(self, owner: str, forgery: str, form: str = "") -> bool:
        """Whether such a signature counts: a wallet takes its key's with a large s, too, but no other form than 65
        bytes with a v of 27 or 28; a hostile one what it likes."""
        if owner == self["hostile"]:
            return self.mood in (0, LONG)
        if owner == self["wallet"]:
            return forgery in (*GENUINE, "high s") and form in ("", "65")
        return forgery in GENUINE and form not in REFUSED

    @action("", Choice(range(7)), weight=2)
    def change_mood(self, who: str, mood: int) -> Steps:
        yield self.tx("hostile.set_mood", mood, sender=who)
        self.mood = mood

    @action(
        "", Who(), Who(anyone=True), Amount("balances"), Choice(TIMES), Choice(FORGERIES), Choice((0, 0, 1)),
        Choice(BYTES),
    )  # fmt: skip
    def permit(
        self, who: str, owner: str, spender: str, amount: int, delta: int, forgery: str, ahead: int, form: str
    ) -> Steps:
        deadline = self.now + delta
        values: list[object] = [owner, spender, amount, self.nonces[owner] + ahead, deadline]
        signature = self.signed(owner, PERMIT, values, forgery)
        fails = None
        if deadline < self.now:
            fails = "token: permit expired"
        elif not self.accepted(owner, forgery, form) or (ahead and not self.accepted(owner, "used nonce")):
            fails = "token: invalid signature"
        elif spender == ZERO_ADDRESS:
            fails = "token: invalid spender"
        sent = self.sent(signature, form)
        yield self.tx("token.permit", owner, spender, amount, deadline, *sent, sender=who, fails=fails)
        if fails is None:
            self.nonces[owner] += 1
            self.allowances[owner, spender] = amount
            if self.sometimes():
                self.emitted("token.Approval", owner=owner, spender=spender, value=amount)

    @action(
        "", Who(), Who(anyone=True), Amount("balances"), Choice(TIMES), Choice(TIMES), Choice(NONCES),
        Choice(FORGERIES), Choice((False, True)), Choice(BYTES),
    )  # fmt: skip
    def authorized(
        self, who: str, owner: str, to: str, amount: int, after: int, before: int, nonce: bytes, forgery: str,
        receiving: bool, form: str,
    ) -> Steps:  # fmt: skip
        valid_after, valid_before = self.now - after, self.now + before
        values: list[object] = [owner, to, amount, valid_after, valid_before, nonce]
        signature = self.signed(
            owner, RECEIVE_WITH_AUTHORIZATION if receiving else TRANSFER_WITH_AUTHORIZATION, values, forgery
        )
        fails = self.move(owner, to, amount)
        if not self.accepted(owner, forgery, form):
            fails = "token: invalid signature"
        if (owner, nonce) in self.used:
            fails = "token: authorization used or cancelled"
        if valid_before <= self.now:
            fails = "token: authorization expired"
        if valid_after >= self.now:
            fails = "token: authorization not yet valid"
        if receiving and who != to:
            fails = "token: caller is not the receiver"
        function = "receiveWithAuthorization" if receiving else "transferWithAuthorization"
        yield self.tx(f"token.{function}", *values, *self.sent(signature, form), sender=who, fails=fails)
        if fails is None:
            self.used.add((owner, nonce))
            if self.sometimes():
                self.emitted("token.AuthorizationUsed", authorizer=owner, nonce=nonce)
            self.moved(owner, to, amount)

    @action("", Who(), Choice(NONCES), Choice(FORGERIES), Choice(BYTES), weight=2)
    def cancel(self, who: str, owner: str, nonce: bytes, forgery: str, form: str) -> Steps:
        values: list[object] = [owner, nonce]
        fails = None
        if forgery == "other amount":
            return None
        if not self.accepted(owner, forgery, form):
            fails = "token: invalid signature"
        if (owner, nonce) in self.used:
            fails = "token: authorization used or cancelled"
        sent = self.sent(self.signed(owner, CANCEL_AUTHORIZATION, values, forgery), form)
        yield self.tx("token.cancelAuthorization", owner, nonce, *sent, sender=who, fails=fails)
        if fails is None:
            self.used.add((owner, nonce))
            if self.sometimes():
                self.emitted("token.AuthorizationCanceled", authorizer=owner, nonce=nonce)

    @invariant("TOK-1")
    def balances_follow(self) -> bool:
        """Balances are the model's, and with them the supply, which never changes."""
        return all(self.stored(who) == balance for who, balance in self.balances.items())

    @invariant("TOK-3")
    def allowances_follow(self) -> bool:
        """An allowance is what its owner last said, less what was spent of it."""
        return all(self.stored_allowance(*pair) == amount for pair, amount in self.allowances.items())

    @invariant("TOK-4")
    def nonces_only_count_permits(self) -> bool:
        """A permit counts once: a nonce is its owner's number of permits."""
        return all(self.stored_nonce(who) == nonce for who, nonce in self.nonces.items())

    @invariant("TOK-1", at_end=True)
    def supply_stands(self) -> bool:
        """The supply is what it was in the first block."""
        return self.ask("token.totalSupply") == self.supply

    @invariant("TOK-6", at_end=True)
    def any_other_call_is_refused(self) -> bool:
        """A call of no function, of a known one without its arguments, or with ether, is refused by name."""
        owner = self["holder"]
        with self.evm.anchor():
            permit = self.permit_call(owner)
            nameless = [permit[:length] for length in range(4)] + [bytes(4) + permit[4:], bytes(4)]
            known = permit[:4]
            refused = [self.refused(owner, data) for data in nameless]
            return (
                refused == ["token: no such function"] * len(nameless)
                and self.refused(owner, known) == ""
                and self.refused(owner, permit, 1) == "token: takes no ether"
                and self.refused(owner, permit) is None
            )

    def permit_call(self, owner: str) -> bytes:
        """A good call of the permit that takes its signature as bytes."""
        values = (owner, self["spender"], 1, self.ask("token.nonces", owner), self.now)
        signature = self.keys[owner].sign(self.domain.digest(PERMIT, *values))
        types = ("address", "address", "uint256", "uint256", "bytes")
        return PERMIT_BYTES + encode_args(types, (owner, self["spender"], 1, self.now, signature))

    def refused(self, who: str, data: bytes, value: int = 0) -> str | None:
        """The reason, or None where the call goes through."""
        try:
            self.evm.send(who, self["token"], data, value)
        except Revert as revert:
            return revert.reason
        return None

    @invariant("TOK-5", at_end=True)
    def authorizations_are_remembered(self) -> bool:
        """An authorization that was used or cancelled is spent for ever, any other stands."""
        return all(
            self.ask("token.authorizationState", owner, nonce) == ((owner, nonce) in self.used)
            for owner in self.addresses[:2]
            for nonce in NONCES[:2]
        )
