"""How a service is listed: through the timelock, in two runs, with a horizon that its own terms need."""

from __future__ import annotations

import pytest

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm, reverts
from keifu.chain import Deployment, Params, deploy_protocol
from keifu.chain.services import SERVICES, Service, list_services, longest_fault, require_horizon
from keifu.errors import CheckFailed, UsageError
from keifu.local.sample import EVIDENCE_WINDOW, SAMPLE, deploy_sample
from keifu.staking.owner import TIMELOCK, queue_or_execute
from keifu.units import DAY

HUB, COURT = "StakingHub", "AlignmentCourt"
CASE = 14 * DAY  # after which one is void at the latest
COURT_S = 2 * CASE  # of a juror's fault: its case, and as long again to settle the juror
NEEDED = EVIDENCE_WINDOW + CASE
# Horizon and greatest multiple of the suite's own services.
TERMS = {
    COURT: (COURT_S, 0),
    "HeartbeatService": (Params().heartbeat_window, 4),
    "DataVerifier": (14 * DAY, 0),
    "ComputeMarket": (Params().compute_window + Params().answer_window, 4),
    "StorageMarket": (10 * Params().storage_epoch, 4),
    "InferenceDisputes": (Params().compute_window + 12 * Params().dispute_turn, 4),
    "ReExecution": (Params().compute_window + CASE, 4),
    "RecordProof": (14 * DAY, 4),
}
SAMPLE_SERVICE = Service(SAMPLE, 4)


class Scene:
    """The suite in process, with a sample service that is not listed yet."""

    def __init__(self) -> None:
        self.evm = LocalEvm()
        self.deployer = EvmDeployer(self.evm, self.evm.account("deployer"))
        suite = deploy_protocol(self.deployer)
        self.sample = deploy_sample(self.deployer, suite)
        self.suite = Deployment({**suite.addresses, SAMPLE: self.sample})
        self.hub, self.timelock = (self.suite.at(self.evm, name) for name in (HUB, TIMELOCK))

    def queue(self, service: str, horizon: int = NEEDED) -> int:
        terms = (service, horizon, 4)
        return queue_or_execute(self.evm, self.deployer, self.suite, HUB, "list_service", *terms)


@pytest.fixture(scope="module")
def deployed():
    return Scene()


@pytest.fixture
def scene(deployed):
    with deployed.evm.anchor():
        yield deployed


def test_the_suite_s_services_are_queued_by_the_deployment(scene):
    queued = list_services(scene.deployer, scene.suite)
    assert [(item.service, item.horizon, item.max_multiple) for item in queued] == [
        (scene.suite[name], *terms) for name, terms in TERMS.items()
    ]
    assert not any(item.listed or scene.hub.listed(item.service) for item in queued)


def test_services_are_listed_in_two_runs_by_their_own_terms(scene):
    services = (*SERVICES, SAMPLE_SERVICE)
    queued = list_services(scene.deployer, scene.suite, services)
    again = list_services(scene.deployer, scene.suite, services)
    assert queued == again  # too early: nothing more is queued
    scene.evm.warp_to(max(item.ready for item in queued))
    done = list_services(scene.deployer, scene.suite, services)
    assert all(item.listed for item in done)
    assert [scene.hub.service(item.service)[:2] for item in done] == [*TERMS.values(), (NEEDED, 4)]
    assert list_services(scene.deployer, scene.suite, services) == done  # nothing is left to do


def test_one_service_is_listed_in_two_runs(scene):
    ready = scene.queue(scene.sample)
    assert ready == scene.queue(scene.sample) == scene.evm.now + scene.timelock.get_minimum_delay()
    scene.evm.warp_to(ready)
    assert scene.queue(scene.sample) == 0
    assert scene.hub.service(scene.sample)[0] == NEEDED
    with pytest.raises(CheckFailed, match="has done this already"):
        scene.queue(scene.sample)


@pytest.mark.parametrize(("horizon", "multiple"), [(0, 4), (60 * DAY + 1, 4)])
def test_what_the_hub_would_refuse_is_never_queued(scene, horizon, multiple):
    with reverts("hub: bad horizon"):
        scene.queue(scene.sample, horizon)
    operation = scene.timelock.hash_operation(
        scene.hub.address, 0, scene.hub.list_service.encode(scene.sample, horizon, multiple), bytes(32), bytes(32)
    )
    assert not scene.timelock.is_operation(operation)


def test_a_horizon_must_reach_from_the_fault_to_the_end_of_its_case(scene):
    assert longest_fault(scene.deployer, scene.sample) == NEEDED
    require_horizon(scene.deployer, scene.sample, NEEDED)
    with pytest.raises(UsageError, match="may be slashed 28 days after it, the horizon is 20 days"):
        require_horizon(scene.deployer, scene.sample, 20 * DAY)


def test_a_court_needs_the_length_of_its_cases(scene):
    assert longest_fault(scene.deployer, scene.suite[COURT]) == COURT_S


@pytest.mark.parametrize("contract", ["KeifuToken", HUB])
def test_a_service_that_shows_no_terms_is_refused(scene, contract):
    with pytest.raises(CheckFailed, match=f"the service at {scene.suite[contract]} does not show its terms"):
        require_horizon(scene.deployer, scene.suite[contract], 60 * DAY)


def test_a_service_whose_court_shows_no_terms_is_refused(scene):
    other = scene.deployer.deploy(
        SAMPLE, scene.suite["KeifuToken"], scene.hub.address, scene.suite["KeifuToken"], EVIDENCE_WINDOW, label="other"
    )
    with pytest.raises(CheckFailed, match=r"its court at .* does not show its terms"):
        longest_fault(scene.deployer, other)
