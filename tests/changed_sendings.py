"""A sender behind a node that changes one field of one answer: each intent takes effect once, whatever it changes.

    python -m tests.changed_sendings --runs 10000 --seed 1

The chain is simulated and honest; the node between changes one answer of the run, envelope included. Errors of our own
tree may come out, one line each; then the owner starts the sender again with the same database, as a supervisor does.
At the end the chain alone is the judge: each intent took effect once, and its state says so.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ethwire.rpc import Rpc
from keifu.chain.sender import Intent, Policy, Sender, State
from keifu.errors import KeifuError, Revert
from keifu.keys import Account
from tests.changed_runs import Attempt, Outcome, main
from tests.faulty_node import Answer, FaultyNode, Mutation, Request
from tests.unit.chain.sender.simulated_chain import REVERTS, SimulatedChain

__all__ = ["answer_of", "attempt"]

DEPTH = 2
INTENTS = 3
ROUNDS = 60
AGAIN_SECONDS = 30.0
ANSWERS = 50  # an honest run takes about 40
GAS = 60_000  # of the one that is refused in its block
TO = "0x" + "aa" * 20
ACCOUNT = Account.from_role("changed sendings")


class _Run:
    def __init__(self, seed: int, folder: Path) -> None:
        draw = random.Random(seed)
        self.chain = SimulatedChain(ACCOUNT.address, DEPTH, random.Random(seed))
        self.mutation = Mutation(draw.randrange(2**32), draw.randrange(ANSWERS))
        self.node = FaultyNode(self._answers, self.mutation)
        self.folder = folder
        self.errors: list[str] = []
        self.sender: Sender | None = None
        self.intents = [
            Intent(f"pay {number}", TO, (REVERTS if number == 1 else b"\x01") + b"%d" % number, gas=GAS * (number == 1))
            for number in range(INTENTS)
        ]

    def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        found = self.chain.batch([(request["method"], request["params"]) for request in requests])
        return [answer_of(request["id"], result) for request, result in zip(requests, found, strict=True)]

    def round(self) -> bool:
        """Whether all is over."""
        try:
            if self.sender is None:
                rpc = Rpc("http://node.invalid", sleep=lambda _: None, transport=self.node.transport, attempts=2)
                policy = Policy(depth=DEPTH, patience=3, again_seconds=AGAIN_SECONDS)
                self.sender = Sender(
                    self.folder / "sender.db", rpc, ACCOUNT, policy=policy, clock=lambda: self.chain.now
                )
            self.sender.submit_many(self.intents)
            self.sender.step()
        except KeifuError as error:
            self.errors.append(f"{type(error).__name__}: {error}")
            self.close()
        self.chain.tick()
        return self.sender is not None and all(self.sender.get(item.id).state.is_final for item in self.intents)

    def fault(self) -> str:
        """What is wrong at the end; empty when all is well."""
        assert self.sender is not None
        taken = self.chain.taken()
        for item in self.intents:
            kept = self.sender.get(item.id)
            effects = [found for found in taken if found.data == item.data]
            wanted = State.FAILED if item.data.startswith(REVERTS) else State.DONE
            if len(effects) != 1:
                return f"{item.id} took effect {len(effects)} times: {kept}"
            if kept.state is not wanted or kept.tx_hash != effects[0].tx_hash:
                return f"{item.id} is told as {kept}"
        return ""

    def close(self) -> None:
        if self.sender is not None:
            self.sender.close()
        self.sender = None


def answer_of(number: Any, result: Any) -> Answer:
    answer: Answer = {"jsonrpc": "2.0", "id": number}
    if isinstance(result, Revert):
        return answer | {"error": {"code": 3, "message": f"execution reverted: {result.reason}", "data": "0x"}}
    if isinstance(result, Exception):
        return answer | {"error": {"code": -32_000, "message": str(result)}}
    return answer | {"result": result}


def attempt(seed: int, folder: Path) -> Outcome:
    """One run, in an empty folder."""
    run = _Run(seed, folder)
    try:
        for _ in range(ROUNDS):
            if run.round():
                break
        else:
            return Outcome("it never ended", run.mutation.reported, tuple(run.errors))
        several = any("\n" in error for error in run.errors)
        return Outcome(
            "an error of several lines" if several else run.fault(), run.mutation.reported, tuple(run.errors)
        )
    except Exception as error:
        return Outcome(f"a raw {type(error).__name__}: {error}", run.mutation.reported, tuple(run.errors))
    finally:
        run.close()


@contextmanager
def prepared() -> Iterator[Attempt]:
    """A folder for each run, and locks that are nobody else's."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder

        def one(seed: int) -> Outcome:
            place = Path(folder) / str(seed)
            place.mkdir()
            return attempt(seed, place)

        yield one


if __name__ == "__main__":
    sys.exit(main(__doc__, prepared(), None))
