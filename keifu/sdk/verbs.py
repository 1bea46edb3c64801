"""One implementation of each method, called now or awaited.

`verb` makes a method of a function. On an area of `Keifu` it is an ordinary method, on one of `AsyncKeifu` a coroutine
function, which runs in the one thread of its connection: calls of one connection never overtake each other.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from keifu.errors import EnvironmentFault, KeifuError, Revert, UsageError
from keifu.sdk.link import Link

__all__ = ["Area", "Later", "Now", "verb"]

M = TypeVar("M", bound="Now | Later")
P = ParamSpec("P")
R = TypeVar("R")
# Where whoever raised it has not said what to do.
_REMEDIES: tuple[tuple[type[KeifuError], str], ...] = (
    (Revert, "the contract refused and nothing has changed: its reason says what is missing"),
    (UsageError, "correct the call: nothing was sent"),
    (EnvironmentFault, "try again when it is there"),
    (KeifuError, "the message says what differs: look at both sides"),
)


class Now:
    """Methods return when they are done."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def run(self, work: Callable[[], R]) -> R:
        return _with_remedy(work)

    def close(self) -> None:
        self.link.close()


class Later:
    """Methods are awaited."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="keifu")

    def run(self, work: Callable[[], R]) -> Awaitable[R]:
        return asyncio.wrap_future(self._pool.submit(_with_remedy, work))

    async def close(self) -> None:
        await self.run(self.link.close)
        self._pool.shutdown()


class Area(Generic[M]):
    """A group of methods of one connection."""

    def __init__(self, mode: M) -> None:
        self._mode = mode

    @property
    def _link(self) -> Link:
        return self._mode.link


class verb(Generic[P, R]):  # noqa: N801 - a decorator
    """A method of an area, by its one implementation."""

    def __init__(self, body: Callable[Concatenate[Any, P], R]) -> None:
        self._body = body
        functools.update_wrapper(self, body)  # type: ignore[arg-type]

    @overload
    def __get__(self, area: None, owner: type) -> verb[P, R]: ...
    @overload
    def __get__(self, area: Area[Now], owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, area: Area[Later], owner: type) -> Callable[P, Awaitable[R]]: ...
    def __get__(self, area: Area[Any] | None, owner: type) -> Any:
        if area is None:
            return self

        @functools.wraps(self._body)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return area._mode.run(lambda: self._body(area, *args, **kwargs))

        return call


def _with_remedy(work: Callable[[], R]) -> R:
    try:
        return work()
    except KeifuError as error:
        error.remedy = error.remedy or next(text for kind, text in _REMEDIES if isinstance(error, kind))
        raise
