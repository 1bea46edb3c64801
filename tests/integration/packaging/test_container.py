"""What a node's container file says, done: in an empty environment, with the wheels, in front of a real chain.

No container engine is needed: a new virtual environment with pip stands for the base image, and the folder itself for
the place where it is mounted.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sysconfig
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from keifu.chain import Anvil
from keifu.chain.deployments import Record as Deployed
from keifu.chain.header import genesis_of
from keifu.local.suite import deploy_suite
from keifu.node.kinds import KINDS
from keifu.node.services import CONTAINER_FILE, container_of
from keifu.provenance import Kind, Record
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Provenance
from tests.ape_chain import GENESIS
from tests.integration.packaging.conftest import DISTRIBUTIONS

MOUNTED = "/node"
POLL_SECONDS = 0.1
RESTS = ("FROM", "VOLUME", "STOPSIGNAL")  # what asks for a container
NAMES = [kind.name for kind in KINDS]

pytestmark = [pytest.mark.xdist_group("wheels")]


@dataclass(frozen=True)
class Image:
    """The words of a container file, with the folder in the place where it is mounted."""

    text: str
    folder: Path
    environment: Path

    def all(self, word: str) -> list[str]:
        found = re.findall(rf"^{word} (.+)$", self.text, re.MULTILINE)
        return [line.replace(MOUNTED, str(self.folder)) for line in found]

    def one(self, word: str) -> str:
        (found,) = self.all(word)
        return found

    def variables(self) -> dict[str, str]:
        """What a process in the container sees, and nothing of this machine."""
        own = dict(pair.split("=", 1) for line in self.all("ENV") for pair in shlex.split(line))
        path = f"{self.environment / 'bin'}:{os.defpath}"
        return {"PATH": path, "HOME": "/nonexistent", "KEIFU_PASSWORD": "open", **own}

    def entered(self, command: list[str]) -> list[str]:
        return [*json.loads(self.one("ENTRYPOINT")), *command]

    def usual(self) -> list[str]:
        command: list[str] = json.loads(self.one("CMD"))
        return self.entered(command)

    def first(self) -> list[str]:
        """What the file's head says of the first start."""
        (line,) = re.findall(r"^#   (run .* --take-over)$", self.text, re.MULTILINE)
        return self.entered(line.replace(MOUNTED, str(self.folder)).split())


def required(names: list[str]) -> dict[str, metadata.Distribution]:
    """What distributions need, and what that needs, as it is installed here."""
    found: dict[str, metadata.Distribution] = {}
    while names:
        name = canonicalize_name(names.pop())
        if name not in found:
            found[name] = metadata.distribution(name)
            wanted = (Requirement(text) for text in found[name].requires or [])
            names += [item.name for item in wanted if item.marker is None or item.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pip, and with the packages of others that ours say they need: there is no network."""
    folder = tmp_path_factory.mktemp("image")
    venv.create(folder, symlinks=True, with_pip=True)
    target = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    for name, distribution in required(["ethwire", "keifu"]).items():
        if name not in DISTRIBUTIONS:
            tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] not in ("..", "__pycache__")}
            for top in tops:
                (target / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder


@pytest.fixture(scope="module")
def installed(empty: Path, wheels: dict[str, Path]) -> Path:
    """After what the container file runs while the image is built."""
    folder = wheels["keifu"].parent
    variables = {"PATH": f"{empty / 'bin'}:{os.defpath}", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
    image = Image(container_of("keeper", folder), folder, empty)
    assert image.all("RUN"), image.text
    for command in image.all("RUN"):
        done = subprocess.run(["sh", "-c", command], env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return empty


class World:
    """A chain with the suite, and an environment in which something is promoted."""

    def __init__(self, anvil: Anvil, folder: Path) -> None:
        self.anvil, self.deployments, self.weights = anvil, folder / "deployments", folder / "weights.bin"
        client = anvil.client()
        suite = deploy_suite(client, Deployed(client.chain_id, genesis_of(client.rpc)), self.deployments)
        owner = anvil.account("owner")
        provenance = Provenance(client, suite["ProvenanceRegistry"], suite["Environments"])
        self.weights.write_bytes(b"weights")
        record = Record(owner.address, Kind.WEIGHTS, digest_path(self.weights).root)
        artefact = provenance.register(record, owner)
        self.environment = provenance.declare("production", [], owner).hex()
        provenance.promote(bytes.fromhex(self.environment), artefact, owner)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Anvil(timestamp=GENESIS) as anvil:
        yield World(anvil, tmp_path_factory.mktemp("world"))


@pytest.fixture(params=NAMES)
def image(request: pytest.FixtureRequest, world: World, installed: Path, tmp_path: Path) -> Image:
    """A folder that `init` has made outside of the container."""
    kind, folder = request.param, tmp_path / "node"
    command = [installed / "bin" / "keifu", "node", kind, "init", folder, "--owner-pages", "127.0.0.1:0"]
    command += ["--rpc", world.anvil.url, "--deployments", world.deployments]
    if kind == "notary":
        command.append("--watch-only")
    if kind == "reexecutor":
        command += ["--model", "floats", "--upstream", "http://127.0.0.1:9/v1", "--digest", "ab" * 32]
    if kind == "operator":
        command += ["--environment", world.environment, "--artefacts", world.weights, "--listen", "127.0.0.1:0"]
    variables = {"PATH": os.defpath, "HOME": str(tmp_path), "KEIFU_PASSWORD": "open"}
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Image((folder / CONTAINER_FILE).read_text(), folder, installed)


@pytest.fixture
def started(image: Image, tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """What a test has started."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_each_instruction_is_run_or_named_here(image: Image) -> None:
    words = {line.split()[0] for line in image.text.splitlines() if line and line[0] not in "# "}
    assert words == {*RESTS, "RUN", "ENV", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


def test_a_container_runs_says_that_it_is_well_and_ends_in_order(
    image: Image, started: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    before = subprocess.run(
        image.usual(), env=image.variables(), cwd=inside, capture_output=True, text=True, check=False
    )
    assert (before.returncode, "belongs to another machine" in before.stderr) == (3, True), before.stderr

    compiled: list[list[str]] = []
    for command in (image.first(), image.usual()):
        process = subprocess.Popen(
            command, env=image.variables(), cwd=inside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        running = image.folder / "running.json"
        while not running.exists():
            assert process.poll() is None, process.communicate()
            time.sleep(POLL_SECONDS)
        pages = json.loads(running.read_text())["owner_pages"]
        assert httpx.get(f"http://{pages}/healthz", trust_env=False).text == "ok\n"

        check = json.loads(image.one("HEALTHCHECK").partition(" CMD ")[2])
        well = subprocess.run(check, env=image.variables(), cwd=inside, capture_output=True, text=True, check=False)
        assert well.returncode == 0, well.stderr

        process.send_signal(signal.Signals[image.one("STOPSIGNAL")])
        said, _ = process.communicate()
        assert process.returncode == 0, said
        assert all(json.loads(line) for line in said.splitlines()), "the log is JSON"
        assert "not all work has ended" not in said, "it waited for what it cannot send"
        ended = subprocess.run(check, env=image.variables(), cwd=inside, capture_output=True, text=True, check=False)
        assert (ended.returncode, list(inside.iterdir())) == (3, [])
        compiled.append(sorted(item.name for item in image.folder.glob(".state/compiled/**/*.nb[ic]")))
    assert compiled[0] == compiled[1], "the second start compiled again"
    assert bool(compiled[0]) == ("storage" in image.text)
