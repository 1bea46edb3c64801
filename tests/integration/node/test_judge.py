"""What a watcher makes of each kind of heartbeat, by the contracts of a real chain; what an operator never signs."""

from __future__ import annotations

import io
import json
import sqlite3

import pytest

from keifu.chain.deployments import open_record
from keifu.chain.header import genesis_of
from keifu.errors import Contradiction
from keifu.keys import Account
from keifu.node.alerts import Alerts
from keifu.node.chain import NodeChain
from keifu.node.folder import NodeFolder
from keifu.node.logs import Secrets, make_log
from keifu.node.metrics import Metrics
from keifu.node.operator.production import Promotions
from keifu.node.operator.work import Operator
from keifu.node.sections import LogSettings
from keifu.node.settings import OperatorSettings, load_settings
from keifu.node.watcher.judge import Judge
from keifu.node.watcher.peers import read_lines
from keifu.node.work import Body
from keifu.units import DAY, HOUR
from tests.integration.node.conftest import until

LIE, OTHER_LIE = b"\x66" * 32, b"\x67" * 32


@pytest.fixture
def database():
    made = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    yield made
    made.close()


@pytest.fixture
def chain(at_first):
    genesis = genesis_of(at_first.client.rpc)
    record = open_record(at_first.client.chain_id, genesis, at_first.folder / "deployments")
    return NodeChain(at_first.client, record, genesis)


@pytest.fixture
def judged(at_first, chain, database, liar):
    """The verdict about a heartbeat of the bound liar; changes by name."""
    judge = Judge(chain, at_first.provenance, database)
    operator = Account.from_role("lying operator").address.lower()

    def judged(seq=1, digest=None, *, node=liar, later=0, tampered=False, environments=None):
        line = json.loads(at_first.signed(node, seq, digest or at_first.digest(0), later=later))
        if tampered:
            line["digest"] = LIE.hex()
        [said], _ = read_lines(json.dumps(line).encode())
        return judge.judge(operator, said, environments or frozenset([at_first.environment]), at_first.client.now)

    return judged


def test_verdicts(judged):
    assert judged().word == "true"
    assert judged(environments=frozenset([b"\x01" * 32])).word == "not promised"
    assert judged(tampered=True).word == "forged"
    assert judged(later=60).word == "early"
    assert judged(later=-40 * DAY).word == "of another"  # the key spoke for nobody else then
    assert judged(node=Account.from_role("stranger")).word == "of another"
    false = judged(digest=LIE)
    assert (false.word, len(false.fault.said), false.fault.record is not None) == ("false", 1, True)
    assert false.is_of_promotion
    assert judged().is_of_promotion
    assert not judged(tampered=True).is_of_promotion


def test_two_heartbeats_of_a_number_that_was_never_given(judged):
    assert judged(seq=9, digest=LIE).word == "unknown number"
    assert judged(seq=9, digest=LIE).word == "unknown number"
    both = judged(seq=9, digest=OTHER_LIE)
    assert (both.word, len(both.fault.said), both.fault.record) == ("false", 2, None)
    assert not both.is_of_promotion


def test_a_promotion_never_goes_back(at_first, chain, database):
    promotions = Promotions(chain, at_first.environment, database)
    before = at_first.anvil.snapshot()
    at_first.promote(1)
    assert promotions.current().seq == 2
    at_first.anvil.restore(before)
    with pytest.raises(Contradiction, match=r"promotion 1 of .* after it was 2 of"):
        promotions.current()


def test_one_digest_for_each_number_is_signed_whoever_lies(at_first, chain, database):
    for _ in range(2):  # also after a restart
        promotions = Promotions(chain, at_first.environment, database)
        assert promotions.may_sign(1, LIE)
        assert not promotions.may_sign(1, OTHER_LIE)
    assert promotions.may_sign(2, OTHER_LIE)


def test_bytes_that_change_are_not_signed_for(at_first, chain, database, make):
    """Hashed again when the time has come; what was there comes back when the bytes do."""
    folder = make("operator", "honest node").folder
    settings, _ = load_settings(OperatorSettings, folder, ["operator.recheck=1 hour"])
    now, out = [0.0], io.StringIO()
    log = make_log(LogSettings(format="json"), Secrets(), out)
    metrics = Metrics("operator", "0", chain.id)
    account = Account.from_role("honest node")
    alerts = Alerts(settings.alerts, {}, database, None, log, metrics)
    body = Body(settings, NodeFolder(folder), chain, account, log, metrics, None, database, alerts)
    operator = Operator(body, clock=lambda: now[0])
    page = operator.pages()["/heartbeats"]
    weights = at_first.models / "v1" / "weights.bin"
    right = weights.read_bytes()
    try:
        operator.begin()
        assert (page().status, operator.trouble()) == (200, "")
        weights.write_bytes(b"swapped")
        operator.step()
        assert page().status == 200  # an hour has not passed
        now[0] = HOUR + 1.0
        until(lambda: operator.step() and operator.trouble())
        assert page().status == 503
        assert "the bytes of promotion 1 are not here" in operator.trouble()
        weights.write_bytes(right)
        now[0] += 61
        until(lambda: operator.step() and not operator.trouble())
        assert page().status == 200
    finally:
        weights.write_bytes(right)
        operator.close()
    assert "not as promoted: nothing is signed" in out.getvalue()
