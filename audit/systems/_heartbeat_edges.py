"""HeartbeatService at its edges: what every short way starts from, and the words in which it is described."""

from __future__ import annotations

from typing import Any

from audit.systems._heartbeat_service import (
    DAMAGES,
    DIGESTS,
    RESERVE,
    RESTITUTION,
    WINDOW,
    HeartbeatLog,
    evidence_of,
)
from audit.systems._hub import EPOCH
from audit.systems._partial_hub import partial_hub
from ethwire.constants import ZERO_ADDRESS
from ethwire.errors import Revert
from keifu.provenance import Heartbeat, heartbeat_digest
from keifu.staking import KeyKind
from keifu.units import DAY

__all__ = ["PARTS", "SMALL", "TERM", "HeartbeatEdgeSystem", "Shown", "damages_of"]

SMALL = (10, 11, 12, 13)  # wei of restitution: every remainder that damages are rounded up from
PARTS = (0, 1, RESTITUTION // 2, DAMAGES - 2, DAMAGES - 1, DAMAGES)  # wei that a slash pays
TERM = 10 * DAY
Shown = tuple[tuple[Any, ...], bytes]  # a heartbeat and its signature


def damages_of(restitution: int) -> int:
    """The least wei of which four fifths are the restitution and a tenth of it."""
    wanted = restitution + restitution // 10
    return next(wei for wei in range(wanted, 2 * wanted) if wei * 4 >= wanted * 5)


class HeartbeatEdgeSystem(HeartbeatLog):
    """One service as it is used, some of a few wei, and some whose hub pays less than it is asked for."""

    wait_weight = 1

    def open(self) -> None:
        super().open()
        evm, hub, operator = self.evm, self.contract("hub"), self["operator"]
        deployer = evm.account("deployer")
        for wei in SMALL:
            self.serve(f"of {wei}", hub.address, wei)
        small = self[f"of {SMALL[0]}"]
        hub.list_service(small, 60 * EPOCH, 4, sender=self.owner)
        hub.lock(small, operator, damages_of(SMALL[0]) + SMALL[0] // 10, sender=operator)
        for wei in PARTS:
            self.serve(f"paid {wei}", partial_hub(evm, deployer.address, wei), RESTITUTION)
        for wei in SMALL[1:]:
            hub.list_service(self[f"of {wei}"], 60 * EPOCH, 4, sender=self.owner)
        evm.warp(EPOCH)  # in the epoch 0 nobody has to be asked

    def serve(self, name: str, hub: str, restitution: int) -> None:
        args = self["token"], hub, self["environments"], restitution, WINDOW
        self.bind(**{name: self.evm.deploy("HeartbeatService", *args, sender=self.evm.account("deployer"))})

    def start(self) -> None:
        super().start()
        self.began = self.now

    # calls ------------------------------------------------------------------------------------------------------------

    def seen(self, name: str, *args: Any, service: str = "heartbeats") -> Any:
        """What a view answers, whole; one that reverts is a finding."""
        try:
            return getattr(self.contract(service), name)(*args)
        except Revert as error:
            raise AssertionError(f"{name} must answer, was refused: {error.reason}") from error

    def send(
        self, function: str, *args: Any, by: str = "operator", service: str = "heartbeats", fails: str | None = None
    ) -> Any:
        return self.tx(f"{service}.{function}", *args, sender=self[by], fails=fails)

    def binds(self, place: int = 0, last: int = 0, **rest: Any) -> Any:
        return self.send("bind", self.places[place], last or self.now + TERM, **rest)

    def lie(
        self, time: int = 0, digest: bytes = DIGESTS[2], seq: int = 1, place: int = 0, node: str = "operator"
    ) -> Shown:
        """A heartbeat that its node signs; by default a false one of now."""
        beat = Heartbeat(self[node], self.places[place], seq, digest, time or self.now)
        return beat.args, self.evm.account(node).sign(heartbeat_digest(self.beats, beat))

    def signed_by(self, role: str, beat: tuple[Any, ...]) -> bytes:
        return self.evm.account(role).sign(heartbeat_digest(self.beats, Heartbeat(*beat)))

    def committed_by(self, shown: Shown, by: str = "watcher", service: str = "heartbeats") -> Any:
        """In this block; the next one has begun when it is shown."""
        yield self.send("commit", evidence_of(shown, self[by]), by=by, service=service)
        self.evm.mine()

    def shown(self, shown: Shown, record: int = 0, by: str = "watcher", **rest: Any) -> Any:
        return self.send("report", *shown, self.records[DIGESTS[record]].args, by=by, **rest)

    def shown_with(self, first: Shown, second: Shown, **rest: Any) -> Any:
        return self.send("report_contradiction", *first, *second, by="watcher", **rest)

    # what must be seen ------------------------------------------------------------------------------------------------

    def speaks(self, key: str, kind: int | None, since: int, until: int) -> None:
        """KEY-1, of every kind and at each second that decides."""
        operator = self["operator"]
        named = (ZERO_ADDRESS, 0, 0, 0) if kind is None else (operator, kind, since, until)
        assert tuple(self.seen("key", key)) == named, "what is known of a key"
        for of in (0, *KeyKind, 4):
            for time in (0, since - 1, since, since + 1, until - 1, until, until + 1, self.now):
                if kind is None or time < since:
                    wanted = key
                else:
                    wanted = operator if of == kind and (not until or time <= until) else ZERO_ADDRESS
                assert self.seen("operator_of", key, of, max(0, time)) == wanted, "for whom a key speaks"

    def promised(self, open_ones: int, since: int, last: int, until: int, reserve: int) -> None:
        """The operator's binding to the first environment, and what all of its bindings reserve."""
        found = tuple(self.seen("binding", self["operator"], self.places[0]))
        assert found == (since, last, until, reserve), "what is promised"
        assert self.seen("reserved", self["operator"]) == open_ones * RESERVE, "what is reserved"

    def hub_knows(self, reserves: int) -> None:
        lock = self.view("get_lock", self["heartbeats"], self["operator"])
        assert lock[1] == reserves * RESERVE, "what the hub was last asked to bind"

    def credited(self, owed: dict[str, int], service: str = "heartbeats") -> None:
        for role in self.actors:
            assert self.ask(f"{service}.credits", self[role]) == owed.get(role, 0), f"credit of {role}"

    def paid(self, role: str, receiver: str, wei: int, service: str = "heartbeats") -> Any:
        """By `pay` to an account itself, by `withdraw` to somebody else."""
        before = self.stored(self[receiver])
        if role == receiver:
            returned = yield self.send("pay", self[role], by="stranger", service=service)
        else:
            returned = yield self.send("withdraw", self[receiver], by=role, service=service)
        self.emitted(f"{service}.Paid", account=self[role], receiver=self[receiver], amount=wei)
        assert int.from_bytes(returned, "big") == wei, "answers the wei paid"
        assert self.stored(self[receiver]) - before == wei, "another sum was paid"
