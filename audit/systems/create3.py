"""Create3Factory: code that works, reverts or calls back, twice at one address, from accounts and contracts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.abi import encode_args
from keifu.chain.create3 import create3_address
from keifu.units import COIN

SALTS = tuple(bytes([number]) * 32 for number in range(1, 5))
FEES = (0, 0, 0, 1, COIN)  # wei
GOT_THROUGH = 0  # slot of ConstructorCaller


@dataclass(frozen=True)
class Kind:
    """Creation code, the code that it leaves behind ("" when it fails), and whether it takes coins."""

    init: bytes
    code: bytes = b""
    payable: bool = False


class Create3(System):
    """Two deployers and one of code share four salts."""

    contracts = ("Create3Factory",)
    actors = ("deployer", "other deployer")
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        factory, attacker = evm.deploy("Create3Factory", sender=owner), evm.deploy("CallbackAttacker", sender=owner)
        self.bind(factory=factory, attacker=attacker)
        self.join(attacking=attacker)
        self.longest: int = artifacts.constant("governance/Create3Factory.vy", "MAX_INIT_CODE")
        self.places = {
            (who, salt): create3_address(factory.address, who, salt)
            for who, salt in product(self.roles.values(), SALTS)
        }
        self.names |= {place: f"place of {self.names[who]}" for (who, _), place in self.places.items()}
        counter, other = self.kind("Counter", 5), self.kind("Counter", 7)
        plain = self.kind("ConstructorCaller", ZERO_ADDRESS, b"", payable=True)
        again = factory.deploy.encode(SALTS[0], other.init)
        back = self.kind("ConstructorCaller", self["factory"], again, payable=True)
        self.kinds = {
            "counter": counter,
            "other counter": other,
            "constructor_caller": plain,
            "coming back": back,
            "longest": Kind(other.init.ljust(self.longest, b"\0"), other.code),
            "too long": Kind(other.init.ljust(self.longest + 1, b"\0")),
            "bad counter": Kind(counter.init[:-1] + b"\0"),
            "none": Kind(b""),
            "shortest": Kind(b"\0", payable=True),
            "returns nothing": Kind(bytes.fromhex("5f5ff3"), payable=True),
            "ends itself": Kind(bytes.fromhex("33ff"), payable=True),
            "forbidden": Kind(bytes.fromhex("60ef5f5360015ff3"), payable=True),
        }
        self.spent = self.spend(evm)
        self.empty = create3_address(factory.address, self.spent, SALTS[0])
        self.drawn = (*(name for name in self.kinds if self.kinds[name].code), *self.kinds)

    def kind(self, name: str, *args: Any, payable: bool = False) -> Kind:
        """A contract that works, and its code as an ordinary deployment leaves it."""
        artifact = self.evm.load(name)
        with self.evm.anchor():
            code = self.evm.code(self.evm.deploy(name, *args, sender=self.evm.account("owner")))
        init = artifact.creation_code + encode_args(artifact.interface.constructor, args, name)
        return Kind(init, code, payable)

    def spend(self, evm: LocalEvm) -> str:
        """A contract that deploys one with the first salt and has it end itself, all in one transaction."""
        ends_at_a_call = bytes.fromhex("6133ff5f526002601ef3")
        call = self.contract("factory").deploy.encode(SALTS[0], ends_at_a_call)
        size, factory = f"61{len(call):04x}", self["factory"][2:]
        deploys = bytes.fromhex(f"{size}6100325f3960205f{size}5f5f73{factory}5af1505f5f5f5f5f5f515af100")
        place = evm.raw.deploy(evm.account("owner").address, deploys + call, 0)
        assert place is not None, "the contract that spends a salt was not made"
        return place

    def start(self) -> None:
        self.made: dict[str, Kind] = {}
        self.coins = dict.fromkeys(self.places.values(), 0)

    def fails(self, name: str, place: str, fee: int) -> str | None:
        kind = self.kinds[name]
        if len(kind.init) > self.longest:
            return ""
        if not kind.init:
            return "create3: no init code"
        if place in self.made:
            return "create3: already deployed"
        return "create3: constructor failed" if not kind.code or (fee and not kind.payable) else None

    def done(self, deployer: str, salt: bytes, name: str, fee: int) -> None:
        place = self.places[deployer, salt]
        self.made[place] = self.kinds[name]
        self.coins[place] += fee
        if self.sometimes():
            self.emitted("factory.Deployed", deployer=deployer, salt=salt, deployed=place)

    @action("", Choice("drawn"), Choice(SALTS), Choice(FEES), weight=8)
    def deploy(self, who: str, name: str, salt: bytes, fee: int) -> Steps:
        place = self.places[who, salt]
        fails = self.fails(name, place, fee)
        returned = yield self.tx("factory.deploy", salt, self.kinds[name].init, sender=who, value=fee, fails=fails)
        if fails is None:
            assert int.from_bytes(returned, "big") == int(place, 16), "deploy returns the address"
            self.done(who, salt, name, fee)

    @action("", Choice("drawn"), Choice(SALTS), Choice(FEES), weight=4)
    def deploy_by_code(self, who: str, name: str, salt: bytes, fee: int) -> Steps:
        init = self.kinds[name].init
        if len(init) >= self.longest:
            return None  # more than CallbackAttacker carries
        fails = self.fails(name, self.places[self["attacking"], salt], fee)
        call = self.contract("factory").deploy.encode(salt, init)
        yield self.tx("attacker.visit", self["factory"], call, sender=who, value=fee, fails=fails)
        if fails is None:
            self.done(self["attacking"], salt, name, fee)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("CRE-1")
    def every_place_has_its_code(self) -> bool:
        """A contract lies where its deployer and salt say, with the code that its constructor left, and stays so."""
        return all(
            self.evm.code(place) == (self.made[place].code if place in self.made else b"")
            for place in self.places.values()
        )

    @invariant("CRE-2")
    def coins_reach_the_contract(self) -> bool:
        """What is paid with a deployment reaches the new contract; the factory keeps nothing."""
        return self.evm.balance(self["factory"]) == 0 and all(
            self.evm.balance(place) == coins for place, coins in self.coins.items()
        )

    @invariant("CRE-3")
    def nobody_comes_back(self) -> bool:
        """No call from inside a constructor gets through."""
        return all(
            self.evm.storage(place, GOT_THROUGH) == 0
            for place, kind in self.made.items()
            if kind is self.kinds["coming back"]
        )

    @invariant("CRE-1", at_end=True)
    def places_are_known_before(self) -> bool:
        """`address_of` says where, before and after."""
        return all(
            self.ask("factory.address_of", who, salt) == int(place, 16) for (who, salt), place in self.places.items()
        )

    @invariant("CRE-4", at_end=True)
    def a_failure_spends_no_salt(self) -> bool:
        """Where nothing lies and no contract ended itself, its deployer can deploy, whatever failed there before."""
        init = self.kinds["counter"].init
        for (who, salt), place in self.places.items():
            if place not in self.made and who != self["attacking"]:
                self.do("factory.deploy", salt, init, sender=who)
        return self.ended_for_good()

    def ended_for_good(self) -> bool:
        """Nothing lies where a contract ended itself, and nothing ever will: its salt is spent. With revm it lies there
        still."""
        fails = "create3: already deployed" if self.evm.code(self.empty) else "create3: salt spent"
        to, encode = self.resolve("factory.deploy", 2)
        for name in ("counter", "longest"):
            if self.evm.raw.call(self.spent, to, encode([SALTS[0], self.kinds[name].init])) is not None:
                return False
            if self.evm.revert().reason != fails:
                return False
        return True
