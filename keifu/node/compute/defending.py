"""What a node shows in a dispute, computed again beside the rounds from kept token ids, by the receipt's program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from keifu.errors import CheckFailed
from keifu.inference.disputes import Case, Provider, Turn
from keifu.inference.disputes.moves import Move, answer
from keifu.inference.playable import Executor, Playable, playable
from keifu.node.compute.traces import Traces

__all__ = ["Defence"]

PROGRAMS_KEPT, REPLIES_KEPT = 2, 4
AGAIN_SECONDS = 60.0  # until what failed is tried again: to look for a program, each model is loaded


class Defence:
    """One thread computes. `executors` gives models that may be meant, one after the other: those that are served, then
    what else the node has."""

    def __init__(
        self, traces: Traces, executors: Callable[[], Iterator[Executor]], timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._traces, self._executors, self._timer = traces, executors, timer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dispute")
        self._moves: dict[tuple[bytes, bytes], tuple[Future[Move], float]] = {}  # by dispute and its turn's hash
        self._programs: list[tuple[Executor, Playable]] = []
        self._replies: dict[tuple[bytes, bytes], Provider] = {}  # by the roots of trace and prompt

    def move(self, case: Case, turn: Turn) -> Move | None:
        """The answer to what is asked; None while it is computed. Raises CheckFailed where it cannot be: a minute after
        it was begun, it is tried again."""
        key = turn.dispute, turn.hash
        if key not in self._moves:
            self._moves[key] = self._thread.submit(self._make, case, turn), self._timer()
            return None
        made, since = self._moves[key]
        if made.done():
            if (error := made.exception()) is None:
                return made.result()
            if self._timer() - since >= AGAIN_SECONDS:
                del self._moves[key]
            if isinstance(error, CheckFailed):
                raise error
            # Whatever it was: other disputes wait for their answers.
            raise CheckFailed(f"the answer was not computed: {error!r}", remedy="look after what was promoted")
        return None

    def forget(self, dispute: bytes) -> None:
        for key in [key for key in self._moves if key[0] == dispute]:
            del self._moves[key]

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    # in its own thread ---------------------------------------------------------------------------------------------

    def _make(self, case: Case, turn: Turn) -> Move:
        reply = case.trace, case.inputs
        provider = self._replies.get(reply)
        if provider is None:
            while len(self._replies) >= REPLIES_KEPT:
                del self._replies[next(iter(self._replies))]  # the oldest
            provider = self._replies[reply] = self._provider(case)
        return answer(provider, case, turn)

    def _provider(self, case: Case) -> Provider:
        ids = self._traces.ids(case.trace, case.inputs)
        if ids is None:
            raise CheckFailed(
                "the token ids of the reply are not kept", remedy="restore the folder that answered, with its traces"
            )
        model = self._program(case.program)
        return Provider(model.published, model.trace(*ids, self._traces.drawing(case.trace)))

    def _program(self, root: bytes) -> Playable:
        for _, known in self._programs:
            if known.published.root == root:
                return known
        for executor in self._executors():
            if all(executor is not item for item, _ in self._programs):
                found = playable(executor)
                self._programs = [*self._programs[1 - PROGRAMS_KEPT :], (executor, found)]
                if found.published.root == root:
                    return found
        raise CheckFailed(
            f"no model here has program {root.hex()}",
            remedy="put what was promoted among compute.artefacts",
        )
