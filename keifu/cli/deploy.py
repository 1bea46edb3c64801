"""`keifu deploy`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "plan": ("keifu.cli.deploy_plan:plan", "Write down what would be sent, at which cost, for people to review."),
    "rehearse": ("keifu.cli.deploy_plan:rehearse", "Carry a plan out on a chain that nobody else sees."),
    "all": ("keifu.cli.deploy_run:all_", "Carry out a plan that was signed off; go on where a run was cut off."),
    "status": ("keifu.cli.deploy_run:status", "Say how far a deployment has come, and what comes next."),
    "verify": ("keifu.cli.deploy_keep:verify", "Compare code, roles, parameters and services with the record."),
    "change": ("keifu.cli.deploy_keep:change", "Have the timelock make calls that a file names."),
    "cancel": ("keifu.cli.deploy_keep:cancel", "Stop what waits in the timelock, before it is executed."),
    "handover": ("keifu.cli.deploy_keep:handover", "Give the timelock to others, and show that nothing is left."),
    "publish": ("keifu.cli.deploy_publish:publish", "Send the sources to an explorer, which compiles and compares."),
    "unsigned": ("keifu.cli.deploy_offline:unsigned", "Write a plan's transactions for a machine without a network."),
    "sign": ("keifu.cli.deploy_offline:sign", "Sign such transactions, with no chain in reach."),
    "send": ("keifu.cli.deploy_offline:send", "Send what was signed, and write the record."),
    "schema": ("keifu.cli.deploy_plan:schema", "Print the JSON schema of the manifest."),
}

cli = LazyNoun(
    "deploy",
    VERBS,
    help="Deploy the suite from a plan that people have reviewed, verify it, and hand it over.",
    example="keifu deploy plan --out plan.json --role deployer",
)
