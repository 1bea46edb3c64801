"""Faults of provenance, as they once were, for `tests.seeded_cases`: one for each case that was found from outside."""

from __future__ import annotations

from tests.seeded_fault import Fault

__all__ = ["FAULTS"]

CHAIN = ("-p", "tests.integration.chain.conftest")
PROVENANCE = ("-p", "tests.integration.provenance.conftest")
LIFE = "tests/integration/provenance/test_life.py"
SUITE = "tests/unit/provenance/test_bundle_suite.py"
MANIFEST = "tests/unit/provenance/test_manifest.py"

FAULTS = (
    Fault(
        "provenance-1", "a bundle names the registry that it is held against",
        "keifu/provenance/bundle.py", "        _check_domain(parts, trust, environment)\n",
        "        trust = replace(trust, chain=parts.chain, registry=parts.registry, environments=parts.environments)\n",
        "tests/integration/provenance/test_proved.py", "stores_any_word", PROVENANCE,
    ),
    Fault(
        "provenance-2", "names are not compared",
        "keifu/provenance/verify.py", "        differs = manifest.difference(found)\n",
        '        differs = "" if found.root == record.digest else manifest.difference(found)\n',
        MANIFEST, "names_are_committed",
    ),
    Fault(
        "provenance-3", "what the node says is not proved",
        "keifu/provenance/proved.py", "        return State(self.block.header, by_hash(nodes))\n",
        "        return sketch\n",
        "tests/integration/provenance/test_proved.py", "no_mutated_answer", PROVENANCE,
    ),
    Fault(
        "provenance-4", "logs are not held against the receipts' root",
        "keifu/chain/follower/_proving.py", "elif are(answer, row.digest):", "elif True:",
        "tests/integration/chain/test_lying_node.py", "changed_byte or heals", CHAIN,
    ),
    Fault(
        "provenance-5", "a withdrawn ancestor does not show",
        "keifu/provenance/facts.py", "        soundness(words, registry, artefact) if sound else None,\n",
        "        None,\n",
        LIFE, "withdrawal_travels", PROVENANCE,
    ),
    Fault(
        "provenance-6", "a bundle answers whatever it likes",
        "keifu/provenance/bundle.py", "    if environment is not None and parts.environment != environment:\n",
        "    if False:\n",
        SUITE, "forged_bundle",
    ),
    Fault(
        "provenance-7", "the accounts of a local chain own nothing",
        "keifu/local/suite.py",
        "    _give_ether(client, {role.account.address: FUNDING_ETHER for role in ROLES.values()})\n",
        "    _give_ether(client, {deployer.address: FUNDING_ETHER})\n",
        "tests/guides/test_guides.py", "ai-developer",
    ),
    Fault(
        "provenance-8", "a run without times is refused",
        "keifu/provenance/verify.py", 'True, "its statement does not say', 'False, "its statement does not say',
        LIFE, "run_with_its_statement", PROVENANCE,
    ),
    Fault(
        "provenance-9", "a second form of a signature is taken",
        "packages/ethwire/ethwire/keys.py", "    if signature[32:64] > _HALF_ORDER:\n", "    if False:\n",
        "tests/unit/provenance/test_labels.py", "high_s",
    ),
    Fault(
        "provenance-10", "nobody looks whether a label is there twice",
        "keifu/provenance/label_set.py", "        if before:\n", "        if False:\n",
        LIFE, "what_no_set_may_hold", PROVENANCE,
    ),
    Fault(
        "provenance-11", "the layout of a model cache is refused",
        "keifu/provenance/digest.py", "if links and stat.S_ISLNK(info.st_mode):", "if False:",
        MANIFEST, "openssf_signs",
    ),
    Fault(
        "provenance-12", "a record does not remember what was left out",
        "keifu/provenance/manifest.py", "        return cls(tree.files, tree.ignored, tree.links, hashes)\n",
        "        return cls(tree.files, (), tree.links, hashes)\n",
        MANIFEST, "left_out_is_remembered",
    ),
    Fault(
        "provenance-13", "a hash in an export is of a hash",
        "keifu/provenance/export/_cyclonedx.py", '"content": digest.hex()',
        '"content": __import__("hashlib").sha256(digest).hexdigest()',
        "tests/unit/provenance/test_exports.py", "cyclonedx_is_valid",
    ),
    Fault(
        "provenance-14", "the file that differs is not named",
        "keifu/provenance/verify.py", 'f"{differs}{left_out}" if differs', '"another digest" if differs',
        MANIFEST, "a_file_that_differs_is_named",
    ),
    Fault(
        "provenance-15", "heartbeats are parsed as deep as they go",
        "keifu/provenance/heartbeats.py", "(ValueError, RecursionError, OverflowError, InputError)",
        "(KeyError, OverflowError, InputError)",
        LIFE, "no_heartbeat_is_named", PROVENANCE,
    ),
    Fault(
        "provenance-16", "a heartbeat about another environment counts",
        "keifu/provenance/verify.py", "    if heartbeat.environment != made.environment:\n", "    if False:\n",
        "tests/integration/provenance/test_trust.py", "about_the_question", PROVENANCE,
    ),
    Fault(
        "provenance-17", "each record of a picture has a box of its own",
        "keifu/provenance/_groups.py", "alone = record_id if record_id in opened else None", "alone = record_id",
        "tests/unit/provenance/test_picture.py", "stays_readable and 273",
    ),
    Fault(
        "provenance-18", "a person cannot go back to an earlier promotion",
        "keifu/cli/prov.py",
        '    "rollback": ("keifu.cli.prov_life:rollback", "Go back to an earlier promotion."),\n', "",
        LIFE, "withdrawal_travels", PROVENANCE,
    ),
    Fault(
        "provenance-19", "the help of a verb imports what only its work needs",
        "keifu/cli/prov_bytes.py", "import sys\n", "import sys\n\nimport numpy\n",
        "tests/unit/test_front_door.py", "imports_nothing_that",
    ),
    Fault(
        "provenance-20", "a name holds characters that nobody sees",
        "keifu/cli/_types.py", "        if sign := hidden_in(str(value)):\n", "        if sign := hidden_in(\"\"):\n",
        LIFE, "nobody_sees", PROVENANCE,
    ),
)  # fmt: skip
