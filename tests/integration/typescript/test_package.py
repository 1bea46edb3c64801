"""What npm's users get of `@keifu/abi`: types, both kinds of modules, only what they import."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from keifu import abi
from keifu.abi.messages import MESSAGES
from keifu.abi.remedies import remedy_of
from scripts import npm_package
from scripts.abi_surface import changes, surface
from tests.integration.typescript.conftest import PACKAGE, TOOLS, Chain, Node

pytestmark = pytest.mark.xdist_group("typescript")  # the project is built once
LARGEST_IMPORT = 12_000  # bytes, gzipped: `size.abi`
RESOLUTIONS = {"node16": ("node16", "node16"), "bundler": ("esnext", "bundler")}


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_a_program_has_the_contracts_types(project: Path, node: Node, resolution: str) -> None:
    """Each wrong call of the file is marked with @ts-expect-error: one that is taken is a fault, too."""
    module, how = RESOLUTIONS[resolution]
    shutil.copy(PACKAGE / "tests" / "consumer.ts", project)
    flags = ["--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--types", "--lib", "es2022,dom"]
    node(TOOLS / "typescript/bin/tsc", *flags, "--module", module, "--moduleResolution", how, "consumer.ts")


def test_both_kinds_of_modules_give_the_same(node: Node) -> None:
    script = 'console.log(JSON.stringify([typeof m.reasons, m.stakingHubAbi.length, m.keifuTokenDomain(1, "0x00")]))'
    imported = node("--input-type=module", "-e", f'import * as m from "@keifu/abi"; {script}')
    required = node("--input-type=commonjs", "-e", f'const m = require("@keifu/abi"); {script}')
    assert imported == required
    kind, entries, domain = json.loads(imported)
    assert (kind, entries) == ("object", len(abi.load("StakingHub").interface.abi))
    assert domain == {"name": "Keifu", "version": "1", "chainId": 1, "verifyingContract": "0x00"}


def test_the_verifier_of_bundles_comes_with_it(node: Node) -> None:
    assert node(
        "--input-type=module", "-e", 'import { CHECKS } from "@keifu/abi/verify"; console.log(CHECKS.length > 3)'
    )


def test_npm_finds_every_file_as_every_tool_looks_for_it(project: Path, node: Node) -> None:
    node(TOOLS / "publint/src/cli.js", "packages/abi", "--strict", "--pack", "false")
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", project], cwd=project / "packages/abi", check=True,
        text=True, capture_output=True,
    ).stdout.strip()  # fmt: skip
    tool = TOOLS / "@arethetypeswrong/cli/dist/index.js"
    # `./verify` is a module of ECMAScript alone, as the verifier is.
    node(tool, packed, "--profile", "node16", "--exclude-entrypoints", "./verify", "./json/*", "--no-emoji")


def test_an_import_brings_one_abi(project: Path, node: Node) -> None:
    """No text of another contract stands in the bundle."""
    (project / "one.js").write_text('import { stakingHubAbi } from "@keifu/abi"; console.log(stakingHubAbi);\n')
    node(TOOLS / "esbuild/bin/esbuild", "one.js", "--bundle", "--minify", "--format=esm", "--outfile=one.min.js")
    bundle = (project / "one.min.js").read_bytes()
    assert len(gzip.compress(bundle)) < LARGEST_IMPORT
    others = {entry["name"] for name in abi.names() for entry in abi.load(name).interface.abi if "name" in entry}
    others -= {word for word in others if word.encode() in json.dumps(abi.load("StakingHub").interface.abi).encode()}
    assert not [word for word in others if f'"{word}"'.encode() in bundle]


def test_json_is_the_same(project: Path) -> None:
    folder = project / "packages/abi/dist/json"
    for name in npm_package.names():
        assert json.loads((folder / f"{name}.json").read_text()) == abi.load(name).interface.abi
    domains = json.loads((folder / "domains.json").read_text())
    assert len(domains) == len(MESSAGES)


def test_every_reason_has_the_remedy_that_the_commands_give(node: Node) -> None:
    script = """
      import { reasons, remedyOf } from "@keifu/abi";
      console.log(JSON.stringify(Object.fromEntries(Object.keys(reasons).map((reason) => [reason, remedyOf(reason)]))));
    """
    found = json.loads(node("--input-type=module", "-e", script))
    assert found == {reason: remedy_of(reason) for reason in found}
    assert "" not in found.values()


def test_an_import_of_another_chains_record_is_refused(node: Node) -> None:
    script = """
      import { addressesOf } from "@keifu/abi";
      const hub = { address: "0x" + "ab".repeat(20) };
      if (addressesOf({ chain_id: 5, contracts: { StakingHub: hub } }, 5).StakingHub !== hub.address) throw 1;
      for (const [record, chain] of [[{ chain_id: 5, contracts: {} }, 1],
                                     [{ chain_id: 1, contracts: { StakingHub: { address: "0x1" } } }, 1]]) {
        let words = "";
        try { addressesOf(record, chain); } catch (error) { words = error.message; }
        console.log(words);
      }
    """
    wrong_chain, no_address = node("--input-type=module", "-e", script).splitlines()
    assert wrong_chain == "the deployment record is of chain 5, not 1: take the other chain's record"
    assert no_address == "the deployment record has no address for StakingHub: 0x1"


# the surface -----------------------------------------------------------------------------------------------------


def test_another_selector_topic_or_type_needs_another_version() -> None:
    now = surface("0.1.0", npm_package.names())
    assert list(changes(now, now)) == []
    before = msgspec.to_builtins(now)
    selector, declared = next(iter(before["functions"]["StakingHub"].items()))
    topic = next(iter(before["events"]["StakingHub"]))
    before["functions"]["StakingHub"]["0x00000000"] = before["functions"]["StakingHub"].pop(selector)
    before["events"]["StakingHub"][topic] += " indexed"
    del before["structs"]["Channels"]["Voucher"]
    found = list(changes(msgspec.convert(before, type(now)), now))
    assert f"StakingHub 0x00000000 is gone: {declared}" in found
    assert f"StakingHub {selector} is new: {declared}" in found
    assert any(line.startswith(f"StakingHub {topic} was ") for line in found)
    assert any(line.startswith("Channels Voucher is new: Voucher(") for line in found)
    assert len(found) == 4


def test_the_committed_files_are_those_of_the_contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert npm_package.drift() == []
    monkeypatch.setattr(npm_package, "SURFACE", tmp_path / "none.json")
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    assert npm_package.drift() == [f"surface.json is of version none, package.json of {version}"]


def test_domains_are_those_that_the_contracts_say(chain: Chain) -> None:
    said = {
        row.contract: chain.suite.at(chain.client, row.contract).eip712Domain()[1:3]
        for row in MESSAGES
        if row.contract in chain.suite.addresses
    }
    assert said == {row.contract: (row.name, row.version) for row in MESSAGES if row.contract in said}
    assert len(said) >= len(MESSAGES) - 1  # accounts are made one by one
