"""What is wrong from the start, or goes wrong under way: one clear line, nothing sent, nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import suppress

import pytest

from keifu.chain import Anvil
from keifu.chain.sender import Intent, Sender, State, store
from keifu.errors import ChainMismatch, EnvironmentFault, RpcError
from tests.ape_chain import GENESIS
from tests.unit.chain.sender.conftest import Choosy, pay

pytestmark = pytest.mark.case("tools-17")

SENT = "eth_sendRawTransaction"


def one_line(caught) -> str:
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.exit_code == 3
    return text


# another chain -------------------------------------------------------------------------------------------------------


def test_a_chain_id_that_changes_under_way(anvil, open_sender, payee):
    changed = []
    node = Choosy(anvil.url, lambda method, params: "0x1" if changed and method == "eth_chainId" else None)
    sender = open_sender(node)
    sender.submit(pay(payee))
    changed.append(True)
    with pytest.raises(ChainMismatch) as caught:
        sender.wait("pay 0")
    assert "the node serves chain 1 now, not 31337" in one_line(caught)
    assert SENT not in node.asked
    changed.clear()
    assert sender.wait("pay 0")[0].state is State.DONE


@pytest.mark.parametrize("answer", [None, 17, "", "0x", {}, [], "chain"])
def test_a_chain_id_that_is_none(anvil, open_sender, answer):
    node = Choosy(anvil.url, lambda method, params: _null(answer) if method == "eth_chainId" else None)
    with pytest.raises(RpcError) as caught:
        open_sender(node)
    one_line(caught)


def _null(answer):
    """JSON's null, for a node that gives None no meaning of its own."""
    return [] if answer is None else answer


def test_a_database_of_another_chain(anvil, open_sender, payee):
    sender = open_sender()
    sender.submit(pay(payee))
    sender.close()
    with Anvil(timestamp=GENESIS, chain_id=99) as other:
        with pytest.raises(ChainMismatch) as caught:
            open_sender(other.rpc)
        assert "holds intents for chain 31337, not 99" in one_line(caught)


def test_a_database_of_another_chain_with_the_same_id(anvil, open_sender, payee, account):
    sender = open_sender()
    sender.submit(pay(payee))
    sender.wait("pay 0")
    sender.close()
    with Anvil(timestamp=GENESIS + 1) as other:
        with pytest.raises(ChainMismatch) as caught:
            open_sender(other.rpc)
        assert "holds intents for first block" in one_line(caught)
    with Anvil(timestamp=GENESIS) as other_chain:  # its first block is the same
        other_chain.mine(2)
        with pytest.raises(ChainMismatch) as caught:
            open_sender(other_chain.rpc)
        assert "is not the one in which 'pay 0' was done" in one_line(caught)


def test_a_database_of_another_account(anvil, open_sender, payee):
    open_sender().close()
    with pytest.raises(ChainMismatch) as caught:
        open_sender(who=anvil.account("somebody else"))
    assert "holds intents for account 0x" in one_line(caught)


def test_a_database_of_another_deployment(anvil, account, tmp_path):
    path = tmp_path / "s.db"
    Sender(path, anvil.rpc, account, deployment="hub 1").close()
    with pytest.raises(ChainMismatch) as caught:
        Sender(path, anvil.rpc, account, deployment="hub 2")
    assert "holds intents for deployment hub 1, not hub 2" in one_line(caught)
    Sender(path, anvil.rpc, account, deployment="hub 1").close()


# the file ------------------------------------------------------------------------------------------------------------


def test_a_database_from_a_newer_version(open_sender, tmp_path):
    open_sender().close()
    with sqlite3.connect(tmp_path / "sender.db") as database:
        database.execute(f"PRAGMA user_version = {store.VERSION + 1}")
    with pytest.raises(EnvironmentFault) as caught:
        open_sender()
    assert "was written by a newer version of Keifu (2; this one knows 1)" in one_line(caught)


def test_a_database_of_something_else(open_sender, tmp_path):
    with sqlite3.connect(tmp_path / "sender.db") as database:
        database.execute("CREATE TABLE follower_block (number INTEGER)")
    with pytest.raises(EnvironmentFault) as caught:
        open_sender()
    assert "is no database of a sender" in one_line(caught)


