"""Requests of one moment are answered together: which of them are, and who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, ClassVar, cast

import pytest

from keifu.compute import service as services
from keifu.compute.http.exchange import Exchange
from keifu.compute.model import Call, LocalModel, ModelFault, Result
from keifu.compute.service import GATHER_SECONDS, LONGEST_GATHERING, MANY_ANSWERS, Service

FOREVER = 1e6  # seconds


class Counts(LocalModel):
    """How many it is asked at once."""

    endpoints = frozenset({"classify"})

    def __init__(self) -> None:
        super().__init__("counts", prices)
        self.moments: list[int] = []

    def most_input(self, call: Call) -> int:
        return 1

    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        self.moments.append(len(calls))
        return [Result(b"{}", 1)] * len(calls)


prices: Any = type("Free", (), {"fee": lambda self, units_in, units_out: 0})()


class Asked:
    """A request, as the server hands it on."""

    method, path, body, is_gone = b"POST", b"/v1/classify", b'{"model":"counts","input":[1]}', False
    headers: ClassVar[dict[bytes, bytes]] = {}


class Settled:
    """Whose answers are on the disk when a test says so."""

    def __init__(self) -> None:
        self.is_busy = False
        self.idle: Callable[[int], None] = lambda count: None

    def answer(self, work: Any, result: Any) -> None:
        self.is_busy = True

    def went(self, count: int) -> None:
        self.is_busy = False
        self.idle(count)


class World:
    def __init__(self) -> None:
        self.model = Counts()
        self.settled = Settled()
        self.service = Service({"counts": self.model}, settler=cast("Any", self.settled))

    async def ask(self, count: int) -> list[int]:
        """So many requests; the moments until now."""
        for _ in range(count):
            asked: Any = Asked()
            self.service.handle(asked)
        await self.turns()
        return self.model.moments

    async def turns(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


def run(script: Callable[[World], Awaitable[None]]) -> None:
    async def whole() -> None:
        await script(World())

    asyncio.run(whole())


def test_what_comes_while_answers_are_written_is_one_moment() -> None:
    async def script(world: World) -> None:
        assert await world.ask(1) == [1]
        assert await world.ask(3) == [1]
        world.settled.went(1)
        await world.turns()
        assert world.model.moments == [1, 3]

    run(script)


def test_after_many_answers_the_next_moment_has_the_requests_of_those_who_got_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "GATHER_SECONDS", FOREVER)

    async def script(world: World) -> None:
        await world.ask(MANY_ANSWERS)
        await world.ask(2)
        world.settled.went(MANY_ANSWERS)
        assert await world.ask(MANY_ANSWERS - 1) == [MANY_ANSWERS]
        assert await world.ask(1) == [MANY_ANSWERS, MANY_ANSWERS + 2]
        world.settled.went(MANY_ANSWERS - 1)  # few: nobody is waited for
        assert await world.ask(1) == [MANY_ANSWERS, MANY_ANSWERS + 2, 1]

    run(script)


def test_who_does_not_ask_again_is_waited_for_a_little_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "GATHER_SECONDS", 0)

    async def script(world: World) -> None:
        await world.ask(MANY_ANSWERS)
        await world.ask(2)
        world.settled.went(MANY_ANSWERS)
        while len(world.model.moments) == 1:
            await asyncio.sleep(0)
        assert world.model.moments == [MANY_ANSWERS, 2]

    run(script)


@pytest.mark.parametrize("coming", [0, 1, 3, LONGEST_GATHERING, 5 * LONGEST_GATHERING])
def test_who_asks_again_is_waited_for_as_long_as_others_come_and_not_longer_than_a_few_whiles(
    coming: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request comes in each of so many whiles."""

    async def script(world: World) -> None:
        loop = asyncio.get_running_loop()
        ended: list[Callable[[], None]] = []

        def later(seconds: float, call: Callable[..., None], *given: object) -> asyncio.TimerHandle:
            assert seconds == GATHER_SECONDS
            ended.append(partial(call, *given))
            return asyncio.TimerHandle(0, call, given, loop)

        monkeypatch.setattr(loop, "call_later", later)
        count = 8 * LONGEST_GATHERING
        await world.ask(count)
        await world.ask(1)
        world.settled.went(count)
        whiles = 0
        while len(world.model.moments) == 1:
            [end], whiles = ended, whiles + 1
            ended.clear()
            await world.ask(whiles <= coming)
            end()
            await world.turns()
        assert not ended
        assert whiles == min(coming + 1, LONGEST_GATHERING)
        assert world.model.moments == [count, 1 + min(coming, whiles)]

    run(script)


def test_a_header_that_comes_again_is_kept_once() -> None:
    connection: Any = type("Connection", (), {"repeated": b""})()
    first, again, other = (
        Exchange(connection, b"POST", b"/", {b"payment-signature": bytes(bytearray(value))}, b"", False)
        for value in (b"a voucher", b"a voucher", b"another")
    )
    assert first.header(b"authorization") is None
    kept = first.header(b"payment-signature")
    assert again.header(b"payment-signature") is kept is again.headers[b"payment-signature"]
    assert other.header(b"payment-signature") == b"another"
