"""The key agent: it signs for its user and for nobody else, and a key never leaves it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from keifu.chain.held import agent_socket
from keifu.errors import EnvironmentFault, InputError, UsageError
from keifu.keys import Account, keccak256, recover
from keifu.keys import agent as agents
from keifu.keys.agent import LARGEST, Agent, AgentAccount, agent_keys
from keifu.keys.keystore import save_account
from keifu.keys.unlock import has_agent, unlock

KEIFU = Path(sys.executable).parent / "keifu"
CHEAP = {"n": 2, "r": 1, "p": 1}
WORD = b"correct horse"
DIGEST = keccak256(b"something")
KEY = Account.from_role("node")


@pytest.fixture
def refused():
    return Counter()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.sock"


@pytest.fixture
def served(path, refused):
    made = Agent(path, [KEY], lambda why: refused.update([why]))
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    made.close()
    thread.join()


@pytest.fixture
def key_file(tmp_path):
    made = tmp_path / "key.json"
    save_account(KEY, made, WORD, scrypt=CHEAP)
    return made


def never():
    raise AssertionError("the password is not needed")


def say(path, line):
    """What the agent answers to a line."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        with suppress(BrokenPipeError):  # it has refused already, and hung up
            connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        return json.loads(connection.recv(LARGEST))


def test_only_its_user_can_open_the_socket(served, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert agent_keys(path) == [KEY.address]


def test_a_file_is_opened_by_the_agent_without_its_password(served, path, key_file):
    account = unlock(key_file, path, never)
    assert account == KEY
    assert account.sign(DIGEST) == KEY.sign(DIGEST)
    assert recover(DIGEST, account.sign(DIGEST)) == KEY.address


def test_nothing_of_a_key_is_shown(served, path):
    account = AgentAccount(path, KEY.address)
    for shows in (account.secret, lambda: account.public_key, lambda: account.shared_point(bytes(64))):
        with pytest.raises(UsageError, match="which only signs") as error:
            shows()
        assert error.value.remedy == "KEIFU_AGENT=off opens the key file itself"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"not json\n", "malformed"),
        (b"[1]\n", "malformed"),
        (b'{"do": "secret", "key": "0x"}\n', "no such request"),
        (b'{"do": "sign", "key": "0x00", "digest": "00"}\n', "no such key"),
        (json.dumps({"do": "sign", "key": KEY.address, "digest": "00"}).encode() + b"\n", "no such request"),
        (b"x" * (LARGEST + 1), "too large"),
        (b'{"do": "list"', "broken off"),
    ],
)
def test_what_is_refused_is_counted(served, path, refused, line, why):
    assert say(path, line) == {"error": why}
    assert refused == {why: 1}
    assert agent_keys(path) == [KEY.address]  # and others are served on


def test_another_user_is_refused(served, path, refused, monkeypatch):
    own = os.getuid()
    monkeypatch.setattr(agents.os, "getuid", lambda: own + 1)
    assert say(path, b'{"do": "list"}\n') == {"error": "another user"}
    assert refused == {"another user": 1}


def test_a_key_that_the_agent_has_not_is_opened_by_its_password(served, path, tmp_path):
    other = tmp_path / "other.json"
    save_account(Account.from_role("other"), other, WORD, scrypt=CHEAP)
    assert unlock(other, path, lambda: WORD).secret() == Account.from_role("other").secret()


def test_a_file_that_others_may_read_is_refused_all_the_same(served, path, key_file):
    key_file.chmod(0o644)
    with pytest.raises(InputError, match="others may read"):
        unlock(key_file, path, never)


def test_a_socket_that_is_left_over_is_no_agent(path, key_file):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as killed:
        killed.bind(str(path))
    assert has_agent(path)
    assert unlock(key_file, path, lambda: WORD) == KEY
    with pytest.raises(EnvironmentFault, match="does not answer"):
        agent_keys(path)


def test_an_agent_that_has_ended_is_named(served, path):
    account = AgentAccount(path, KEY.address)
    served.close()
    with pytest.raises(EnvironmentFault, match="does not answer") as error:
        account.sign(DIGEST)
    assert "keifu keys agent" in error.value.remedy


def test_a_path_that_is_too_long_for_a_socket(tmp_path, monkeypatch):
    """It goes by the number of its folder, and is refused where folders have none."""
    path = tmp_path / ("x" * 100) / "keys.sock"
    path.parent.mkdir()
    agent = Agent(path, [KEY])
    thread = threading.Thread(target=agent.serve)
    thread.start()
    try:
        assert list(agent_keys(path)) == [KEY.address]
        monkeypatch.setattr("keifu.keys.agent.OPEN_FILES", tmp_path / "none")
        with pytest.raises(EnvironmentFault, match="too long for a socket"):
            agent_keys(path)
    finally:
        agent.close()
        thread.join()
    with pytest.raises(EnvironmentFault, match="too long for a socket"):
        Agent(path, [KEY])


def test_one_process_for_all_others(tmp_path, key_file, monkeypatch):
    """The command: it unlocks, listens, refuses a second one, and leaves nothing behind."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    variables = {**os.environ, "KEIFU_PASSWORD": WORD.decode()}
    command = [KEIFU, "keys", "agent", key_file]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"signs with {KEY.address}\n"
        assert process.stdout.readline() == f"listens on {agent_socket()}\n"
        assert unlock(key_file, agent_socket(), never).sign(DIGEST) == KEY.sign(DIGEST)
        second = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert (second.returncode, f"process {process.pid}" in second.stderr) == (3, True)
        assert agent_keys(agent_socket()) == [KEY.address]
        process.send_signal(signal.SIGTERM)
    assert not agent_socket().exists()


def test_off_uses_none(monkeypatch):
    monkeypatch.setenv("KEIFU_AGENT", "off")
    assert agent_socket() is None
    assert not has_agent(None)
