"""`keifu trust`: what a verifier trusts, in one pinned file, made from a deployment's record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu._files import read_bounded
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, BYTES32, ENDPOINT, IN_FILE, OUT_PATH
from keifu.cli.verbs import Access, Noun, json_option
from keifu.errors import UsageError

if TYPE_CHECKING:
    import msgspec

    from keifu.cli.session import RpcSession
    from keifu.provenance.trust import Market, Sigstore, Trust

__all__ = ["cli"]

REGISTRY, ENVIRONMENTS = "ProvenanceRegistry", "Environments"

cli = Noun(
    "trust",
    help="Say which chain, registry, authors and attesters you trust. Whatever is verified is compared with it.",
    example="keifu trust init",
)


class _NamedType(click.ParamType):
    """A name that a user gives an environment, and its id or its owner."""

    name = "name=id|owner"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, _, what = value.partition("=")
        if not name or not what:
            self.fail(f"{value!r} is no environment: NAME=ID, or NAME=OWNER, as in production=0x5d59…", param, ctx)
        if len(what) == len("0x") + 40:
            return name, str(ADDRESS.convert(what, param, ctx))
        return name, BYTES32.convert(what, param, ctx).hex()


class _IssuerType(click.ParamType):
    """An identity of Sigstore, and who signs it in."""

    name = "identity=issuer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        identity, _, issuer = value.rpartition("=")
        if not identity or not issuer.startswith("https://"):
            self.fail(f"{value!r} is not IDENTITY=ISSUER, as in author@example.org=https://example.org", param, ctx)
        return identity, issuer


class _ContractType(click.ParamType):
    """A contract and the chain that it is on."""

    name = "chain:address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, str]:
        if isinstance(value, tuple):
            return value
        chain, _, contract = value.partition(":")
        if not chain.isdecimal():
            self.fail(f"{value!r} is no contract of a chain, as in 16661:0x3A5D…", param, ctx)
        return int(chain), str(ADDRESS.convert(contract, param, ctx))


def _file_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--trust", "file", type=OUT_PATH, envvar="KEIFU_TRUST", show_envvar=True, metavar="FILE", help=text
    )


@cli.verb("init", example="keifu trust init --author 0x… --environment production=0x…", access=Access.READ)
@_file_option("File to write.  [default: trust.json in your own state folder]")
@click.option("--author", "authors", type=ADDRESS, multiple=True, help="An author whom you trust; repeatable.")
@click.option("--attester", "attesters", type=ADDRESS, multiple=True, help="An attester whom you trust; repeatable.")
@click.option(
    "--environment", "environments", type=_NamedType(), multiple=True,
    help="An environment that you ask about, by its id or its owner; repeatable.",
)  # fmt: skip
@click.option(
    "--runner", "runners", type=_NamedType(), multiple=True, metavar="NAME=ADDRESS",
    help="A node that has to say what it runs in the environment of this name; repeatable.",
)  # fmt: skip
@click.option(
    "--node", "nodes", type=ENDPOINT, multiple=True, help="A node that has to know the same block; repeatable."
)
@click.option("--agree", type=click.IntRange(1), help="How many of these nodes must know it.  [default: all]")
@click.option("--block-hash", type=BYTES32, help="A block that you know to be right: everything is proved there.")
@click.option("--sigstore-root", type=IN_FILE, help="The trusted_root.json of the Sigstore that you trust.")
@click.option(
    "--sigstore-identity", "identities", type=_IssuerType(), multiple=True,
    help="An identity of Sigstore, and who signs it in; repeatable.",
)  # fmt: skip
@click.option(
    "--provider", "providers", type=ADDRESS, multiple=True,
    help="An operator whose receipt keys are pinned, with the promotions of the named environments; repeatable.",
)  # fmt: skip
@click.option(
    "--notary", "notaries", type=ADDRESS, multiple=True, help="A notary whose word about blocks counts; repeatable."
)
@click.option("--quorum", type=click.IntRange(1, 16), help="How many of the notaries have to sign.  [default: all]")
@click.option("--record-proof", type=_ContractType(), help="The RecordProof behind which their coins are.")
@click.option("--replace", is_flag=True, help="Replace the file when it is there.")
@json_option
def init(
    session: RpcSession,
    file: Path | None,
    authors: tuple[str, ...],
    attesters: tuple[str, ...],
    environments: tuple[tuple[str, str], ...],
    runners: tuple[tuple[str, str], ...],
    nodes: tuple[str, ...],
    agree: int | None,
    block_hash: bytes | None,
    sigstore_root: Path | None,
    identities: tuple[tuple[str, str], ...],
    providers: tuple[str, ...],
    notaries: tuple[str, ...],
    quorum: int | None,
    record_proof: tuple[int, str] | None,
    replace: bool,
    json_out: bool,
) -> None:
    """Write a trust file from the deployment's record of the chain that the node serves."""
    import msgspec

    from keifu.provenance import environment_id
    from keifu.provenance.trust import Notaries, Trust, trust_file

    path = file or trust_file()
    if path.exists() and not replace:
        raise UsageError(f"{path} is there", remedy="look at it: keifu trust show; overwrite it with --replace")
    if agree and agree > len(nodes):
        raise UsageError(f"{agree} nodes have to agree, {len(nodes)} are named", remedy="--node URL for each of them")
    if bool(notaries) != (record_proof is not None):
        raise UsageError(
            "notaries and the contract that holds their coins go together", remedy="--notary, --record-proof"
        )
    if identities and sigstore_root is None:
        raise UsageError("identities of Sigstore without a root", remedy="--sigstore-root FILE")
    suite, record = session.suite(REGISTRY, ENVIRONMENTS).addresses, session.record
    chain, contract = record.chain_id, suite[ENVIRONMENTS]
    made = Trust(
        chain,
        suite[REGISTRY],
        contract,
        genesis=record.genesis,
        first_block=record.first_block,
        block="0x" + block_hash.hex() if block_hash else "",
        nodes=nodes,
        agree=agree or len(nodes),
        authors=authors,
        attesters=attesters,
        named={
            name: environment_id(chain, contract, what, name).hex() if what.startswith("0x") else what
            for name, what in environments
        },
        runners={name: tuple(node for of, node in runners if of == name) for name, _ in runners},
        sigstore=_sigstore(sigstore_root, identities),
        notaries=Notaries(*record_proof, notaries, quorum or len(notaries)) if record_proof else msgspec.UNSET,
    ).checked("what you give")
    if providers:
        made = msgspec.structs.replace(made, compute=_market(session, made, providers))
    made.write(path)
    _print(made, path, json_out)


