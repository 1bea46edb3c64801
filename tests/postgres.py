"""A PostgreSQL server for tests: in a folder of its own, on a socket there, ended with the block.

A server refuses to run as root; then it runs as the user `postgres`, which Debian's package makes.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

__all__ = ["Server", "require_server", "running_server"]

INSTALL = "sudo apt install postgresql"


class Server:
    """A server on a socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def url(self, database: str = "postgres") -> str:
        return f"postgresql:///{database}?host={self.folder}&user=postgres"

    def new_database(self) -> str:
        """The address of an empty database."""
        self._made += 1
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE test{self._made}".encode())
        return self.url(f"test{self._made}")


def require_server() -> Path:
    """The folder of the server's programs. Skips aloud where there is none; under KEIFU_NO_SKIP that fails."""
    found = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found is None and not versions:
        why = f"there is no PostgreSQL server here: {INSTALL}"
        if os.environ.get("KEIFU_NO_SKIP") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return Path(found).parent if found else versions[-1].parent


@contextmanager
def running_server() -> Iterator[Server]:
    programs = require_server()
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    # The path of a socket has at most 107 bytes: a test's own folder may be too deep.
    folder = Path(tempfile.mkdtemp(prefix="keifu-pg-"))
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **as_owner,
        )  # fmt: skip

    try:
        call("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c synchronous_commit=off"
        call("pg_ctl", "-w", "-t", "600", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(folder)
        finally:
            call("pg_ctl", "-w", "-t", "600", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
