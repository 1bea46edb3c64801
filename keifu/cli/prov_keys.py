"""`keifu prov identity` and what changes one: a key that is replaced, recovered or lost, and the name behind it."""

from __future__ import annotations

from pathlib import Path

import click

from keifu.cli._print import emit
from keifu.cli._prov_options import Registry, at_block, on_registry
from keifu.cli._types import ADDRESS, IN_FILE, OUT_PATH, Text
from keifu.cli.verbs import Access, json_option, verb
from keifu.spec.kinds import MAX_URI_BYTES

__all__ = ["accept_key", "claim", "identity", "lost_key", "recovery", "replace_key"]


@verb("identity", example="keifu prov identity 0x… --name did:web:example.org --did did.json", access=Access.READ)
@click.argument("account", type=ADDRESS)
@click.option("--name", default="", help="The name that it has to claim: did:web:…, or sigstore: and an identity.")
@click.option("--did", type=IN_FILE, help="The name's DID document, which has to list the account.")
@click.option(
    "--sigstore", type=IN_FILE, help="The identity's signature over the account's binding, as `sigstore sign` wrote it."
)
@json_option
@on_registry
@at_block
def identity(
    registry: Registry, account: str, name: str, did: Path | None, sigstore: Path | None, json_out: bool
) -> None:
    """Show who acts for an account, since when its key is closed, and whether a name is its own, proved. Who may say so
    of a Sigstore identity stands in the trust file: keifu trust init --sigstore-root."""
    from keifu.cli.prov_read import show
    from keifu.provenance.identity import check_identity

    show(check_identity(registry.proved, account, name, did, sigstore), json_out)


@verb("replace-key", example="keifu prov replace-key 0x… --key-file old.json", access=Access.SEND)
@click.argument("new", type=ADDRESS)
@click.option(
    "--account", type=ADDRESS, help="Account whose key it is, if you are its recovery address.  [default: your own]"
)
@json_option
@on_registry
def replace_key(registry: Registry, new: str, account: str | None, json_out: bool) -> None:
    """Propose the account that acts for yours from now on, or, as its recovery address, for ACCOUNT after a week. The
    new account then sends `keifu prov accept-key`."""
    sender = registry.account
    contract = registry.source.registry
    receipt = contract.propose_replacement(account or sender.address, new, sender=sender)
    start = receipt.events("ReplacementProposed")[0].effective_from
    document = {"account": account or sender.address, "new": new, "from": start}
    emit(document, f"{new} may accept from second {start}", json_out)


@verb("accept-key", example="keifu prov accept-key 0x… --key-file new.json", access=Access.SEND)
@click.argument("account", type=ADDRESS)
@click.option(
    "--proposer", type=ADDRESS, help="Who proposed you, if it was the recovery address.  [default: the account itself]"
)
@json_option
@on_registry
def accept_key(registry: Registry, account: str, proposer: str | None, json_out: bool) -> None:
    """Act for ACCOUNT from now on, as it or its recovery address proposed."""
    registry.source.registry.accept_replacement(account, proposer or account, sender=registry.account)
    document = {"account": account, "acting": registry.account.address}
    emit(document, f"{registry.account.address} acts for {account}", json_out)


@verb("lost-key", example="keifu prov lost-key 0x… --key-file recovery.json", access=Access.SEND)
@click.argument("account", type=ADDRESS)
@json_option
@on_registry
def lost_key(registry: Registry, account: str, json_out: bool) -> None:
    """Close a key at once, as itself or as its recovery address: nothing new of it counts."""
    registry.source.registry.declare_lost(account, sender=registry.account)
    emit({"account": account, "lost": True}, f"{account} is closed", json_out)


@verb("recovery", example="keifu prov recovery 0x… --key-file author.json", access=Access.SEND)
@click.argument("address", type=ADDRESS)
@json_option
@on_registry
def recovery(registry: Registry, address: str, json_out: bool) -> None:
    """Name the address that may replace your key, best an account of several people. A change of it counts after two
    weeks."""
    receipt = registry.source.registry.name_recovery(address, sender=registry.account)
    start = receipt.events("RecoveryNamed")[0].effective_from
    emit({"recovery": address, "from": start}, f"{address} counts from second {start}", json_out)


@verb("claim", example="keifu prov claim did:web:example.org --key-file author.json", access=Access.SEND)
@click.argument("name", type=Text(MAX_URI_BYTES))
@click.option("--binding-out", type=OUT_PATH, help="Write what the Sigstore identity signs: sigstore sign FILE.")
@json_option
@on_registry
def claim(registry: Registry, name: str, binding_out: Path | None, json_out: bool) -> None:
    """Claim an identity: a did:web whose document lists the account, or sigstore: and the identity that signs for it.
    An empty name takes it back."""
    source = registry.source
    if binding_out is not None:
        from keifu.provenance.sigstore_name import binding

        said = binding(source.chain.chain_id, source.registry.address, registry.account.address, name)
        binding_out.write_bytes(said)
    source.registry.claim_name(name, sender=registry.account)
    emit({"account": registry.account.address, "name": name}, name or "no name", json_out)
