"""Disputes at their edges: models of which only the last operator is known, and answers of which only a place is; what
every short way starts from, and what each call must leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from audit.systems._compute import HORIZON, LOCK, WINDOW
from audit.systems._constructors import Deployment
from audit.systems._disputes import BOND, TURN, DisputeLog
from audit.systems._game_edges import BEGUN, Start, climbed, depth, said_once, words
from audit.systems._partial_hub import partial_hub
from evmstorm.evm import LocalEvm
from keifu.abi import encode_args
from keifu.compute.promises import Cover, disputes_domain, shown
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.inference.disputes import NO_PERMIT, Turn
from keifu.keys import Account, Domain, keccak256
from keifu.payments import Channel
from keifu.provenance import Kind, Record, RegistryDomain
from keifu.units import COIN, DAY, HOUR

__all__ = ["GROUPS", "LITTLE", "MODEL", "POOLING", "TERM", "TEXTS", "TOKEN", "DisputeEdgeSystem", "Opened", "Program"]

TOKEN, POOLING = 10, 14  # what a model's last operator makes: a token, or a text's vector
TERM = 20 * DAY  # of a cover
LITTLE = 1  # wei that a hub pays that pays next to nothing
GROUPS = (
    1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 25, 32, 33, 49, 64, 65, 97, 127, 128, 129, 193, 256, 257, 385, 512, 4_096,
    4_097, 6_145, 50_000, 65_536,
)  # fmt: skip
ROOTS = words(2, 21)  # of what a receipt says of its request and its reply
COINS = 10**6 * COIN

# Takes two words from anybody, the hash of a call and an answer, and gives the answer to each such call from then on: 0
# to all others.
ANSWERING = bytes.fromhex(
    "36604014601557"  # two words are kept
    "365f5f37365f20545f5260205ff3"  # the answer to this call
    "5b6020355f355500"
)


@dataclass(frozen=True)
class Program:
    """A model's last operator: `levels` is how high it says that the tree of groups is."""

    groups: int = 3
    kind: int = TOKEN
    slot: int = 2
    wrong_by: int = 0

    @property
    def descriptor(self) -> tuple[tuple[bytes, ...], list[bytes]]:
        noise = keccak256(b"%d %d" % (self.groups, self.kind))
        place = (self.groups - 1).to_bytes(2, "big") + bytes([self.slot, self.kind])
        levels = depth(self.groups) + self.wrong_by
        first = place + noise[4:27] + bytes([levels % 256]) + noise[28:]
        return (first, *words(2, self.groups)), words(11, self.kind)

    @property
    def root(self) -> bytes:
        said, path = self.descriptor
        return climbed(keccak256(b"".join(said)), (self.groups - 1) << 4 | self.slot, path)


MODEL, TEXTS = Program(), Program(kind=POOLING)
PROGRAMS = (
    *(Program(groups) for groups in GROUPS), *(Program(groups, POOLING) for groups in (1, 2, 3, 5, 128, 129)),
    *(Program(3, slot=slot) for slot in (0, 15)), *(Program(3, kind) for kind in (0, 2, 6, 8, 9, 11, 12, 15, 26)),
    *(Program(groups, wrong_by=off) for groups in GROUPS for off in (1, -1) if groups + off > 0),
    *(Program(groups, POOLING, wrong_by=1) for groups in (1, 3)),
)  # fmt: skip


class World(NamedTuple):
    """A contract of disputes: the name of its game, and the domains of covers and of its market's receipts."""

    game: str
    domain: Domain
    receipts: Receipts


class Opened(NamedTuple):
    """A dispute, and the channel whose cover answers."""

    turn: Turn
    channel: bytes


class Standing(NamedTuple):
    """What there is of each side, in wei."""

    lock: int
    reserved: int
    held: int  # of the key's cap
    coins: int  # of the contract
    payer: int  # credits
    watcher: int
    operator: int
    brought: int  # by payer and watcher together, so that it is less


