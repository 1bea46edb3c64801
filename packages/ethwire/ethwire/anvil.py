"""The only place outside ape that knows how anvil is called: a real node on a free port, which ends with its owner."""

from __future__ import annotations

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from ethwire.errors import EnvironmentFault
from ethwire.keys import Account
from ethwire.rpc import Rpc

__all__ = ["Anvil", "anvil_command", "anvil_options"]

STOP_SECONDS = 60.0  # takes a tenth of one on an idle machine; then it is killed
CHAIN_ID = 31_337
GAS_LIMIT = 1_000_000_000  # a block: one transaction a block is the rule here, so this is only a ceiling
SECONDS_A_BLOCK = 1  # on a chain with a clock of its own
# anvil funds the accounts of this well-known mnemonic's first key; it pays the accounts that we make.
_FAUCET_KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
# Runs what follows it until its standard input ends, as it does however its owner ends: a node whose owner was killed
# would stay for ever. What it runs has its output alone, so that the output ends with it. Older states, of which anvil
# keeps a file each, would stay as well: a long chain's are gigabytes.
_ATTENDED = [
    "sh",
    "-c",
    'states=$1; shift; "$@" --cache-path "$states" </dev/null & '
    'exec >/dev/null 2>&1; read -r _; kill $!; wait $!; rm -rf "$states"',
    "sh",
]
_TAKEN = "Address already in use"
_LISTENING = re.compile(r"Listening on (\S+):(\d+)")


class Anvil:
    """A running anvil.

    with Anvil() as anvil:
        anvil.rpc.call("eth_blockNumber")

    With a `timestamp` of its first block it has a clock of its own, a second a block: what happens on it repeats, on
    any machine. Otherwise its clock goes as the machine's, from `since` on if that is given. With the address of a
    node as `fork` it goes on from that node's newest block, and changes nothing there. `state` names a file that it
    reads and writes, `load` one that it reads alone.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        chain_id: int = CHAIN_ID,
        timestamp: int = 0,
        since: int = 0,
        hardfork: str = "cancun",
        state: str = "",
        load: str = "",
        fork: str = "",
    ) -> None:
        self.chain_id = chain_id
        command = anvil_command(port=port, chain_id=chain_id, hardfork=hardfork)
        command += ["--timestamp", str(timestamp or since)] if timestamp or since else []
        command += ["--state", state] if state else []
        command += ["--load-state", load] if load else []
        command += ["--fork-url", fork] if fork else []
        self._states = tempfile.mkdtemp(prefix="anvil-states-")
        self._process = subprocess.Popen(  # noqa: S603
            [*_ATTENDED, self._states, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,  # Ctrl-C is for the owner, who then stops the node
        )
        self.url = self._await_address(port)
        self.rpc = Rpc(self.url, timeout=math.inf)  # it answers or ends, however busy the machine is
        if timestamp:
            self.rpc.call("anvil_setBlockTimestampInterval", SECONDS_A_BLOCK)
        self.faucet = Account(_FAUCET_KEY, "faucet")

    @property
    def now(self) -> int:
        """Time of the newest block, unix seconds."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    # time ----------------------------------------------------------------------------------------------------------

    def warp(self, seconds: int) -> None:
        """Mine a block that comes so many seconds after the newest one."""
        self.warp_to(self.now + seconds)

    def warp_to(self, timestamp: int) -> None:
        self.rpc.call("evm_setNextBlockTimestamp", timestamp)
        self.rpc.call("evm_mine")

    def at_next(self, timestamp: int) -> None:
        """Give the next block, whatever it holds, this time stamp."""
        self.rpc.call("evm_setNextBlockTimestamp", timestamp)

    def mine(self, blocks: int = 1) -> None:
        self.rpc.call("anvil_mine", hex(blocks))

    def snapshot(self) -> str:
        number: str = self.rpc.call("evm_snapshot")
        return number

    def restore(self, number: str) -> None:
        """Back to a snapshot, which is used up by it."""
        self.rpc.call("evm_revert", number)

    # life ----------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop the node; safe to call again."""
        self._end()
        self.rpc.close()

    def wait(self) -> None:
        """Return when the node has ended, by whatever cause."""
        self._reader.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def _await_address(self, port: int) -> str:
        """Where it listens. A node that never says so ends, which ends its output: no clock is needed."""
        assert self._process.stdout is not None
        lines: list[str] = []
        for line in self._process.stdout:
            lines.append(line.strip())
            if match := _LISTENING.search(line):
                # Whoever does not read a pipe blocks its writer.
                self._reader = threading.Thread(target=self._drain, daemon=True)
                self._reader.start()
                return f"http://{match[1]}:{match[2]}"
        self._end()
        output = " ".join(lines[-3:])
        if port and _TAKEN in output:
            raise EnvironmentFault(f"port {port} is taken", remedy="another one, or 0 for any free one")
        raise EnvironmentFault(f"anvil did not start: {output or 'no output'}")

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            shutil.rmtree(self._states, ignore_errors=True)

    def _drain(self) -> None:
        assert self._process.stdout is not None
        for _ in self._process.stdout:
            pass


def anvil_command(*, port: int, chain_id: int = CHAIN_ID, hardfork: str = "cancun") -> list[str]:
    """How a node that behaves as every other one here is called, for who keeps it in a way of its own."""
    return [_binary(), "--host", "127.0.0.1", "--port", str(port), *anvil_options(chain_id, hardfork)]


def anvil_options(chain_id: int = CHAIN_ID, hardfork: str = "cancun") -> list[str]:
    """What makes it behave as every other one here, wherever it listens."""
    options = ["--chain-id", str(chain_id), "--hardfork", hardfork, "--gas-limit", str(GAS_LIMIT)]
    return [*options, "--order", "fifo", "--balance", "100000000"]


def _binary() -> str:
    beside = Path(sys.executable).parent / "anvil"
    found = str(beside) if beside.exists() else shutil.which("anvil")
    if not found:
        raise EnvironmentFault("anvil is not installed", remedy="install Foundry; in a clone, run `make setup`")
    return found
