"""Faults of the tools, as they once were, put back one at a time: a test that is marked with the case must fail then.

    python -m tests.seeded_cases                 every case
    python -m tests.seeded_cases tools-8 tools-9

Works in a copy of the tree. The named tests must pass in it as it is, and at least one of them must fail with the
fault. A fault that nothing notices, or that no longer fits its source, ends with exit status 1.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.guides.checkout import checkout
from tests.seeded_fault import Fault
from tests.seeded_provenance import FAULTS as PROVENANCE

__all__ = ["FAULTS", "main"]

CORE = ("-p", "tests.integration.core.conftest")  # fixtures of a chain, without ape's own
LOCAL = ("-p", "tests.integration.local.conftest")
CHAIN = ("-p", "tests.integration.chain.conftest")
SENDER = ("-p", "tests.unit.chain.sender.conftest")
TIME_OUT = 1_800.0  # seconds; of a run that hangs, not of one that is slow
RED = 1  # exit status of pytest when tests failed


TOOLS = (
    Fault(
        "tools-1", "verify believes what the record says of itself",
        "keifu/chain/verify.py", "        *_code_faults(client, recorded, expected),\n", "",
        "tests/integration/core/test_verify_suite.py", "other_code_at_the_address", CORE,
    ),
    Fault(
        "tools-2", "what was published is not recomputed",
        "keifu/tge/published.py", "    if found == content:\n", "    if len(found) == len(content):\n",
        "tests/unit/tge/test_published.py", "each_byte_of_each_file",
    ),
    Fault(
        "tools-3", "other parameters are ignored without a word",
        "keifu/chain/protocol.py",
        "    if recorded is None:\n        return params\n", "    return recorded or params\n",
        "tests/integration/core/test_deploy_twice.py", "parameter", CORE,
    ),
    Fault(
        "tools-4", "a start in milliseconds is taken",
        "keifu/chain/bounds.py", "MAX_AHEAD = 2 * YEAR", "MAX_AHEAD = 60_000 * YEAR",
        "tests/unit/chain/test_bounds.py", "start",
    ),
    Fault(
        "tools-5", "a transaction is sent before anybody looks for a suite",
        "keifu/cli/session.py", "            if address is None:\n",
        '            if address is None:\n                self.deployer.send(self.deployer.sender, b"")\n',
        "tests/integration/core/test_refusals_send_nothing.py", "on_a_chain_without_a_suite and staking", CORE,
    ),
    Fault(
        "tools-6", "`keifu chain` deploys a suite and records nothing",
        "keifu/chain/deployments.py", "    def save(self, folder: Path) -> Path:\n",
        "    def save(self, folder: Path) -> Path:\n        return folder\n",
        "tests/integration/local/test_chain_command.py", "next_command_works", LOCAL,
    ),
    Fault(
        "tools-7", "treasury, delay and the rest cannot be chosen",
        "keifu/chain/plan.py", "options.items()", "{}.items()",
        "tests/unit/chain/test_plan.py", "options",
    ),
    Fault(
        "tools-8", "a blank last line is a grant of nothing",
        "keifu/tge/grants.py", "                if first or second:\n", "                if True:\n",
        "tests/unit/tge/test_read_csv.py", "spreadsheets",
    ),
    Fault(
        "tools-9", "signatures of 64 bytes and a v of 0 or 1 are refused",
        "packages/ethwire/ethwire/keys.py", "    if len(signature) == COMPACT_BYTES:\n", "    if False:\n",
        "tests/unit/keys/test_keys.py", "every_form",
    ),
    Fault(
        "tools-10", "a transfer's sender is called what the compiler lets it be called",
        "keifu/abi/contracts/KeifuToken.json", '"name": "from"', '"name": "sender"',
        "tests/unit/abi/test_published_names.py", "filter_by_from",
    ),
    Fault(
        "tools-11", "a block that the node does not have is gone, and is undone",
        "keifu/chain/follower/_follower.py",
        "        known = self._state.kept(newest)\n",
        "        known = self._state.kept(newest)\n"
        "        if newest < self._state.reached:\n            return newest\n",
        "tests/integration/chain/test_lying_node.py", "behind_undoes_nothing", CHAIN,
    ),
    Fault(
        "tools-12", "a log counts as often as the node gives it",
        "keifu/chain/follower/checks.py",
        "            if index <= before:\n", "            if False:\n",
        "tests/integration/chain/test_lying_node.py", "cannot_be_true", CHAIN,
    ),
    Fault(
        "tools-13", "the code of an error is a number",
        "packages/ethwire/ethwire/rpc/answers.py",
        '    code = _code(error.get("code"))\n', '    code = int(error.get("code"))\n',
        "tests/unit/chain/test_answers.py", "error_object_of_any_shape",
    ),
    Fault(
        "tools-13", "the status of a receipt is a number",
        "keifu/chain/verify.py",
        'quantity(receipt.status, "the receipt\'s status", url)', "int(receipt.status, 16)",
        "tests/unit/chain/test_odd_answers.py", "a_result_or_one_error",
    ),
    Fault(
        "tools-14", "a busy node is asked again at once, whatever it says",
        "packages/ethwire/ethwire/rpc/endpoint.py",
        "                wait = max(error.retry_after, RATE_PAUSE_SECONDS * 2 ** (attempt - 1))\n",
        "                wait = pause\n",
        "tests/unit/chain/test_answers.py", "left_alone_until_then",
    ),
    Fault(
        "tools-15", "an endpoint that stays silent is told to nobody",
        "keifu/chain/follower/_follower.py",
        "        if count in _NOTIFIED_AT:\n", "        if False:\n",
        "tests/integration/chain/test_lying_node.py", "silent_endpoint", CHAIN,
    ),
    Fault(
        "tools-16", "the gas limit is a share more than the estimate, and the turn of an epoch costs more",
        "keifu/chain/_pricing.py", "ROLLOVER_GAS = 150_000", "ROLLOVER_GAS = 0",
        "tests/integration/chain/test_epoch_rollover.py", "call_mined", CHAIN,
    ),
    Fault(
        "tools-17", "a transaction that the node drops is waited for",
        "keifu/chain/_outbox.py", "            if waited >= rescue:\n", "            if False:\n",
        "tests/integration/chain/test_sending.py", "drops_is_sent_again", CHAIN,
    ),
    Fault(
        "tools-18", "the range that a node serves is not learnt",
        "packages/ethwire/ethwire/rpc/_limit.py",
        "        self.size = max(1, min(self.size, max(self._served, size // 2)))\n", "",
        "tests/integration/chain/test_followed_contracts.py", "range_that_a_node_serves", CHAIN,
    ),
    Fault(
        "tools-18", "the sender sends as many at once as it has, whatever the node takes",
        "keifu/chain/sender/node.py",
        "        return self.limit.in_parts(calls, lambda part: ask(list(part)))\n",
        "        return ask(list(calls))\n",
        "tests/unit/chain/sender/test_sender.py", "size_of_a_batch", SENDER,
    ),
    Fault(
        "tools-19", "fees are read once and kept",
        "keifu/chain/_outbox.py",
        "        market = self._market(answers)\n        numbers = [_required(",
        '        market = self.__dict__.setdefault("_first", self._market(answers))\n        numbers = [_required(',
        "tests/integration/chain/test_sending.py", "fees_are_read", CHAIN,
    ),
    Fault(
        "tools-20", "each block that a node gave logs of is asked for once more",
        "keifu/chain/follower/_reading.py",
        "(prove if block.number in by_block else wanted.announced(block))",
        "(block.number in by_block or wanted.announced(block))",
        "tests/integration/chain/test_followed_contracts.py", "others_share", CHAIN,
    ),
    Fault(
        "tools-36", "a node of this machine has as long as one far away",
        "packages/ethwire/ethwire/rpc/endpoint.py",
        "LOCAL_TIMEOUT_SECONDS if _parsed(url).hostname in _LOCAL_HOSTS else TIMEOUT_SECONDS", "TIMEOUT_SECONDS",
        "tests/unit/chain/test_busy_machine.py", "not ape_s_node",
    ),
    Fault(
        "tools-37", "a phase is told when it is over",
        "tests/progress.py", '        self._write(f"{what} ")\n        dots.start()\n', "        dots.start()\n",
        "tests/unit/harness/test_progress.py", "a_phase_is_told",
    ),
    Fault(
        "tools-38", "a guide names an option that is not there",
        "docs/guides/ai-developer.md",
        "keifu prov register data --kind dataset", "keifu prov register data --type dataset",
        "tests/guides/test_names.py",
    ),
    Fault(
        "tools-39", "no name is proposed for a mistyped one",
        "packages/ethwire/ethwire/commands.py", "did you mean", "there are others than",
        "tests/unit/cli/test_every_command.py", "nearest_name",
    ),
    Fault(
        "tools-40", "`ape run` compiles before it looks at its arguments",
        "scripts/staking.py", '"""\n\nfrom __future__ import annotations\n',
        '"""\n\nfrom __future__ import annotations\n\nimport ape\n\nape.project.load_contracts()\n',
        "tests/integration/core/test_ape_run.py", "nothing_is_compiled", ("-p", "tests.integration.conftest"),
    ),
    Fault(
        "tools-41", "the front door imports what it does not need",
        "keifu/__init__.py",
        "from __future__ import annotations\n", "from __future__ import annotations\n\nimport numpy\n",
        "tests/unit/test_front_door.py", "light_and_typed",
    ),
    Fault(
        "tools-42", "a sentence that had to be decoded is back",
        "docs/architecture.md", "A campaign's value grows with its call rate.",
        "A campaign is worth as much as it makes calls.",
        "tests/unit/docs/test_words.py", "had_to_be_decoded",
    ),
)  # fmt: skip
FAULTS = (*TOOLS, *PROVENANCE)


