"""`keifu prov`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "digest": ("keifu.cli.prov_bytes:digest", "Print the digest of a file or folder, as OpenSSF model signing does."),
    "diff": ("keifu.cli.prov_bytes:diff", "List files that differ between two folders."),
    "register": ("keifu.cli.prov_write:register", "Register a file or folder with its parents."),
    "import": (
        "keifu.cli.prov_import:import_records",
        "Register a run of MLflow or DVC, a Hugging Face cache or a git tag.",
    ),
    "attest": ("keifu.cli.prov_write:attest", "Attest something about a record, under a schema."),
    "promote": ("keifu.cli.prov_write:promote", "Make a record the one that an environment runs."),
    "withdraw": ("keifu.cli.prov_write:withdraw", "Mark your record deprecated or revoked."),
    "declare": ("keifu.cli.prov_life:declare", "Declare an environment, with what a promotion needs."),
    "policy": ("keifu.cli.prov_life:policy", "Announce what promotions need from tomorrow on."),
    "restitution": ("keifu.cli.prov_life:restitution", "Announce who receives the damages for a false heartbeat."),
    "rollback": ("keifu.cli.prov_life:rollback", "Go back to an earlier promotion."),
    "history": ("keifu.cli.prov_life:history", "List everything that an environment ever ran."),
    "store-links": (
        "keifu.cli.prov_life:store_links",
        "Store a lineage on chain, for policies that ask for a sound one.",
    ),
    "impact": ("keifu.cli.prov_life:impact", "List what rests on a record, or on one label of it."),
    "label": ("keifu.cli.prov_labels:label", "Sign all labels of a table."),
    "anchor": ("keifu.cli.prov_labels:anchor", "Fix any number of signed labels in one transaction."),
    "prove-label": ("keifu.cli.prov_labels:prove_label", "Write the proof of one anchored label."),
    "check-label": ("keifu.cli.prov_labels:check_label", "Check the proof of an anchored label."),
    "revoke": ("keifu.cli.prov_labels:revoke", "Take back an attestation, an anchor, or one anchored label."),
    "identity": ("keifu.cli.prov_keys:identity", "Show who acts for an account, and check the name behind it."),
    "claim": ("keifu.cli.prov_keys:claim", "Claim an identity: a did:web or a Sigstore identity."),
    "recovery": ("keifu.cli.prov_keys:recovery", "Name the address that may replace your key."),
    "replace-key": ("keifu.cli.prov_keys:replace_key", "Propose the account that acts for yours, or for a lost one."),
    "accept-key": ("keifu.cli.prov_keys:accept_key", "Agree to act for an account that proposed you."),
    "lost-key": ("keifu.cli.prov_keys:lost_key", "Close a key at once: nothing new of it counts."),
    "ask": ("keifu.cli.prov_ask:ask", "Answer all five questions: data, labels, version, weights, what runs."),
    "source": ("keifu.cli.prov_ask:source", "Answer where the data came from."),
    "labels": ("keifu.cli.prov_ask:labels", "Answer who labelled it."),
    "version": ("keifu.cli.prov_ask:version", "Answer which version it is."),
    "weights": ("keifu.cli.prov_ask:weights", "Answer which weights and biases it has."),
    "running": ("keifu.cli.prov_ask:running", "Answer what runs in production."),
    "find": ("keifu.cli.prov_read:find", "Find the records of a file or folder: which version is this?"),
    "verify": ("keifu.cli.prov_read:verify", "Check a record on chain, or a bundle without network."),
    "lineage": ("keifu.cli.prov_read:lineage", "Show what a record was made from: tree, JSON or picture."),
    "bundle": ("keifu.cli.prov_bundle:bundle", "Write one file that verifies offline."),
    "prove-record": (
        "keifu.cli.prov_bundle:prove_record",
        "Write the proof of one record, for a contract of another chain.",
    ),
    "documents": ("keifu.cli.prov_bundle:documents", "Write manifests and statements to a folder, to hand them on."),
    "export": ("keifu.cli.prov_read:export", "Write a record as CycloneDX ML-BOM, model card or in-toto statement."),
    "verify-running": ("keifu.cli.prov_watch:verify_running", "Check that production runs what was promoted."),
    "heartbeat": ("keifu.cli.prov_watch:heartbeat", "Sign that one runs what was promoted."),
    "watch": ("keifu.cli.prov_watch:watch", "Print the registry's events as they come."),
}

cli = LazyNoun(
    "prov",
    VERBS,
    help="Register artefacts, and check where data, labels and models came from and what runs.",
    example="keifu prov digest ./weights",
)
