"""A re-executed answer from its promise to the end of its demand, on the oldest fork and the newest. Each transaction
is alone in its block; the court is AlignmentCourt."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from audit.reexecuted import AGREES, DIFFERS, DIGEST, EXECUTORS, PANEL, POOL, RULE, ReExecuted, seal
from benchmarks._lab import NEWEST, Lab
from benchmarks._rows import Row
from keifu.abi import Contract
from keifu.chain import Account
from keifu.keys import keccak256
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

SEATS = 400 * 2_000 * COIN  # the least that the court judges with
DAILY_BLOCKS = 2
LONGEST = bytes(2_048)


class _Chain:
    """What the world asks of its chain, as a lab has it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.account, self.warp, self.chain_id = lab.account, lab.anvil.warp, lab.client.chain_id

    def deploy(self, name: str, *args: Any, sender: Account) -> Contract:
        return self.lab.client.deploy(name, *args, sender=sender)

    @property
    def now(self) -> int:
        return self.lab.client.now


class _World(ReExecuted):
    """With the court, of one juror, before which nobody is accused; offers and demands are counted by the contract."""

    def make_court(self) -> Any:
        return self.evm.deploy("AlignmentCourt", self.token, self.hub, self.seeds, DAILY_BLOCKS, sender=self.owner)

    def start(self) -> None:
        juror = self.evm.account("bench juror")
        self.hub.list_service(self.court, 40 * DAY, 0, sender=self.owner)
        self.token.transfer(juror, SEATS, sender=self.owner)
        self.token.approve(self.hub, SEATS, sender=juror)
        self.hub.register_operator(0, "", sender=juror)
        self.hub.lock(self.court, juror, SEATS, sender=juror)
        self.court.join(sender=juror)
        self.evm.warp(8 * DAY)
        self.court.poke(juror, sender=juror)
        super().start()

    @property
    def to_list(self) -> tuple[Any, ...]:
        return (self.service,)

    def offer(self, **changes: Any) -> int:
        self.service.offer(self.channel.values, self.terms(**changes), sender=self.operator)
        return int(self.service.promise_count())


def _measured(lab: Lab) -> dict[str, int]:
    """Gas by the name of what was done."""
    chain: Any = _Chain(lab)
    world = _World(chain, price=0)
    service, client, found = world.service, world.client, dict[str, int]()

    def take(name: str, mined: Any) -> None:
        found[name] = max(found.get(name, 0), lab.gas(mined))

    def accepted(name: str) -> None:
        take("offer", service.offer(world.channel.values, world.terms(), sender=world.operator))
        take(name, service.accept(service.promise_count(), EXECUTORS, sender=client))

    accepted("accept")
    take("join", service.join(POOL, EXECUTORS, sender=world.other))
    accepted("accept of ten slots")
    lab.anvil.warp(10)
    with lab.undo():
        hashes = {"request_hash": keccak256(LONGEST), "response_hash": keccak256(LONGEST)}
        given: dict[str, Any] = {"receipt": world.receipt(**hashes), "request": LONGEST, "response": LONGEST}
        take("open, 2 KiB each", service.open(*world.opening(**given), sender=client))
    take("open", service.open(*world.opening(), sender=client))
    world.seed()
    drawn = service.draw(1, sender=world.stranger)
    take("draw", drawn)
    panel = [world.account_of(who) for who in drawn.events("Drawn")[0].args["panel"]]
    words = [DIFFERS] * (PANEL - 1) + [AGREES]
    for seat, (who, word) in enumerate(zip(panel, words, strict=True)):
        take("commit", service.commit(1, seat, seal(1, word, DIGEST, RULE, who), sender=who))
    lab.anvil.warp(DAY)
    for seat, (who, word) in enumerate(zip(panel, words, strict=True)):
        take("reveal", service.reveal(1, seat, word, DIGEST, RULE, sender=who))
    lab.anvil.warp(DAY)
    with lab.undo():
        lab.anvil.warp(2 * DAY)
        take("close", service.close(1, sender=world.stranger))
        take("settle_seat", service.settle_seat(1, 0, sender=world.stranger))
    take("accuse", service.accuse(1, b"what I saw", sender=client))
    take("concede", service.concede(1, sender=world.operator))
    take("pull", service.pull(1, sender=world.stranger))
    return found


def _newest(_: Lab) -> dict[str, int]:
    with Lab(NEWEST) as newest:
        return _measured(newest)


def _sum(names: tuple[str, ...], runs: tuple[Callable[[Lab], dict[str, int]], ...], lab: Lab) -> float:
    return max(sum(lab.shared(run)[name] for name in names) for run in runs)


def _of(*names: str) -> Callable[[Lab], float]:
    return partial(_sum, names, (_measured, _newest))


def _on_cancun(*names: str) -> tuple[str, Callable[[Lab], float]]:
    return "gas on cancun", partial(_sum, names, (_measured,))


def _slot_more(lab: Lab) -> float:
    return max(lab.shared(run)["accept of ten slots"] - lab.shared(run)["accept"] for run in (_measured, _newest))


_FORKS = f"the larger of cancun and {NEWEST}"
ROWS = (
    Row(
        "gas.reexecution_promise",
        _of("offer", "accept"),
        f"no peer; offer and acceptance, a pool of {EXECUTORS} slots; {_FORKS}",
        also=(
            _on_cancun("offer", "accept"),
            ("the acceptance", _of("accept")),
            ("each slot more", _slot_more),
            ("taking a slot", _of("join")),
        ),
    ),
    Row(
        "gas.reexecution_open",
        _of("open"),
        f"no peer; a demand about a receipt under its own signature, short bytes; {_FORKS}",
        also=(
            _on_cancun("open"),
            ("with 2 KiB each of request and answer", _of("open, 2 KiB each")),
            (f"the draw of {PANEL} of {EXECUTORS + 1}", _of("draw")),
        ),
    ),
    Row("gas.reexecution_commit", _of("commit"), f"no peer; the dearest seal; {_FORKS}", also=(_on_cancun("commit"),)),
    Row(
        "gas.reexecution_reveal",
        _of("reveal"),
        f"no peer; the dearest word shown; {_FORKS}",
        also=(_on_cancun("reveal"),),
    ),
    Row(
        "gas.reexecution_close",
        _of("close"),
        f"no peer; of a demand that nobody brought before the court; {_FORKS}",
        also=(
            _on_cancun("close"),
            ("a seat settled", _of("settle_seat")),
            ("an accusation", _of("accuse")),
            ("a verdict pulled", _of("pull")),
        ),
    ),
)
