"""A small made-up world, once for all tests that change nothing in it, and a copy for each that does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from benchmarks.explorer_world import Scribe, small, world
from keifu.explorer import Explorer
from keifu.index import Store, open_database
from keifu.serving import Request, Response

# What a stranger may call itself: none of it may become markup, an address, or a command of its own.
HOSTILE = "\"><script>hacked=1</script><img src=x onerror='hacked=1'>\u202e"
HOSTILE_URI = "javascript:hacked=1"


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The file, and what things in it are known by."""
    path = tmp_path_factory.mktemp("explorer") / "index.sqlite"
    with world(path) as scribe:
        known = small(scribe, metadata=HOSTILE_URI, name=HOSTILE)
    return path, known


@pytest.fixture(scope="session")
def known(made) -> dict[str, str]:
    return made[1]


@pytest.fixture(scope="session")
def explorer(made) -> Iterator[Explorer]:
    with closing(Explorer(str(made[0]))) as explorer:
        yield explorer


@pytest.fixture
def changing(made, tmp_path) -> Iterator[tuple[Explorer, Scribe]]:
    """An explorer, and who writes behind it, after the last block of the world."""
    path = shutil.copy(made[0], tmp_path)
    with ExitStack() as held:
        database = held.enter_context(closing(open_database(str(path))))
        scribe = Scribe(Store.read(database))
        scribe.next_block(scribe.store.position.number + 1)
        yield held.enter_context(closing(Explorer(str(path)))), scribe


def get(explorer: Explorer, target: str, **headers: str) -> Response:
    path, _, query = target.partition("?")
    fields = tuple(tuple(item.split("=", 1)) for item in query.split("&")) if query else ()
    return explorer(Request("GET", path, fields, {name.replace("_", "-"): text for name, text in headers.items()}))


def text(explorer: Explorer, target: str) -> str:
    response = get(explorer, target)
    assert response.status == 200, (target, response.status, response.body)
    return response.body.decode()


Read = Callable[[str], str]


@pytest.fixture
def read(explorer) -> Read:
    """The text of a page."""
    return lambda target: text(explorer, target)
