"""What a network has to do while its processes are killed: false heartbeats, promotions, and a case of the court."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx

from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.deployments import open_record
from keifu.chain.suite import COURT, HEARTBEATS
from keifu.errors import UsageError
from keifu.keys import Account, keccak256
from keifu.local import sample
from keifu.local.roles import ROLES
from keifu.local.suite import fund, warp
from keifu.network.folder import Network, NetworkFolder
from keifu.node.chain import NodeChain
from keifu.node.operator.standing import bind
from keifu.provenance import Heartbeat, environments_domain, heartbeat_digest
from keifu.provenance.heartbeats import line_of
from keifu.provenance.registry import Provenance
from keifu.staking import actions, court
from keifu.units import DAY, HOUR

__all__ = ["Load"]

COINS = 1_500  # of each operator that lies: what answers for one binding
BOUND = 25 * DAY
LIE = b"\x66" * 32
PROMISE = 0  # of the sample service, which is accused
SALT = keccak256(b"what seals the vote of a soak's juror")


class Load:
    """Sends as a person does: nobody kills this process."""

    def __init__(self, folder: NetworkFolder, network: Network, client: ChainClient, dice: random.Random) -> None:
        self.network, self.client, self._dice, self._folder = network, client, dice, folder
        self.record = open_record(network.chain_id, network.genesis, Path(network.deployments))
        self.suite = Deployment(dict(self.record.contracts))
        self.service = self.suite.at(client, HEARTBEATS)
        self.environment = bytes.fromhex(network.environment)
        self.liars: list[Account] = []
        self.promotions: list[bytes] = [bytes.fromhex(network.artefacts[0])]
        self.done: Counter[str] = Counter()
        self.case = 0
        self.case_steps: list[Callable[[], Any]] = [
            self._accuse, self._name_the_seed, self._draw, self._commit, self._reveal, self._close, self._decide,
            self._settle,
        ]  # fmt: skip
        self._pages: dict[str, bytes] = {}
        self._server = _server(self._pages)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def summary(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in self.done.items())

    def unsettled(self) -> list[str]:
        """What the network has not done yet."""
        lies = sum(self.reserve(liar.address) > 0 for liar in self.liars)
        late = [part.name for part in self._operators() if _said(part.serves) != len(self.promotions)]
        return ([f"{lies} lies"] if lies else []) + [f"{name} follows" for name in late]

    def reserve(self, account: str) -> int:
        found: int = self.service.binding(account, self.environment)[3]
        return found

    def _operators(self) -> list[Any]:
        return [part for part in self.network.parts if part.kind == "operator"]

    def _by(self, role: str) -> RpcDeployer:
        return RpcDeployer(self.client, ROLES[role].account, self.record.factory)

    # heartbeats ----------------------------------------------------------------------------------------------------

    def lie(self) -> None:
        """Another operator binds itself, and then serves a false heartbeat."""
        number = len(self.liars)
        liar = Account.from_role(f"liar {number} of {self.network.genesis}")
        fund(self.client, Path(self.network.deployments), liar.address, ether=10, coins=COINS)
        deployer = RpcDeployer(self.client, liar, self.record.factory)
        actions.register(deployer, self.suite, 0, f"http://127.0.0.1:{self._server.server_port}/{number}")
        chain = NodeChain(self.client, self.record, self.network.genesis)
        bind(chain, deployer, liar, self.environment, self.client.now + BOUND)
        warp(self.client, 1)  # a binding counts from the next second on
        said = Heartbeat(liar.address.lower(), self.environment, 1, LIE, self.client.now)
        domain = environments_domain(self.network.chain_id, self.suite["Environments"])
        self._pages[f"/{number}/heartbeats"] = line_of(said, liar.sign(heartbeat_digest(domain, said))).encode()
        self.liars.append(liar)
        self.done["false heartbeats"] += 1

    # promotions ----------------------------------------------------------------------------------------------------

    def promote(self) -> None:
        """The other version, or back to any earlier promotion."""
        contracts, owner = self.suite, ROLES["owner"].account
        provenance = Provenance(self.client, contracts["ProvenanceRegistry"], contracts["Environments"])
        if len(self.promotions) == 1 or self._dice.random() < 0.5:  # noqa: PLR2004 - as often as not
            versions = [bytes.fromhex(item) for item in self.network.artefacts]
            wanted = versions[self.promotions[-1] == versions[0]]
            made = provenance.promote(self.environment, wanted, owner)
            self.done["promotions"] += 1
        else:
            back = self._dice.randrange(len(self.promotions) - 1)
            wanted = self.promotions[back]
            made = provenance.rollback(self.environment, back + 1, owner)
            self.done["rollbacks"] += 1
        self.promotions.append(wanted)
        assert made == len(self.promotions)

    # the case ------------------------------------------------------------------------------------------------------

    def _accuse(self) -> None:
        place = sample.address_of_sample(self.client, self.record.factory)
        self.case = sample.accuse(self._by("accuser"), self.suite, place, PROMISE, b"it was told to somebody")

    def _name_the_seed(self) -> None:
        warp(self.client, DAY, 2)
        try:
            court.draw(self.client, self._by("juror"), self.suite, self.case)
        except UsageError:
            return  # the block that draws is to come

    def _draw(self) -> None:
        warp(self.client, HOUR, 400)
        court.draw(self.client, self._by("juror"), self.suite, self.case)

    def _commit(self) -> None:
        court.commit(self._by("juror"), self.suite, self.case, True, SALT)

    def _reveal(self) -> None:
        warp(self.client, 2 * DAY, 4)
        self._by("juror").call(self.suite[COURT], COURT, "reveal", self.case, True, SALT)

    def _close(self) -> None:
        warp(self.client, DAY, 2)
        court.advance(self._by("juror"), self.suite, self.case)

    def _decide(self) -> None:
        warp(self.client, 2 * DAY, 4)
        court.advance(self._by("juror"), self.suite, self.case)

    def _settle(self) -> None:
        court.settle(self.client, self._by("juror"), self.suite, self.case)
        self.done["cases"] += 1


def _said(url: str) -> int:
    """The promotion under which an operator signs; 0 when it says nothing."""
    try:
        return int(httpx.get(f"{url}/heartbeats", trust_env=False).raise_for_status().json()["seq"])
    except (httpx.HTTPError, ValueError, KeyError):
        return 0


def _server(pages: dict[str, bytes]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked was killed
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)
