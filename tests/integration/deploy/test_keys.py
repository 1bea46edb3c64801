"""Keys of a deployment come from a key file, named by a file of settings, and are never printed or written."""

from __future__ import annotations

import subprocess
import sys

import pytest

from keifu.keys.keystore import save_account

WORDS = "three words that nobody knows"
QUICK = {"n": 2, "r": 8, "p": 1}
# As a deployer types it; what ends badly is typed as well.
COMMANDS = """
set -a; . ./deploy.env; set +a
keifu() { "$PYTHON" -m keifu "$@"; }
set -x
keifu deploy plan --out plan.json --set label=keys
keifu deploy unsigned plan.json --out unsigned.json
keifu deploy sign unsigned.json --key key.json --digest 00 --out signed.json
keifu deploy all plan.json
keifu deploy handover --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --send
keifu deploy status --json
KEIFU_PASSWORD_FILE=wrong.txt keifu deploy all plan.json
KEIFU_RPC=http://127.0.0.1:9 keifu deploy all plan.json
env -u KEIFU_PASSWORD_FILE "$PYTHON" -m keifu deploy all plan.json
"""


@pytest.fixture
def folder(team, tmp_path):
    save_account(team.account, tmp_path / "key.json", WORDS.encode(), scrypt=QUICK)
    (tmp_path / "password.txt").write_text(WORDS + "\n")
    (tmp_path / "wrong.txt").write_text("other words")
    settings = {
        "KEIFU_RPC": team.chain.url,
        "KEIFU_DEPLOYMENTS": "mine",
        "KEIFU_KEY_FILE": "key.json",
        "KEIFU_PASSWORD_FILE": "password.txt",
    }
    (tmp_path / "deploy.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return tmp_path


def test_no_command_shows_a_key(team, folder):
    done = subprocess.run(
        ["sh", "-c", COMMANDS], cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "PYTHONPATH": ":".join(sys.path), "HOME": str(folder)},
    )  # fmt: skip
    said = done.stdout + done.stderr
    for words in ("digest to sign off", "contracts are there", "queued; run this again", '"missing": []'):
        assert words in done.stdout, said
    for words in ("another plan was signed off", "password", "Connection refused", "no password for the key file"):
        assert words in done.stderr, said
    assert "Traceback" not in said
    written = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {"plan.json", "plan.md", "unsigned.json", "31337.json"} <= written.keys()
    del written["password.txt"]
    for secret in (team.account.secret().hex(), WORDS):
        assert secret not in said
        assert [name for name, content in written.items() if secret.encode() in content] == []