def outcome(tree: Path, fault: Fault) -> subprocess.CompletedProcess[str]:
    """The run of a fault's tests in the copy."""
    command = [tree / ".venv" / "bin" / "python", "-m", "pytest", "-q", "--noconftest", "-p", "no:ape_test"]
    command += ["-p", "no:cacheprovider", *fault.plugins, "-m", "case", "-x", fault.tests]
    command += ["-k", fault.only] if fault.only else []
    return subprocess.run(command, cwd=tree, check=False, capture_output=True, text=True, timeout=TIME_OUT)


def noticed(tree: Path, fault: Fault) -> str:
    """What is wrong with a fault's proof; "" when its tests pass without it and fail with it."""
    path = tree / fault.path
    source = path.read_text(encoding="utf-8")
    if fault.right not in source:
        return f"it no longer fits {fault.path}"
    if (plain := outcome(tree, fault)).returncode != 0:
        return f"its tests do not pass without it: {_end(plain)}"
    path.write_text(source.replace(fault.right, fault.wrong), encoding="utf-8")
    try:
        seeded = outcome(tree, fault)
    finally:
        path.write_text(source, encoding="utf-8")
    return "" if seeded.returncode == RED else f"nothing notices it: {_end(seeded)}"


def _end(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).strip().splitlines()[-3:])


def main(cases: Sequence[str]) -> int:
    chosen = [fault for fault in FAULTS if not cases or fault.case in cases]
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="keifu-seeded-") as folder:
        tree = checkout(Path(folder) / "keifu")
        for words in (["init", "-q"], ["add", "-A"]):  # the guides' own tests copy what git lists
            subprocess.run(["git", *words], cwd=tree, check=True)
        for fault in chosen:
            problem = noticed(tree, fault)
            wrong += bool(problem)
            print(f"{fault.case:13} {problem or 'red'}: {fault.what}", flush=True)
    print(f"{len(chosen) - wrong} of {len(chosen)} faults are noticed by tests of their case")
    return 1 if wrong or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