class DisputeEdgeSystem(DisputeLog):
    """Set-up, and each act beside what both sides know of it."""

    contracts = ("InferenceDisputes",)  # type: ignore[assignment]
    wait_weight = 1
    bind_anew = cover = lock = name_key = release = None  # type: ignore[assignment]  # nothing but the short ways
    remove = retire_key = set_cap = settle = unlock = None  # type: ignore[assignment]

    # set-up -----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        super().open()
        evm, maker = self.evm, self.evm.account("deployer")
        self.key = self.keys[self.key_names[0]]
        fee = evm.deploy("FeeToken", sender=maker)
        wallet, signing = (
            evm.deploy("HostileERC1271", sender=maker), evm.deploy("ContractWallet", self["author"], sender=maker),
        )  # fmt: skip
        self.bind(fee=fee, quiet=evm.deploy("QuietToken", sender=maker), wallet=wallet, signing=signing)
        little = partial_hub(evm, maker.address, LITTLE, collected=LITTLE)
        self.join(odd=self._answering(evm), mute=self._answering(evm))
        self.worlds = {"market": World("game", self.receipts.domain, self.core_receipts)}
        self._world(evm, "cheat", (fee, *self.market_terms[1:]))
        self._world(evm, "poor", (self["token"], little, *self.market_terms[2:]))
        for who in ("payer", "watcher"):
            fee.mint(self[who], COINS, sender=maker)
            fee.approve(self["cheat"], COINS, sender=self[who])
        self.contract("hub").list_service(self["cheat"], HORIZON, 4, sender=self.owner)
        self.contract("hub").lock(self["cheat"], self["operator"], LOCK, sender=self["operator"])
        self._promote_programs()
        self.rows = {
            role: self._row(Channel(self[role], self["key holder"], self["operator"], self["operator"], self["token"],
                                    DAY, bytes(32)))
            for role in ("wallet", "signing", "stranger")
        }  # fmt: skip

    def _answering(self, evm: LocalEvm) -> str:
        making = bytes.fromhex(f"60{len(ANSWERING):02x}8060095f395ff3") + ANSWERING
        made = evm.raw.deploy(evm.account("deployer").address, making, 0)
        assert made is not None
        return str(made)

    def _world(self, evm: LocalEvm, name: str, terms: tuple[Any, ...]) -> None:
        """Disputes over another market, in which the operator signs with its own key."""
        maker = evm.account("deployer")
        core = evm.deploy("ComputeMarket", *terms, sender=maker)
        game = evm.deploy("InferenceGame", core, self.game_terms[1], TURN, sender=maker)
        disputes = evm.deploy("InferenceDisputes", core, game, WINDOW, BOND, sender=maker)
        self.bind(**{name: disputes, f"{name}_game": game})
        disputes.set_cap(self["operator"], COINS, sender=self["operator"])
        for who in ("payer", "watcher"):
            self.contract("token").approve(disputes, COINS, sender=self[who])
        domain = disputes_domain(evm.chain_id, disputes.address)
        self.worlds[name] = World(f"{name}_game", domain, Receipts(evm.chain_id, core.address))

    def _promote_programs(self) -> None:
        """One environment had promoted all of them."""
        author, registry, places = self["author"], self.contract("registry"), self.contract("places")
        known = RegistryDomain(self.evm.chain_id, registry.address)
        self.published: dict[Program, tuple[int, Record]] = {}
        places.declare_environment("edges", [], False, author, sender=author)
        self.place = places.environment_id(author, "edges")
        for number, program in enumerate(dict.fromkeys(PROGRAMS), start=1):
            record = Record(author, Kind.WEIGHTS, keccak256(program.root), program_root=program.root)
            registry.register(record.args, sender=author)
            places.promote(self.place, known.record_id(record), sender=author)
            self.published[program] = number, record

    def _row(self, channel: Channel) -> Any:
        return type(self.bystander)(channel, self.vouchers.channel_id(channel))

    def start(self) -> None:
        super().start()
        self.began = self.now
        self.since, self.last = self.opened_at + 1, self.covers[1].last

    def constructors(self) -> Iterator[Deployment]:
        yield from ()

    # what is there ----------------------------------------------------------------------------------------------------

    def credit(self, role: str, of: str = "market") -> int:
        return self.ask(f"{of}.credits", self[role])

    def standing(self, operator: str = "operator", key: str = "") -> Standing:
        who = self[operator]
        held = self.answer_of("market.cap", who, key or self.key.address)[1]
        locked, reserved = self.ask("hub.lock_of", self["market"], who), self.ask("market.reserved", who)
        payer, watcher, mine = (self.credit(role) for role in ("payer", "watcher", operator))
        brought = self.stored(self["payer"]) + self.stored(self["watcher"])
        return Standing(locked, reserved, held, self.stored(self["market"]), payer, watcher, mine, brought)

    def changed(self, before: Standing, rule: str, **by: int) -> None:
        """So much is more than before, and nothing else is another."""
        now = self.standing()
        wanted = Standing(**{name: wei + by.get(name, 0) for name, wei in before._asdict().items()})
        assert now == wanted, f"{rule}: {now} is left, not {wanted}"

    def answers_to(self, role: str, call: str, kinds: list[str], values: tuple[Any, ...], answer: int | str) -> None:
        """A stand-in gives the answer to exactly this call."""
        word = int(answer, 16) if isinstance(answer, str) else answer
        data = keccak256(call.encode())[:4] + encode_args(kinds, values)
        self.evm.raw.call(self["stranger"], self[role], keccak256(data) + word.to_bytes(32, "big"))

    # acts -------------------------------------------------------------------------------------------------------------

    def sends(
        self, function: str, *args: Any, by: str = "operator", fails: str | None = None, to: str = "market"
    ) -> Any:
        return self.tx(f"{to}.{function}", *args, sender=self[by], fails=fails)

    def gives_cover(
        self, *, row: Any = 0, by: str = "payer", fails: str | None = None, to: str = "market", signer: Any = None,
        operator: str = "operator", **changes: Any,
    ) -> Any:  # fmt: skip
        """A cover that the operator's receipt key signs, of another channel of its pool, or of one of its own."""
        channel = self.rows[row] if isinstance(row, str) else self.pool[row]
        usual: dict[str, Any] = {"channel_id": channel.name, "restitution": 400 * COIN + 7, "price": 0,
                                 "last": self.now + TERM, "deadline": self.now}  # fmt: skip
        said = Cover(**(usual | changes))
        key: Account = signer or (self.key if to == "market" else self.signers[self["operator"]])
        args = (channel.values, said.args, self[operator], said.sign(self.worlds[to].domain, key))
        return self.sends("cover", *args, by=by, fails=fails, to=to)

    def receipt_of_place(self, start: Start, program: Program, **changes: Any) -> Receipt:
        """A receipt of an answer of this place."""
        seq, record = self.published[program]
        units = start.prompt, start.reply if program.kind != POOLING else 1
        usual: dict[str, Any] = {"environment": self.place, "promotion_seq": seq, "digest": record.digest,
                 "evidence": Evidence.PROVED, "trace_root": start.trace, "input_root": ROOTS[0],
                 "output_root": ROOTS[1], "input_units": units[0], "output_units": units[1],
                 "time": start.time}  # fmt: skip
        return self.receipt(**(usual | changes))

    def begins(
        self, start: Start, program: Program = MODEL, *, by: str = "payer", fails: str | None = None,
        to: str = "market", said: dict[str, Any] | None = None, permit: Any = NO_PERMIT,
        key: Account | None = None, shown_as: Any = None, **given: Any,
    ) -> Any:  # fmt: skip
        """Open a dispute; `said` are fields of the receipt, and `given` arguments that are not those of the place."""
        receipt = self.receipt_of_place(start, program, **(said or {}))
        signer = key or (self.key if to == "market" else self.signers[self["operator"]])
        whole = shown_as or shown(self.worlds[to].receipts.sign(signer, [receipt])[0])
        args: dict[str, Any] = {"record": self.published[program][1].args, "token": program.descriptor,
                "position": start.position, "group": start.group, "node": start.boundary,
                "path": start.whole_path, "marks": list(start.marks)} | given  # fmt: skip
        before = self.standing()
        yield self.sends("open", whole, *args.values(), permit, by=by, fails=fails, to=to)
        if fails is not None:
            return None
        opened = self.has_begun(start, program, receipt, by, to)
        if to == "market":
            self.changed(before, "DIS-9", coins=BOND, brought=-BOND if by in ("payer", "watcher") else 0)
        return opened

    def has_begun(self, start: Start, program: Program, receipt: Receipt, by: str, to: str) -> Opened:
        """What the logs say of it, and what the chain keeps."""
        operator, who, book, game = self["operator"], self[by], self[to], self.worlds[to].game
        dispute = keccak256(encode_args(["bytes32", "address"], (receipt.channel_id, operator)))
        case = replace(start.case, program=program.root, inputs=ROOTS[0], outputs=ROOTS[1])
        self.emitted(f"{to}.Opened", channel=receipt.channel_id, operator=operator, challenger=who, dispute=dispute,
                     receipt=receipt.struct_hash)  # fmt: skip
        indexed = [encode_args(["address"], (book,)), dispute, encode_args(["address"], (who,))]
        said_once(self, f"{game}.Begun", indexed, BEGUN, start.begun(case, operator))
        turn = start.turn(book, dispute, case, operator, who)
        turn = replace(turn, stage=int(start.first_stage), deadline=self.now + TURN)
        found = self.ask(f"{game}.turn_of", book, dispute)
        assert found == int.from_bytes(turn.hash, "big"), "DIS-10: the game was given something else"
        return Opened(turn, receipt.channel_id)

    def quick(self, **fields: Any) -> Start:
        """A place at which the provider answered though nobody asked: it has lost when that is opened."""
        return Start(**({"group": 2, "position": 0, "time": self.now} | fields))

    def closes(
        self, opened: Opened, fails: str | None = None, *, name: bytes = b"", turn: Turn | None = None,
        to: str = "market",
    ) -> Any:  # fmt: skip
        args = (turn or opened.turn).args, name or opened.channel
        return self.sends("close", *args, by="stranger", fails=fails, to=to)

    def settles(self, names: list[bytes], fails: str | None = None, operator: str = "operator") -> Any:
        return self.sends("settle", self[operator], names, by="stranger", fails=fails)

    def after(self, seconds: int = HOUR) -> None:
        self.evm.warp(seconds)
