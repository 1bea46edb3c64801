"""Public files over plain HTTP, for browsers and programs that know nothing of storage: read only, by their address.

    GET /ADDRESS                 a file, or what a folder holds, as JSON
    GET /ADDRESS/NAME            one file of a folder; of a single file, NAME says what kind it is

ADDRESS is what `keifu store put --public` prints, without `keifu:`. One range of bytes is answered with 206. What is
served was checked against the deal on the chain; scripts in it never run.
"""

from __future__ import annotations

import asyncio
import mimetypes
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import quote

import msgspec

from keifu.errors import CheckFailed, InputError, KeifuError
from keifu.serving import Limits, Request, Response, problem, span_of
from keifu.storage.client.address import FileAddress
from keifu.storage.client.fetching import Opened, described, opened
from keifu.storage.client.market import Market
from keifu.storage.layout import Descriptor

__all__ = ["GATEWAY_LIMITS", "Gateway"]

GATEWAY_LIMITS = Limits(connections=64, workers=8)
REMEMBERED = 256  # descriptors
_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
_PLAIN = "application/octet-stream"
_OK, _PART = 200, 206


class Gateway:
    """Answers from one market; asked by the threads of its server."""

    def __init__(self, market: Market) -> None:
        self._market, self._lock = market, threading.Lock()
        self._known: OrderedDict[bytes, tuple[FileAddress, Descriptor]] = OrderedDict()

    def __call__(self, request: Request) -> Response:
        text, _, name = request.path.removeprefix("/").partition("/")
        try:
            address = FileAddress.parse(f"keifu:{text}")
        except InputError as error:
            return problem(404, error.message, error.remedy)
        if address.keys is None:
            return problem(403, "this file is private", "keifu store get, with the account that stored it")
        try:
            return self._file(request, address, name)
        except InputError as error:
            return problem(404, error.message, error.remedy)
        except CheckFailed as error:
            return problem(502, error.message, error.remedy)

    def _file(self, request: Request, address: FileAddress, name: str) -> Response:
        descriptor = self._described(address)
        root, place = descriptor.content_root.hex(), (0, descriptor.size)
        if address.manifest:
            with self._opened(address, descriptor) as file:
                if not name:
                    return Response(_OK, msgspec.json.encode(file.manifest), etag=f'"{root}"')
                place = file.place(name)
        start, size = place
        span = span_of(request.headers.get("range", ""), size)
        if span is None:
            said = problem(416, f"it has {size} bytes", "bytes=FIRST-LAST, counted from 0")
            return replace(said, headers=(("Content-Range", f"bytes */{size}"),))
        first, length = span
        headers = [("Accept-Ranges", "bytes"), ("Content-Length", str(length))]
        if length != size:
            headers.append(("Content-Range", f"bytes {first}-{first + length - 1}/{size}"))
        etag = f'"{root}/{quote(name)}"' if name else f'"{root}"'
        return Response(
            _OK if length == size else _PART, b"", _kind(name), etag, _POLICY,
            lambda: _streamed(lambda: self._opened(address, descriptor), start + first, length), headers=tuple(headers),
        )  # fmt: skip

    @contextmanager
    def _opened(self, address: FileAddress, descriptor: Descriptor) -> Iterator[Opened]:
        with ExitStack() as held:
            with self._lock:  # one connection to the chain
                file = held.enter_context(opened(self._market, address, descriptor, None))
            yield file

    def _described(self, address: FileAddress) -> Descriptor:
        with self._lock:
            known = self._known.get(address.deal)
            if known is None or known[0] != address:
                known = address, described(self._market, address)
                self._known[address.deal] = known
            self._known.move_to_end(address.deal)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return known[1]


async def _streamed(
    enter: Callable[[], AbstractContextManager[Opened]], start: int, length: int
) -> AsyncGenerator[bytes, None]:
    """A file that cannot be read to its end breaks off: its length was said, so whoever reads knows."""
    loop, held = asyncio.get_running_loop(), ExitStack()
    try:
        file = await loop.run_in_executor(None, lambda: held.enter_context(enter()))
        parts = file.downloads.read(start, length)
        while (part := await loop.run_in_executor(None, next, parts, None)) is not None:
            yield part
    except KeifuError as error:
        raise ConnectionAbortedError(error.message) from error
    finally:
        await loop.run_in_executor(None, held.close)


def _kind(name: str) -> str:
    return mimetypes.guess_type(PurePosixPath(name).name)[0] or _PLAIN
