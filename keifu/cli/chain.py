"""`keifu chain`: a local chain with the suite on it, for scripts and dApps to try things on."""

from __future__ import annotations

import contextlib
import json
import threading

import click

__all__ = ["cli"]


@click.command(name="chain")
@click.option("--port", default=0, show_default="a free one", help="port to listen on")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object instead of text")
@click.option("--once", is_flag=True, hidden=True, help="stop at once instead of waiting for Ctrl-C")
def cli(port: int, as_json: bool, once: bool) -> None:
    """Start anvil, deploy the whole suite and keep both until Ctrl-C.

    \b
    Example:
      keifu chain                      (in one terminal; prints an export line)
      ape run tge status --network ethereum:local:foundry      (in another, after that line)
    """
    from keifu.chain import Anvil, RpcDeployer, deploy_protocol

    with Anvil(port=port) as anvil:
        deployer = RpcDeployer(anvil.client(), anvil.account("deployer"))
        deployment = deploy_protocol(deployer)
        if as_json:
            click.echo(json.dumps({"url": anvil.url, "chain_id": anvil.chain_id, "addresses": deployment.addresses}))
        else:
            for name, address in deployment.addresses.items():
                click.echo(f"{name:<22} {address}")
            click.echo(f"\nexport APE_FOUNDRY_HOST={anvil.url}")
            click.echo("\nchain: running, Ctrl-C stops it")
        if not once:
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
