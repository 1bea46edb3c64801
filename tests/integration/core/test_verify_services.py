"""What `verify_suite` says of what the timelock decided later: who may slash, who attests, what agents are sold for.

The timelock's own account decides here, without its delay.
"""

from __future__ import annotations

import pytest

from ethwire.constants import ETHER
from keifu.chain.verify import verify_suite
from keifu.units import DAY

# Seconds from a fault of each of the suite's services to its slash, and the greatest multiple there.
HORIZONS = {
    "AlignmentCourt": 28 * DAY,
    "HeartbeatService": 14 * DAY,
    "DataVerifier": 14 * DAY,
    "ComputeMarket": 11 * DAY,
    "StorageMarket": 10 * DAY,
    "RecordProof": 14 * DAY,
    "InferenceDisputes": 11 * DAY,
    "ReExecution": 24 * DAY,
}
MULTIPLES = dict.fromkeys(HORIZONS, 4) | {"AlignmentCourt": 0, "DataVerifier": 0}
OUTSIDER = "0x" + "0b" * 20


@pytest.fixture
def decide(chain, record):
    def decide(contract, function, *args):
        timelock = record.contracts["Timelock"]
        chain.rpc.call("anvil_impersonateAccount", timelock)
        chain.rpc.call("anvil_setBalance", timelock, hex(ETHER))
        data = "0x" + chain.client().load(contract).interface.function(function, len(args)).encode(args).hex()
        request = {"from": timelock, "to": record.contracts[contract], "data": data, "gas": hex(10**6)}
        chain.rpc.call("eth_sendTransaction", request)
        chain.mine()  # anvil answers before the transaction is in a block

    return decide


@pytest.fixture
def checks(chain, record):
    def checks():
        return verify_suite(chain.client(), record)

    return checks


# services --------------------------------------------------------------------------------------------------------


@pytest.fixture
def reported(decide, checks):
    """What is said of services, as the hub has them after the timelock's calls."""

    def reported(*calls):
        for function, *args in calls:
            decide("StakingHub", function, *args)
        return [(check.what, check.holds) for check in checks() if "service" in check.what]

    return reported


def test_services_that_are_not_listed_yet_are_told(reported):
    assert sorted(reported()) == [(f"{name} is not listed as a service yet", True) for name in sorted(HORIZONS)]


@pytest.mark.parametrize("name", HORIZONS)
def test_a_service_that_is_listed_by_its_own_terms_is_right(reported, record, name):
    calls = ("list_service", record.contracts[name], HORIZONS[name], MULTIPLES[name])
    assert (f"{name} is listed as a service by its own terms", True) in reported(calls)


@pytest.mark.parametrize(("seconds", "times"), [(-1, 0), (0, 1)], ids=["a second less", "another multiple"])
@pytest.mark.parametrize("name", HORIZONS)
def test_a_service_that_is_listed_by_other_terms_is_found(reported, record, name, seconds, times):
    """A slash that comes too late, or another part taken from delegators."""
    multiple = abs(MULTIPLES[name] - times)
    found = reported(("list_service", record.contracts[name], HORIZONS[name] + seconds, multiple))
    assert [what for what, holds in found if not holds] == ["StakingHub.service"]


def test_a_service_from_outside_is_named_for_somebody_to_look_at(reported):
    outside = ("a service from outside the suite is listed", True)
    assert outside in reported(("list_service", OUTSIDER, DAY, 4))
    assert outside not in reported(("remove_service", OUTSIDER))


# attestors and currencies ------------------------------------------------------------------------------------------


@pytest.fixture
def named(decide, checks):
    """What is said of attestors and currencies after a call; neither is ever a fault."""

    def named(contract, function, *args):
        decide(contract, function, *args)
        found = checks()
        assert all(check.holds for check in found)
        words = ("attestor", "sold", "channels ")
        return [(check.what, check.detail) for check in found if any(word in check.what for word in words)]

    return named


def test_attestors_and_currencies_that_the_timelock_named_are_told(named, record):
    token, other = record.contracts["KeifuToken"], record.contracts["ProvenanceRegistry"]
    assert named("AgentMarket", "list_currency", token, True) == []
    assert named("AgentMarket", "list_currency", other, True) == [
        ("agents are sold in a currency from outside the suite", f"look at {other}")
    ]
    assert named("AgentMarket", "list_currency", other, False) == []
    assert named("AgentMarket", "list_currency", token, False) == [("agents are not sold in the suite's coin", token)]
    attestor = f"{OUTSIDER}: 0 coins behind it"
    assert ("an attestor of transfers is named", attestor) in named("DataVerifier", "name_attestor", OUTSIDER)
    assert ("an attestor of transfers is to be removed", attestor) in named("DataVerifier", "drop_attestor", OUTSIDER)


def test_tokens_and_the_fee_of_channels_are_named(named, record):
    token, other = record.contracts["KeifuToken"], record.contracts["ProvenanceRegistry"]
    assert named("Channels", "listToken", token, True) == []
    assert named("Channels", "listToken", other, True) == [
        ("channels take a token from outside the suite", f"look at {other}")
    ]
    assert named("Channels", "listToken", other, False) == []
    assert named("Channels", "listToken", token, False) == [("channels do not take the suite's coin", token)]
    assert named("Channels", "listToken", token, True) == []
    assert named("Channels", "setFee", 50) == [("channels take a fee", "0.50 % of what receivers settle")]
