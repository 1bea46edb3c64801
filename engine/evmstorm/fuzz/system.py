"""How an auditor describes a system under test: who acts, what they may do, what a plain model says will happen, and
what must always hold.

    class Vault(System):
        contracts = ("ThirdPartyVault", "PlainToken")
        actors = ("depositor", "rival")

        def setup(self, evm):                          # once
            token = evm.deploy("PlainToken", sender=evm.account("owner"))
            self.bind(token=token, vault=evm.deploy("ThirdPartyVault", token, sender=evm.account("owner")))

        def start(self):                               # before each sequence: the model as setup left the chain
            self.shares = dict.fromkeys(self.addresses, 0)

        @action("vault.withdraw", Amount("shares"))
        def withdraw(self, who, amount):
            if amount > self.shares[who]:
                return "vault: not enough"             # must be refused, for exactly this reason
            yield                                      # must succeed: a liveness oracle
            self.shares[who] -= amount                 # what the model makes of it

        @invariant("VAU-1")
        def solvent(self):
            "The vault holds what it owes."
            return self.balance(self["vault"]) >= sum(self.shares.values())
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import ethwire
from ethwire.abi import WORD, CallEncoder, Contract, call_encoder
from ethwire.constants import ZERO_ADDRESS
from ethwire.errors import AbiError, ArtifactError, EnvironmentFault, Revert
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.evm.remote import Chain
from evmstorm.fuzz._events import check_event
from evmstorm.fuzz.language import (
    MAY_REVERT,
    RAW_OUTCOME,
    Action,
    Call,
    DescriptionError,
    Invariant,
    Steps,
    action,
    invariant,
)
from evmstorm.fuzz.storage import Field, Reader

__all__ = [
    "MAY_REVERT",
    "RAW_OUTCOME",
    "Action",
    "Call",
    "DescriptionError",
    "Invariant",
    "Steps",
    "System",
    "action",
    "invariant",
]

CHECKED = 3  # calls of an action, in each sequence, whose events are looked at


class System:
    """Base of every description. Attributes that the engine sets: evm, now, addresses, dictionary, durations."""

    contracts: ClassVar[tuple[str, ...]] = ()  # those whose code is under test, for hashes, mutants and coverage
    actors: ClassVar[tuple[str, ...]] = ("user", "rival", "stranger")
    wait_weight: ClassVar[int] = 6
    jumps_blocks: ClassVar[bool | None] = None  # whether waits may skip blocks; None: when the code reads block numbers
    ticket: ClassVar[str] = ""
    chain: ClassVar[Chain | None] = None  # whose state the system begins with; see evmstorm.evm.remote
    fork: ClassVar[str] = ""  # that the chain follows; "": the newest one that a contract was compiled for

    evm: LocalEvm
    addresses: tuple[str, ...]
    strangers: tuple[str, ...]
    dictionary: list[int]
    durations: list[int]

    # what a description gives -----------------------------------------------------------------------------------------

    def setup(self, evm: LocalEvm) -> None:
        """Deploy and prepare, once. Must call `bind`."""
        raise NotImplementedError

    def start(self) -> None:
        """Put the model where `setup` left the chain; called before each sequence, so keep it cheap."""

    def constructors(self) -> Iterable[tuple[str, tuple[Any, ...], str | None]]:
        """(contract, arguments, reason of the refusal or None) for deployments that are tried once, after `setup`."""
        return ()

    def deadlines(self) -> list[int]:
        """Time stamps at which something changes: waiting aims at them, one second early and late included."""
        return []

    def heights(self) -> list[int]:
        """Block numbers at which something changes: waiting aims at them as it does at deadlines."""
        return []

    # what it may use --------------------------------------------------------------------------------------------------

    @classmethod
    def title(cls) -> str:
        return cls.__module__.rsplit(".", 1)[-1]

    def bind(self, **contracts: Contract) -> None:
        """Name the deployed contracts, for `target`s, counterexamples and storage readers."""
        self._bound.update(contracts)
        self.names.update({contract.address: name for name, contract in contracts.items()})

    def join(self, **actors: Any) -> None:
        """Add actors of its own to the roles: contracts that receive, hostile ones included."""
        for role, actor in actors.items():
            address = actor if isinstance(actor, str) else actor.address
            self.roles[role] = address
            self.names[address] = role

    def __getitem__(self, name: str) -> str:
        """Address of a role or of a bound contract."""
        return self.roles[name] if name in self.roles else self._bound[name].address

    def contract(self, name: str) -> Contract:
        return self._bound[name]

    def bound(self) -> list[Contract]:
        return list(self._bound.values())

    @property
    def now(self) -> int:
        return self.evm.now

    @property
    def block(self) -> int:
        return self.evm.block_number

    def tx(
        self,
        target: str,
        *args: Any,
        sender: str,
        value: int = 0,
        fails: str | None = None,
        may_revert: bool = False,
        raw_outcome: bool = False,
    ) -> Call:
        """A call for an action to yield. It must succeed, or be refused for the reason `fails`; with `may_revert` as
        with MAY_REVERT, with `raw_outcome` as with RAW_OUTCOME."""
        to, encode = self.resolve(target, len(args))
        return Call(sender, to, encode(args), value, fails, may_revert, raw_outcome, (target, args))

    def read(self, variable: str, *, offset: int = 0, bits: tuple[int, int] | None = None) -> Reader:
        """A reader of storage: "vault.total" is called without, "vault.shares" (a map) with its keys.

        `offset` counts slots into a struct or array, `bits` is (first bit, width) of a packed field, by default as the
        layout says, which is the compiler's. Raises DescriptionError when there is no such variable.
        """
        name, _, path = variable.partition(".")
        if name not in self._bound:
            raise DescriptionError(f"{self.title()}: {variable} names no bound contract")
        contract = self._bound[name]
        try:
            artifact = self.evm.load(contract.interface.name)
            slot, place = artifact.slot(path), bits or artifact.bits(path)
        except ArtifactError as error:
            raise DescriptionError(f"{self.title()}: {error}") from error
        reader = Reader(self.evm.raw.slot, contract.address, variable, Field(slot, offset, *place, artifact.key_first))
        self.readers.append(reader)
        return reader

    def watch(self, *places: tuple[str, int]) -> Callable[[], int]:
        """Says, each time that it is asked, whether one of these words (`Reader.place`) changed since the last time;
        yes the first time. An invariant that sums over many words works out again only what changed: a tenth of a
        microsecond for each part that did not."""
        return self.evm.raw.watch(places)

    def resolve(self, target: str, arity: int | None = None) -> tuple[str, CallEncoder]:
        """(address, encoder) of "contract.function"; raises DescriptionError when there is none."""
        found = self._resolved.get((target, arity))
        if found is None:
            name, _, function = target.partition(".")
            if name not in self._bound:
                raise DescriptionError(f"{self.title()}: {target} names no bound contract, of {list(self._bound)}")
            try:
                abi = self._bound[name].interface.function(function, arity)
            except AbiError as error:
                raise DescriptionError(f"{self.title()}: {error}") from error
            found = self._resolved[target, arity] = (self._bound[name].address, call_encoder(abi.selector, abi.inputs))
        return found

    def emitted(self, event: str, *, count: int = 1, **args: Any) -> None:
        """The last call emitted "contract.Event" `count` times, the last one with these arguments; AssertionError
        (a finding) otherwise. An argument that Python reserves takes an underscore: `from_`. Reading logs takes as long
        as a call: see `sometimes`."""
        name, _, title = event.partition(".")
        contract = self._bound[name]
        check_event(
            contract.interface.event(title),
            contract.address,
            self.evm.raw.logs,
            count,
            {name.removesuffix("_"): value for name, value in args.items()},
        )

    def ask(self, target: str, *args: Any) -> int:
        """The first word that a view returns, as a number; for invariants at the end of a sequence."""
        to, encode = self.resolve(target, len(args))
        answer = self.evm.raw.call(self.addresses[0], to, encode(args), is_static=True)
        if answer is None:
            raise AssertionError(f"{target} must answer, was refused: {self.evm.revert().reason}")
        return int.from_bytes(answer[:WORD], "big")

    def refuses(self, target: str, *args: Any) -> bool:
        """Whether a view reverts; for invariants at the end of a sequence."""
        try:
            self.ask(target, *args)
        except AssertionError:
            return True
        return False

    def do(self, target: str, *args: Any, sender: str) -> int:
        """Make a call that must succeed, at the end of a sequence; the first word that it returns."""
        to, encode = self.resolve(target, len(args))
        answer = self.evm.raw.call(sender, to, encode(args))
        if answer is None:
            raise AssertionError(f"{target} must succeed in the end, was refused: {self.evm.revert().reason}")
        return int.from_bytes(answer[:WORD], "big")

    def sometimes(self) -> bool:
        """True for the first calls of each action in a sequence: for checks that cost more than a call."""
        checks = self.checks.get(self.acting, 0)
        self.checks[self.acting] = checks + 1
        return checks < CHECKED

    # what the engine uses ---------------------------------------------------------------------------------------------

    def __init__(self) -> None:
        self._bound: dict[str, Contract] = {}
        self._resolved: dict[tuple[str, int | None], tuple[str, CallEncoder]] = {}
        self.names: dict[str, str] = {ZERO_ADDRESS: "zero"}
        self.roles: dict[str, str] = {}
        self.readers: list[Reader] = []
        self.acting = ""  # name of the action that runs
        self.checks: dict[str, int] = {}  # calls of each action, in this sequence, whose details were looked at
        self.refusal = ""  # reason of the last call that was refused

    def prepare(self, evm: LocalEvm) -> None:
        """Run `setup` on `evm`; refuses a description that names what is not there."""
        self.evm = evm
        for role in self.actors:
            self.join(**{role: evm.account(role)})
        with self.blamed("setup"):
            self.setup(evm)
        if not self._bound:
            raise DescriptionError(f"{self.title()}: setup binds no contract")
        self.addresses = tuple(self.roles.values())
        with self.blamed("start"):
            self.start()
        self.strangers = (*(contract.address for contract in self._bound.values()), ZERO_ADDRESS)
        with evm.anchor():
            for name, args, reason in self.constructors():
                self._try_constructor(name, args, reason)

    @contextmanager
    def blamed(self, method: str) -> Iterator[None]:
        """A fault of the description's own code is told by the method's name, in one line."""
        try:
            yield
        except (DescriptionError, EnvironmentFault):
            raise
        except Exception as error:
            what = f"refused: {error}" if isinstance(error, Revert) else f"{type(error).__name__}: {error}"
            remedy = f"correct {_place(error)}"
            raise DescriptionError(f"{self.title()}: {method}: {what}", remedy=remedy) from error

    def _try_constructor(self, name: str, args: tuple[Any, ...], reason: str | None) -> None:
        outcome: str | None = None
        try:
            self.evm.deploy(name, *args, sender=self.evm.account("owner"))
        except Revert as revert:
            outcome = revert.reason
        if outcome != reason:
            happened = "deployed" if outcome is None else f"refused for {outcome!r}"
            raise DescriptionError(f"{self.title()}: {name}{args} must be refused for {reason!r}, was {happened}")

    @classmethod
    def actions(cls) -> list[Action]:
        return _marked(cls, "_action")

    @classmethod
    def invariants(cls) -> list[Invariant]:
        return _marked(cls, "_invariant")

    @classmethod
    def code_hash(cls) -> str:
        """SHA-256 over the run-time code under test: a corpus or a counterexample belongs to one of these."""
        digest = hashlib.sha256()
        for name in cls.contracts:
            digest.update(artifacts.load(name).runtime_code)
        return digest.hexdigest()


def _place(error: Exception) -> str:
    """The last line of a description that an exception went through."""
    ours = {Path(__file__).parents[1], Path(ethwire.__file__).parent}
    frames = [item for item in traceback.extract_tb(error.__traceback__) if not ours & {*Path(item.filename).parents}]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "it"


def _marked(cls: type, mark: str) -> list[Any]:
    """Decorated methods in the order of definition, base classes first, overridden ones once."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        for name, member in vars(base).items():
            if hasattr(member, mark):
                found[name] = getattr(member, mark)
            elif name in found:
                del found[name]
    return list(found.values())
