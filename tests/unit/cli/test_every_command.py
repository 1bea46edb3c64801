"""What holds for every noun and verb: help with an example, --json, and a wrong argument refused in one line, with a
remedy, before a network is contacted or anything heavy imported."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keifu.cli.root import ENGINE_NOUNS, NOUNS

CLOSED = "http://127.0.0.1:9"
MISTYPED = "0x70997970C51812dc3A010C7d01b50e0d17dc79c8"  # its last letter but one is a capital
ROOT = Path(__file__).parents[3]
# What prints pictures, scripts, pages, lines or files of other tools.
WITHOUT_JSON = {"deploy schema", "completion", "coverage", "prov export", "prov heartbeat", "prov watch"}


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """What tests/unit/cli/refusals.py saw."""
    folder = tmp_path_factory.mktemp("grants")
    (folder / "allocation.json").write_text("{}")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KEIFU_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.cli.refusals", str(folder)],
        check=False, capture_output=True, text=True, cwd=ROOT, env={**environment, "KEIFU_RPC": CLOSED},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_noun_is_walked(reported):
    assert {words[0] for words, _ in reported["verbs"]} >= {*NOUNS, *ENGINE_NOUNS}
    assert len(reported["verbs"]) >= 40


def test_every_command_has_help_with_one_example(reported):
    wrong = [
        item["args"]
        for item in reported["helps"]
        if item["status"] != 0 or len(re.findall("Example", item["out"])) != 1
    ]
    assert wrong == []


def test_every_option_says_what_it_is_for(reported):
    """The engine's own help is its own affair."""
    ours = [item for item in reported["helps"] if item["args"][0] in NOUNS and item["args"][0] not in ("chain", "demo")]
    lines = [(item["args"], line) for item in ours for line in re.findall(r"^  (?:-\w, )?--\S.*$", item["out"], re.M)]
    bare = [(args, line) for args, line in lines if not re.search(r"\s{2,}[A-Z]|^  --\S+( \S+)*$", line.rstrip())]
    assert bare == []


def test_every_command_that_prints_data_has_json(reported):
    without = {" ".join(words) for words, options in reported["verbs"] if "--json" not in options}
    assert without == WITHOUT_JSON


@pytest.mark.case("tools-39")
def test_every_wrong_argument_is_refused_in_one_line_with_a_remedy(reported):
    assert len(reported["refused"]) > 300
    wrong = [
        (item["args"], item["status"], item["out"] + item["err"])
        for item in reported["refused"]
        if item["status"] != 2 or item["out"] or not re.fullmatch(r"keifu: .+ \(.+\)\n", item["err"])
    ]
    assert wrong == []


@pytest.mark.case("tools-39")
def test_no_refusal_contacts_a_network(reported):
    assert reported["contacted"] == []


def test_no_refusal_imports_anything_heavy(reported):
    assert reported["heavy"] == []


def keifu(*args, **environment):
    return subprocess.run(
        [Path(sys.executable).parent / "keifu", *args],
        check=False, capture_output=True, text=True, env={**os.environ, "KEIFU_RPC": CLOSED, **environment},
    )  # fmt: skip


@pytest.mark.case("tools-39")
@pytest.mark.parametrize(
    ("args", "nearest"),
    [
        (("stakin", "status"), "staking"),
        (("fuz",), "fuzz"),
        (("prov", "linage", "ab12cd34"), "lineage"),
        (("tge", "verfy"), "verify"),
        (("court", "comit"), "commit"),
        (("staking", "delegate", "--opertor", "0x"), "--operator"),
        (("provenance", "digest", "."), "prov"),
        (("digest", "./weights"), "prov digest"),
        (("verify",), "deploy verify or tge verify or prov verify or store verify"),
    ],
)
def test_the_nearest_name_is_proposed(args, nearest):
    done = keifu(*args)
    assert (done.returncode, f"did you mean {nearest}?" in done.stderr) == (2, True)


def test_a_name_that_is_like_none_is_not_guessed_at():
    done = keifu("xyzzy")
    assert (done.returncode, done.stderr) == (2, "keifu: No such command 'xyzzy' (see `keifu --help`)\n")


@pytest.mark.case("tools-39")
def test_a_wrong_checksum_names_the_right_one():
    done = keifu("staking", "position", "--of", MISTYPED, "--operator", "0x" + "1" * 40)
    assert done.returncode == 2
    assert "wrong checksum; is 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 meant?" in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("staking", "exit", "--operator", "0x" + "1" * 40), "no key to sign with"),
        (("staking", "exit", "--operator", "0x" + "1" * 40, "--key-file", "/no/such"), "there is no key file /no/such"),
        (("staking", "exit", "--operator", "0x" + "1" * 40, "--key-file", __file__), "no password for the key file"),
        (("staking", "exit", "--operator", "0x" + "1" * 40, "--key-file", __file__, "--role", "me"), "are two senders"),
        (("staking", "delegate", "--operator", "0x" + "1" * 40, "--amount", "0", "--role", "me"), "--amount is zero"),
        (("prov", "verify-running", "production"), "of whom?"),
        (("prov", "verify", "zzz"), "neither a file nor an id"),
        (("prov", "verify", __file__), "without a block hash"),
        (("tge", "build", "--csv", __file__), "the header is"),
        (("court", "reveal", "1", "--secret", __file__, "--role", "me"), "is no secret of a vote"),
        (("court", "commit", "1", "--vote", "guilty", "--secret", __file__, "--role", "me"), "is there already"),
    ],
)
def test_what_the_values_say_together_is_checked_before_the_network_too(args, message):
    done = keifu(*args)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_a_closed_port_is_an_environment_fault():
    done = keifu("staking", "status")
    assert (done.returncode, "did not answer" in done.stderr) == (3, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell):
    done = keifu("completion", shell)
    assert done.returncode == 0
    assert "_KEIFU_COMPLETE" in done.stdout


def test_the_script_completes_in_a_shell():
    bash = shutil.which("bash")
    assert bash
    script = """eval "$(keifu completion bash)"; COMP_WORDS=(keifu staking de); COMP_CWORD=2; _keifu_completion keifu
        echo "${COMPREPLY[@]}" """
    bin_folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([bash, "-c", script], check=False, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout.split()) == (0, ["delegate"]), done.stderr


def test_completion_of_nouns_verbs_and_roles():
    def complete(*words):
        line = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_KEIFU_COMPLETE": "bash_complete"}
        return [item.split(",")[1] for item in keifu(**line).stdout.splitlines()]

    assert complete("keifu", "st") == ["staking", "store", "status"]
    assert complete("keifu", "staking", "de") == ["delegate"]
    assert "operator" in complete("keifu", "staking", "exit", "--role", "o")
