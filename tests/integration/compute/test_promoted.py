"""A node that answers by what is promoted: its receipts name the promotion, and follow the next one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from keifu.compute.wire import unpack
from keifu.keys import Account
from keifu.network.trial_model import write_model
from keifu.node.compute.making import own_section
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.provenance import Kind, Record
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Provenance
from keifu.units import COIN
from tests.integration.compute.conftest import Paid, PaidNode, until

BODY = {"model": "promoted", "input": [value % 17 for value in range(64)]}


@pytest.fixture
def node(paid: Paid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PaidNode:
    """With two models registered, the first of them promoted, and the bytes of that one alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    author, owner = paid.anvil.account("author"), paid.anvil.account("owner")
    provenance = Provenance(paid.client, paid.suite["ProvenanceRegistry"], paid.suite["Environments"])
    models, ids = tmp_path / "models", []
    for version in ("v1", "v2"):
        (models / version).mkdir(parents=True)
        write_model(models / version)
        record = Record(author.address, Kind.WEIGHTS, digest_path(models / version).root)
        ids.append(provenance.register(record, author))
    environment = provenance.declare("production", [], owner)
    provenance.promote(environment, ids[0], owner)
    monkeypatch.setattr(paid, "promote_next", lambda: provenance.promote(environment, ids[1], owner), raising=False)
    shutil.move(models / "v2", tmp_path / "elsewhere")
    paid.anvil.account("promoting provider")
    own = own_section("127.0.0.1:0", "1 second", [str(models / "*")], (), {"request": 100})
    wish = Wish(
        paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role="promoting provider", own=own,
        environment=environment.hex(),
    )  # fmt: skip
    made = make_node(kind_of("compute"), tmp_path / "node", wish)
    return PaidNode(paid, made.folder, made.account)


def test_receipts_name_the_promotion_that_answers(
    paid: Paid, node: PaidNode, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    node.run()
    assert node.process is not None
    request.addfinalizer(node.process.kill)
    key = Account.from_role("a key for what is promoted")
    paid.deposit(paid.channel(node, authorizer=key), COIN)
    headers = {"authorization": "Bearer kf-" + key.secret().hex()}

    def ask() -> httpx.Response:
        return httpx.post(f"{node.url}/v1/classify", json=BODY, headers=headers)

    answer = until(lambda: found if (found := ask()).status_code == 200 else None, node.process)
    receipt = unpack(answer.headers["keifu-receipt"]).receipt
    assert receipt.digest == digest_path(tmp_path / "models" / "v1").root
    assert (receipt.promotion_seq, receipt.environment.hex()) == (1, node.status()["environment"])
    assert receipt.input_root != bytes(32)

    promote: Callable[[], int] = paid.promote_next  # type: ignore[attr-defined]
    promote()
    until(lambda: ask().status_code == 404, node.process)  # the bytes of the next one are not here
    assert "not among the artefacts" in node.status()["trouble"]
    assert node.end() == 0, node.log()
    shutil.move(tmp_path / "elsewhere", tmp_path / "models" / "v2")
    node.run()
    request.addfinalizer(node.process.kill)
    answer = until(lambda: found if (found := ask()).status_code == 200 else None, node.process)
    receipt = unpack(answer.headers["keifu-receipt"]).receipt
    assert receipt.promotion_seq == 2
    assert receipt.digest == digest_path(tmp_path / "models" / "v2").root
    assert node.end() == 0
