"""A book's thread: one job after the other, and each one's end in the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from keifu.payments.writing import LONGEST_SECONDS, MANY_APART, Writer


@pytest.fixture
def writer() -> Iterator[Writer]:
    made = Writer("test")
    yield made
    made.close()


def test_jobs_are_done_in_their_order_in_a_thread_of_their_own(writer: Writer) -> None:
    done: list[int] = []
    threads: set[int] = set()
    ended: set[int] = set()

    def job(number: int) -> None:
        done.append(number)
        threads.add(threading.get_ident())

    async def script() -> None:
        loop, last = asyncio.get_running_loop(), asyncio.Event()
        for number in range(100):
            writer.do(loop, lambda number=number: job(number), lambda error: ended.add(threading.get_ident()))  # type: ignore[misc]
        writer.do(loop, lambda: None, lambda error: last.set())
        await last.wait()

    asyncio.run(script())
    assert done == list(range(100))
    assert (len(threads), ended) == (1, {threading.get_ident()})
    assert threads != ended


def test_short_writes_are_done_at_once_while_the_disk_is_quick() -> None:
    """The thread does those that follow a slow one, for a while, and whatever comes while it is busy."""
    seconds, here = [0.0], threading.get_ident()
    writer = Writer("test", clock=lambda: seconds[0])
    threads: list[bool] = []  # whether a job was done at once
    lengths = [LONGEST_SECONDS, LONGEST_SECONDS * 1.01, *[0.0] * (MANY_APART + 2)]

    def job(length: float) -> None:
        threads.append(threading.get_ident() == here)
        seconds[0] += length

    async def script() -> None:
        loop = asyncio.get_running_loop()
        for length in lengths:
            last = loop.create_future()
            writer.do(loop, lambda length=length: job(length), last.set_result, is_quick=True)  # type: ignore[misc]
            assert await last is None
        busy, may_go, behind = loop.create_future(), threading.Event(), loop.create_future()
        writer.do(loop, lambda: may_go.wait() and None, busy.set_result)
        writer.do(loop, lambda: job(0), behind.set_result, is_quick=True)
        assert len(threads) == len(lengths)
        may_go.set()
        await behind
        assert busy.done()

    asyncio.run(script())
    writer.close()
    assert threads == [True, True, *[False] * MANY_APART, True, True, False]


@pytest.mark.parametrize("is_quick", [False, True])
@pytest.mark.parametrize("error", [OSError("the disk is full"), SystemExit(3), None])
def test_the_loop_is_given_what_a_job_raised_and_others_follow(
    writer: Writer, error: BaseException | None, is_quick: bool
) -> None:
    def job() -> None:
        if error is not None:
            raise error

    async def script() -> list[BaseException | None]:
        loop, found, last = asyncio.get_running_loop(), list[BaseException | None](), asyncio.Event()
        writer.do(loop, job, found.append, is_quick=is_quick)
        writer.do(loop, lambda: None, lambda error: last.set())
        await last.wait()
        return found

    assert asyncio.run(script()) == [error]


def test_what_was_asked_for_is_done_when_it_is_closed_though_the_loop_has_ended() -> None:
    writer, done, may_go = Writer("test"), list[int](), threading.Event()

    async def script() -> None:
        loop = asyncio.get_running_loop()
        writer.do(loop, may_go.wait, lambda error: done.append(-1))  # type: ignore[arg-type]
        writer.do(loop, lambda: done.append(1), lambda error: done.append(-1))

    asyncio.run(script())
    may_go.set()
    writer.close()
    writer.close()
    assert done == [1]


def test_what_is_asked_for_after_it_was_closed_fails_and_nobody_waits_for_ever(writer: Writer) -> None:
    writer.close()
    jobs: list[int] = []

    async def script() -> BaseException | None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[BaseException | None] = loop.create_future()
        writer.do(loop, lambda: jobs.append(1), ended.set_result)
        return await asyncio.wait_for(ended, 5)

    error = asyncio.run(script())
    assert (type(error), str(error), jobs) == (RuntimeError, "it was closed", [])
