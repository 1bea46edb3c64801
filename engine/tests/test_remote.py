"""Another chain's state: asked for where it is needed, kept, replayed without a node, and never half there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ethwire.abi import Interface
from ethwire.anvil import Anvil
from ethwire.errors import EnvironmentFault, UsageError
from ethwire.rpc import Rpc
from evmstorm.evm import LocalEvm
from evmstorm.evm.native_machine import AccountState, NativeMachine
from evmstorm.evm.remote import Chain, Remote
from evmstorm.evm.revm_machine import PyrevmMachine
from evmstorm.fuzz import Call, Steps, System, action, invariant
from evmstorm.fuzz.engine import Engine

STORE = "0x" + "57" * 20
# With a word: slot 0 becomes it. Without: slot 0, and slot 1 (which nobody set here) added.
CODE = bytes.fromhex("36600f5760015f5401" + "5f5260205ff3" + "5b5f355f5500")
SET = [{"type": "fallback", "stateMutability": "nonpayable"}]


@pytest.fixture(scope="module")
def node() -> Any:
    with Anvil(timestamp=1_800_000_000) as anvil:
        anvil.rpc.call("anvil_setCode", STORE, "0x" + CODE.hex())
        anvil.rpc.call("anvil_setStorageAt", STORE, "0x0", f"0x{41:064x}")
        anvil.rpc.call("anvil_setBalance", STORE, hex(7))
        anvil.rpc.call("anvil_setNonce", STORE, "0x3")
        anvil.mine(2)
        yield anvil


@pytest.fixture
def chain(node: Any, tmp_path: Path) -> Chain:
    return Chain(31_337, 2, url=node.url, folder=tmp_path)


def test_what_is_there_is_found(chain: Chain) -> None:
    evm = LocalEvm(chain=chain)

    assert (evm.balance(STORE), evm.raw.nonce(STORE), evm.code(STORE)) == (7, 3, CODE)
    assert evm.storage(STORE, 0) == 41
    assert evm.send(evm.account("caller"), STORE) == (42).to_bytes(32, "big")
    assert (evm.block_number, evm.chain_id) == (3, 31_337)
    assert evm.now > 1_800_000_000


def test_changes_are_undone_to_what_was_there(chain: Chain) -> None:
    evm = LocalEvm(chain=chain)
    caller = evm.account("caller")
    with evm.anchor():
        evm.send(caller, STORE, (0).to_bytes(32, "big"))  # the first touch is a write
        assert evm.storage(STORE, 0) == 0
    assert evm.storage(STORE, 0) == 41


class Fives:
    """A chain whose every account has one coin, and whose every first word is five."""

    def account(self, address: str) -> tuple[int, int, bytes]:
        return 1, 0, b""

    def word(self, address: str, slot: int) -> int:
        return 5 if slot == 0 else 0


def test_what_was_emptied_here_does_not_come_again() -> None:
    """Empty words and accounts are forgotten from time to time, but not those that another chain has."""
    machine = NativeMachine(remote=Fives())
    machine.set_account(STORE, AccountState(0, 0, b"", {0: 0}))
    other = "0x" + "58" * 20
    for start in range(0, 300_000, 100_000):
        machine.set_account(other, AccountState(0, 0, b"", dict.fromkeys(range(start + 1, start + 100_000), 0)))
        machine.call(other, STORE)  # between two transactions is where things are forgotten
    assert machine.slot(STORE, 0)() == machine.balance(STORE) == 0
    assert machine.slot(other, 0)() == 5


def test_without_a_node_it_replays_what_was_asked(chain: Chain, tmp_path: Path) -> None:
    first = LocalEvm(chain=chain)
    said = first.send(first.account("caller"), STORE)

    alone = LocalEvm(chain=Chain(31_337, 2, folder=tmp_path))

    assert alone.send(alone.account("caller"), STORE) == said
    with pytest.raises(
        EnvironmentFault, match=r"slot 0x9 of 0x57.* is not in 31337-2\.jsonl \(name a node by EVMSTORM"
    ):
        alone.storage(STORE, 9)


def test_a_torn_line_is_asked_for_again(chain: Chain) -> None:
    LocalEvm(chain=chain).storage(STORE, 0)
    path = Remote(chain).path
    path.write_text(path.read_text()[:-4])

    assert LocalEvm(chain=chain).storage(STORE, 0) == 41


def test_another_chain_is_refused(node: Any, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="31337"):
        LocalEvm(chain=Chain(1, 2, url=node.url, folder=tmp_path))


def test_a_block_that_is_none_and_a_machine_that_asks_nobody(chain: Chain) -> None:
    with pytest.raises(UsageError, match="-1 is none"):
        LocalEvm(chain=Chain(1, -1))
    with pytest.raises(UsageError, match="only the machine in C"):
        LocalEvm(machine=PyrevmMachine, chain=chain)


def test_a_node_that_fails_in_the_middle_is_one_clear_fault(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call that needed it raises, and so does every later one: nothing goes on with a zero that nobody said."""
    evm = LocalEvm(chain=chain)
    caller = evm.account("caller")
    evm.send(caller, "0x" + "59" * 20)  # whoever takes the fees is known then
    evm.code(STORE)

    def gone(self: Rpc, method: str, *params: Any) -> bytes:
        raise EnvironmentFault("the node went away")

    monkeypatch.setattr(Rpc, "octets", gone)
    for _ in range(2):
        with pytest.raises(EnvironmentFault, match=r"slot 0x0 of 0x57.* at block 2 of chain 31337: the node went away"):
            evm.send(caller, STORE)


class Live(System):
    """A store that is there already."""

    def setup(self, evm: LocalEvm) -> None:
        self.bind(store=evm.at(STORE, Interface("Store", SET)))
        self.word = evm.raw.slot(STORE, 0)

    @action()
    def set(self, who: str) -> Steps:
        before = self.word()
        returned = yield Call(who, STORE, b"")
        assert int.from_bytes(returned, "big") == before + 1

    @invariant("LIVE-1")
    def small(self) -> bool:
        """The word is what the chain had."""
        return self.word() == 41


def test_a_description_begins_with_the_chain(chain: Chain) -> None:
    system = type("Live", (Live,), {"chain": chain})
    engine = Engine(system)
    assert engine.run(bytes(range(256)) * 2) is None
    assert engine.counts[0].ok > 0
    assert json.loads(Remote(chain).path.read_text().split(f"word:{STORE}:0 ")[1].splitlines()[0]) == f"0x{41:064x}"