def _market(session: RpcSession, trust: Trust, providers: tuple[str, ...]) -> Market:
    """What the chain says now of these operators' keys and of the named environments."""
    from keifu.chain.suite import CHANNELS
    from keifu.compute.client.onchain import looked_up
    from keifu.compute.client.side import COMPUTE
    from keifu.provenance.proved import Proved
    from keifu.provenance.registry import Provenance

    suite, first = session.suite(COMPUTE, CHANNELS), session.record.first_block
    source = Provenance(session.client, trust.registry, trust.environments, first_block=first)
    environments = [bytes.fromhex(value) for value in trust.named.values()]
    market = suite.at(session.client, COMPUTE)
    return looked_up(Proved(source, trust), market, suite[CHANNELS], providers, environments, first)


def _sigstore(root: Path | None, identities: tuple[tuple[str, str], ...]) -> Sigstore | msgspec.UnsetType:
    """The file by its place and its digest, so that whoever changes it later is noticed."""
    import msgspec

    from keifu.provenance.sigstore_name import LARGEST_ROOT
    from keifu.provenance.trust import Sigstore

    if root is None:
        return msgspec.UNSET
    digest = hashlib.sha256(read_bounded(root, LARGEST_ROOT, "a trusted root")).hexdigest()
    return Sigstore(str(root.resolve()), digest, dict(identities))


@cli.verb("show", example="keifu trust show")
@_file_option("File to show.  [default: trust.json in your own state folder]")
@json_option
def show(file: Path | None, json_out: bool) -> None:
    """Show a trust file, checked."""
    from keifu.provenance.trust import Trust, trust_file

    path = file or trust_file()
    _print(Trust.read(path), path, json_out)


def _print(trust: Trust, path: Path, json_out: bool) -> None:
    import msgspec

    nobody = "none named: none is compared, every answer says who it was"
    lines = [
        f"file: {path}",
        f"chain: {trust.chain}, first block {trust.genesis or 'not named'}",
        f"registry: {trust.registry}",
        f"environments: {trust.environments or 'no contract'}",
        f"block: {trust.block or _nodes(trust)}",
        f"authors: {', '.join(trust.authors) or nobody}",
        f"attesters: {', '.join(trust.attesters) or nobody}",
        *(f"environment {name}: {value}{_runners(trust, name)}" for name, value in trust.named.items()),
        *_notaries(trust),
        *(f"sigstore: {who}, whom {issuer} signs in" for who, issuer in _issuers(trust)),
    ]
    emit({"file": str(path), **msgspec.to_builtins(trust)}, "\n".join(lines), json_out)


def _notaries(trust: Trust) -> list[str]:
    if not trust.notaries:
        return []
    at, accounts = trust.notaries, ", ".join(trust.notaries.accounts)
    return [f"notaries: {at.quorum} of {accounts}, at RecordProof {at.contract} of chain {at.chain}"]


def _issuers(trust: Trust) -> list[tuple[str, str]]:
    return list(trust.sigstore.issuers.items()) if trust.sigstore else []


def _runners(trust: Trust, name: str) -> str:
    nodes = trust.runners.get(name)
    return f", on {', '.join(nodes)}" if nodes else ""


def _nodes(trust: Trust) -> str:
    if trust.nodes:
        return f"the newest on which {trust.agree} of {', '.join(trust.nodes)} agree"
    return "the newest one, by the word of the node that is asked"
