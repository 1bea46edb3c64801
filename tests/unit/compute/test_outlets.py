"""Sockets that are full: whoever waits is called when they take more, whatever the system has for it."""

from __future__ import annotations

import asyncio
import select
import socket
from contextlib import suppress
from selectors import SelectSelector

import pytest

from keifu.compute.http.outlets import Outlets


def fill(outlet: socket.socket) -> None:
    with suppress(BlockingIOError):
        while outlet.send(bytes(1 << 16)):
            pass


def filled() -> tuple[socket.socket, socket.socket]:
    outlet, peer = socket.socketpair()
    outlet.setblocking(False)
    fill(outlet)
    return outlet, peer


def drain(peer: socket.socket) -> None:
    peer.setblocking(False)
    with suppress(BlockingIOError):
        while peer.recv(1 << 20):
            pass


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def waited_twice() -> list[str]:
    outlets, said = Outlets(asyncio.get_running_loop()), list[str]()
    outlet, peer = filled()
    with outlet, peer:
        for word in ("first", "second"):
            outlets.wait(outlet, lambda word=word: said.append(word))
            await turns()
            said.append("full")
            drain(peer)
            await turns()
            fill(outlet)
        outlets.forget(outlet)
    outlets.close()
    return said


async def forgotten() -> list[str]:
    outlets, said = Outlets(asyncio.get_running_loop()), list[str]()
    outlet, peer = filled()
    with outlet, peer:
        outlets.wait(outlet, lambda: said.append("called"))
        outlets.forget(outlet)
        drain(peer)
        await turns()
    outlets.close()
    return said


@pytest.fixture(params=["epoll", "the loop"])
def _system(request, monkeypatch):
    if request.param == "the loop":
        monkeypatch.delattr(select, "epoll", raising=False)


@pytest.mark.usefixtures("_system")
def test_a_wait_ends_once_when_the_socket_takes_more():
    # The event loop itself needs no epoll here.
    loop = asyncio.SelectorEventLoop(SelectSelector())
    try:
        assert loop.run_until_complete(waited_twice()) == ["full", "first", "full", "second"]
    finally:
        loop.close()


@pytest.mark.usefixtures("_system")
def test_whoever_is_forgotten_is_not_called():
    loop = asyncio.SelectorEventLoop(SelectSelector())
    try:
        assert loop.run_until_complete(forgotten()) == []
    finally:
        loop.close()
