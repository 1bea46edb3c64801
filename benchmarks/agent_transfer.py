"""A large agent encrypted anew by three attestors that run as processes, beside what cipher and hash take alone."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks._beside import process_seconds
from benchmarks._lab import Lab
from benchmarks._rows import Row, cpu_seconds, seconds
from benchmarks._started import network
from ethwire.rpc import Rpc
from examples.agent.sale import Held, Scene
from keifu.chain import ChainClient
from keifu.errors import CheckFailed
from keifu.inft import actions, pack
from keifu.inft.seals import KEY_BYTES, NONCE_BYTES
from keifu.keys import Account, keccak256
from keifu.local.roles import ROLES
from keifu.local.suite import suite_of
from keifu.network.kinds import ATTESTOR
from keifu.network.processes import running_since
from keifu.storage.erasure import Code
from keifu.storage.layout import SEGMENT_BYTES

__all__ = ["ROWS"]

ATTESTORS = 3
PARTS = ("--attestors", str(ATTESTORS), "--operators", "0", "--watchers", "0", "--with-grants")
K, M = 10, 4  # shards of a file in the network
ITEMS, ITEM_BYTES = 7, 15 << 20  # 105 MiB: an item has at most 16


@dataclass(frozen=True)
class Taken:
    """Seconds from the owner's request until three attestors have signed and everything is stored; and how long
    processors worked for it, at the owner's and at the attestors': what other work on the machine does not change."""

    seconds: float
    owner: float
    attestors: float


def _transfer(_: Lab) -> Taken:
    with network(*PARTS) as folder:
        made = folder.load()
        attestors = [part.serves for part in made.parts if part.kind == ATTESTOR]
        with Rpc(made.rpc) as rpc:
            client = ChainClient(rpc)
            suite = suite_of(client, folder.deployments)
            scene = Scene(
                client, suite, 0, attestors, folder.path / "traded", lambda role: ROLES[role].account,
                shared=folder.agents,
            )  # fmt: skip
            agent, key = _minted(scene), Account.random()
            locks = [folder.part_lock(part.name) for part in made.parts if part.kind == ATTESTOR]
            processes = [found[0] for lock in locks if (found := running_since(lock))]
            os.sync()  # the disk has what was prepared, and does not work on that beside
            before = time.perf_counter(), time.process_time(), sum(map(process_seconds, processes))
            said = scene.attested(agent, "buyer", key, 0)
            after = time.perf_counter(), time.process_time(), sum(map(process_seconds, processes))
            if len(said.signatures) != len(attestors):
                raise CheckFailed(f"{len(said.signatures)} attestors have signed")
            return Taken(*(end - start for start, end in zip(before, after, strict=True)))


def _minted(scene: Scene) -> Held:
    place = scene.folder / "large"
    place.mkdir(parents=True)
    paths = [place / f"part-{number}" for number in range(ITEMS)]
    for path in paths:
        path.write_bytes(secrets.token_bytes(ITEM_BYTES))
    data = pack(paths, [], private=True)
    token = actions.mint(scene.chain("author"), scene.suite, data, 1)
    data.token_id = f"{token:064x}"
    data.save(place / "data")
    return Held(token, "author", place / "data")


# what it needs at least -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alone:
    """Processor seconds for all items once, and seconds until the disk has them."""

    hash: float
    encrypt: float
    decrypt: float
    codec: float
    disk: float

    @property
    def cipher(self) -> float:
        return self.encrypt + self.decrypt

    @property
    def processors(self) -> float:
        """The owner hashes what it stores. Each attestor hashes the old bytes, decrypts, encrypts, hashes the new."""
        return (1 + 2 * ATTESTORS) * self.hash + ATTESTORS * self.cipher

    @property
    def seconds(self) -> float:
        """On all cores, none of them ever idle; or what owner and leading attestor store, on the disk."""
        return max(self.processors / (os.cpu_count() or 1), 2 * self.disk)


def _alone(_: Lab) -> Alone:
    """Each part by itself, into memory that is there already: the best of three rounds."""
    items = [secrets.token_bytes(ITEM_BYTES) for _ in range(ITEMS)]
    cipher, nonce, room = (
        AESGCM(secrets.token_bytes(KEY_BYTES)),
        secrets.token_bytes(NONCE_BYTES),
        bytearray(ITEM_BYTES),
    )
    sealed = cipher.encrypt(nonce, items[0], None)
    tagged = bytearray(len(sealed))

    def best(work: Callable[[bytes], object]) -> float:
        return min(cpu_seconds(lambda: [work(item) for item in items]) for _ in range(3))

    return Alone(
        best(keccak256),
        best(lambda item: cipher.encrypt_into(nonce, item, None, tagged)),
        best(lambda _: cipher.decrypt_into(nonce, sealed, None, room)),
        best(_coded),
        min(seconds(lambda: _written(items)) for _ in range(3)),
    )


def _written(items: Sequence[bytes]) -> None:
    with tempfile.TemporaryFile(buffering=0) as file:
        for item in items:
            file.write(item)
        os.fdatasync(file.fileno())


def _over(lab: Lab) -> float:
    return lab.shared(_transfer).seconds / lab.shared(_alone).seconds


def _share(lab: Lab) -> float:
    taken = lab.shared(_transfer)
    return lab.shared(_alone).processors / (taken.owner + taken.attestors)


def _coded(data: bytes) -> None:
    """Parity as attestors store items in the network: ten of fourteen shards give one back."""
    code = Code(K, M)
    whole = len(data) // (K * SEGMENT_BYTES)
    parity = np.empty((M, SEGMENT_BYTES), np.uint8)
    for stripe in np.frombuffer(data, np.uint8, whole * K * SEGMENT_BYTES).reshape(whole, K, SEGMENT_BYTES):
        code.encode(stripe, parity)


ROWS = (
    Row(
        "info.agent_transfer", lambda lab: lab.shared(_transfer).seconds,
        "105 MiB in seven items, three attestors as processes, a shared folder; beside cipher, hash, codec of as much",
        also=(
            ("over what cipher and hash of all passes take, or the disk", _over),
            ("their part of all processor time", _share),
            ("processors of three attestors", lambda lab: lab.shared(_transfer).attestors),
            ("processor of the owner", lambda lab: lab.shared(_transfer).owner),
            ("AES-GCM alone, both ways", lambda lab: lab.shared(_alone).cipher),
            ("Keccak alone", lambda lab: lab.shared(_alone).hash),
            ("codec alone", lambda lab: lab.shared(_alone).codec),
            ("disk alone", lambda lab: lab.shared(_alone).disk),
        ),
        heavy=True,
    ),
)  # fmt: skip