def test_a_file_that_is_no_database(open_sender, tmp_path):
    (tmp_path / "sender.db").write_bytes(b"not a database, but longer than its header would be" * 30)
    with pytest.raises(EnvironmentFault) as caught:
        open_sender()
    assert "file is not a database" in one_line(caught)


def test_a_folder_that_cannot_be(open_sender, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault) as caught:
        open_sender(name="file/sender.db")
    assert "cannot be opened" in one_line(caught)


MANY = 40


@pytest.mark.parametrize("when", ["submitting", "signing"])
def test_a_full_disk(anvil, open_sender, payee, when):
    """SQLite has no page left: what was accepted stays, nothing else is, and nothing is sent that is not written."""
    node = Choosy(anvil.url, lambda method, params: None)
    sender = open_sender(node)
    wanted = [Intent(f"pay {number}", payee, bytes(1_000), value=1) for number in range(MANY)]
    sender.submit_many(wanted)
    sends = node.asked.count(SENT)
    _fill(sender._store.database)
    more = [Intent(f"more {number}", payee, bytes(1_000)) for number in range(MANY)]
    act = (lambda: sender.submit_many(more)) if when == "submitting" else sender.step
    with pytest.raises(EnvironmentFault) as caught:
        act()
    assert "database or disk is full" in one_line(caught)
    assert node.asked.count(SENT) == sends
    sender._store.database.execute("PRAGMA max_page_count = 100000")
    assert {intent.state for intent in sender.wait(*(intent.id for intent in wanted))} == {State.DONE}
    assert int(anvil.rpc.call("eth_getBalance", payee, "latest"), 16) == MANY
    assert sum(sender.status()["intents"].values()) == MANY


def _fill(database: sqlite3.Connection) -> None:
    """Take every page that the file may have."""
    database.execute("CREATE TABLE ballast (bytes BLOB)")
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    for size in (3_000, 1_000, 100, 1):
        while True:
            try:
                database.execute("INSERT INTO ballast VALUES (?)", [bytes(size)])
            except sqlite3.OperationalError:
                break


# two processes -------------------------------------------------------------------------------------------------------

SECOND = """
import sys
from keifu.chain import Rpc
from keifu.chain.sender import Sender
from keifu.errors import KeifuError
from keifu.keys import Account
try:
    Sender(sys.argv[2], Rpc(sys.argv[1]), Account.from_role("sender"))
except KeifuError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def second(anvil, database) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SECOND, anvil.url, str(database)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)


def test_a_second_process_with_the_same_key_is_refused(anvil, open_sender, account, tmp_path):
    sender = open_sender()
    for database in (tmp_path / "sender.db", tmp_path / "another.db"):
        done = second(anvil, database)
        assert (done.returncode, done.stderr) == (3, "")
        reported = f"another process ({os.getpid()}) already sends for account {account.address} on chain 31337"
        assert done.stdout.startswith(reported), done.stdout
    sender.close()
    assert second(anvil, tmp_path / "sender.db").returncode == 0


def test_a_second_process_on_the_same_database_is_refused(anvil, open_sender, tmp_path, monkeypatch):
    """Two containers, each with locks of its own, over one volume."""
    open_sender()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    done = second(anvil, tmp_path / "sender.db")
    assert done.returncode == 3
    assert f"already sends for the database {tmp_path / 'sender.db'}" in done.stdout


# odd answers ---------------------------------------------------------------------------------------------------------

ODD = [[], {}, "", "0x", "zz", 7, True, {"code": "RATE_LIMIT"}, RpcError("rate limit", code=429)]
ASKED = (
    "eth_getBlockByNumber",
    "eth_getTransactionCount",
    "eth_maxPriorityFeePerGas",
    "eth_getTransactionReceipt",
    "eth_estimateGas",
    SENT,
)


@pytest.mark.parametrize("method", ASKED)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_answer_is_an_rpc_error_or_nothing_learnt(anvil, open_sender, payee, clock, method, odd):
    is_odd = []
    node = Choosy(anvil.url, lambda asked, params: odd if is_odd and asked == method else None)
    sender = open_sender(node)
    sender.submit(pay(payee))
    is_odd.append(True)
    for _ in range(3):
        with suppress(RpcError):
            sender.step()
    is_odd.clear()
    clock.now += 60
    assert sender.wait("pay 0")[0].state is State.DONE
    assert int(anvil.rpc.call("eth_getBalance", payee, "latest"), 16) == 1
