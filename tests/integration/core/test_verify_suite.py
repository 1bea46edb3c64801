"""`verify_suite` finds a fault in each constructor argument of each contract, each role and each field of the record.

Faults are seeded the way a thief would: in the suite that is deployed, with a record that either hides it or owns up.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from ethwire.constants import ETHER
from keifu import abi
from keifu.accounts import CANONICAL_REGISTRY
from keifu.chain import Params, RpcDeployer, deploy_protocol
from keifu.chain import protocol as protocol_module
from keifu.chain.create3 import deployment_call
from keifu.chain.creation import Creation, argument_names, readable
from keifu.chain.deployments import Record
from keifu.chain.suite import suite
from keifu.chain.verify import Check, verify_suite
from keifu.spec.vesting import SWEEP_DELAY
from keifu.units import DAY
from tests.ape_chain import GENESIS

# Seconds from a fault of each of the suite's services to its slash, and the greatest multiple there.
HORIZONS = {"AlignmentCourt": 28 * DAY, "HeartbeatService": 14 * DAY, "DataVerifier": 14 * DAY}
MULTIPLES = {"AlignmentCourt": 0, "HeartbeatService": 4, "DataVerifier": 0}
THIEF = "0x" + "0b" * 20


def sample_steps():
    """The suite with placeholders for addresses: which contracts and arguments there are."""
    params = Params(distribution=_distribution()).by(THIEF)
    return list(suite(params, lambda label: "0x" + "0a" * 20))


def _distribution():
    return protocol_module.Distribution(b"\x07" * 32, 10**21, GENESIS, DAY, 10, GENESIS + 10 * DAY + SWEEP_DELAY)


ARGUMENTS = [
    (step.contract, name) for step in sample_steps() for name in argument_names(abi.load(step.contract).interface)
]
CONTRACTS = [step.contract for step in sample_steps()]


@pytest.fixture(scope="module")
def params():
    return Params(distribution=_distribution())


@pytest.fixture(scope="module")
def manifest(anvil, params):
    """A suite that is what it says, once for all tests."""
    record = Record(31_337, "")
    deploy_protocol(RpcDeployer(anvil.client(), anvil.account("deployer")), params, record=record)
    return msgspec.json.encode(record)


@pytest.fixture
def chain(anvil, manifest):
    snapshot = anvil.snapshot()
    yield anvil
    anvil.restore(snapshot)


@pytest.fixture
def record(chain, manifest):
    return msgspec.json.decode(manifest, type=Record)


@pytest.fixture
def deployer(chain):
    return RpcDeployer(chain.client(), chain.account("thief"))


@pytest.fixture
def wrong(chain):
    def run(record):
        return [check.what for check in verify_suite(chain.client(), record) if not check.holds]

    return run


def tampered(argument, value, token):
    """Another value of the same type, such that the constructor takes it."""
    if isinstance(value, bytes):
        return b"\x0b" * 32
    if isinstance(value, list):
        return [*value, THIEF]
    if argument == "base_uri":
        return "https://example.org/theirs/"
    if isinstance(value, int):
        return value - 1 if argument in ("start", "step", "steps", "signers_needed") else value + 2
    return token or THIEF


@pytest.fixture
def thieves_suite(deployer, params, monkeypatch):
    """Deploy with one argument of one contract changed, up to that contract; the record that comes of it."""

    def deploy(contract, argument):
        fake_token = deployer.deploy("KeifuToken", THIEF, label="fake token")
        fake_hub = deployer.deploy(
            "StakingHub", fake_token, THIEF, THIEF, THIEF, 14 * DAY, DAY, 36, 1_461, label="fake hub"
        )
        fakes = dict.fromkeys(("token", "randomness", "registry", "environments"), fake_token)
        fakes["hub"] = fake_hub
        fakes["validation"] = deployer.deploy("AgentValidation", THIEF, label="fake validation")

        def changed(given, address_of):
            for step in suite(given, address_of):
                if step.contract == contract:
                    names = argument_names(abi.load(contract).interface)
                    values = list(step.arguments)
                    place = names.index(argument)
                    values[place] = tampered(argument, values[place], fakes.get(argument))
                    yield replace(step, arguments=tuple(values))
                    return  # what comes later is neither needed nor looked at
                yield step

        record = Record(31_337, "")
        with monkeypatch.context() as patch:
            patch.setattr(protocol_module, "suite", changed)
            patch.setattr(protocol_module, "list_services", lambda chain, deployment: [])
            deploy_protocol(deployer, params, record=record)
        return record

    return deploy


@pytest.mark.case("tools-1")
def test_what_was_deployed_is_agreed_to_now_and_later(chain, record, wrong):
    assert wrong(record) == []
    chain.warp(100 * DAY)
    chain.mine(300)
    assert wrong(record) == []
    assert wrong(msgspec.json.decode(msgspec.json.encode(record), type=Record)) == []


@pytest.mark.case("tools-1")
@pytest.mark.parametrize(("contract", "argument"), ARGUMENTS, ids=map(".".join, ARGUMENTS))
def test_a_changed_argument_is_named_whether_the_record_owns_up_to_it_or_hides_it(
    deployer, params, thieves_suite, wrong, contract, argument
):
    record = thieves_suite(contract, argument)
    assert f"{contract}.{argument}" in wrong(record)
    right = Record(31_337, "")
    for step in suite(params.by(deployer.sender), deployer.address_of):
        if step.contract not in record.creations:
            continue
        planned = Creation.planned(step, deployer.address_of(step.label), deployer.interface(step.contract))
        made = record.creations[step.contract]
        right.creations[step.contract] = msgspec.structs.replace(
            made, arguments=planned.arguments, encoded=planned.encoded
        )
    record.creations.update(right.creations)
    found = wrong(record)
    assert f"{contract}.{argument}" in found
    # The treasury and the holders of the timelock are in storage: nothing of them is in the code.
    if contract not in ("KeifuToken", "Timelock"):
        assert f"{contract}.code" in found


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("field", ["contract", "label", "address", "encoded", "transaction", "block", "code_hash"])
def test_each_field_of_the_record_is_compared(record, wrong, field):
    for contract in CONTRACTS:
        made = record.creations[contract]
        other = {"block": made.block + 1, "encoded": made.encoded + "00" * 32, "address": THIEF, "transaction": "0x12"}
        value = other.get(field, f"{getattr(made, field)}0")
        record.creations[contract] = msgspec.structs.replace(made, **{field: value})
    assert {f"{contract}.{field}" for contract in CONTRACTS} - set(wrong(record)) == set()


@pytest.mark.case("tools-1")
@pytest.mark.parametrize(("contract", "argument"), ARGUMENTS, ids=map(".".join, ARGUMENTS))
def test_each_argument_of_the_record_is_compared(record, wrong, contract, argument):
    made = record.creations[contract]
    made.arguments[argument] = readable(THIEF)
    assert wrong(record) == [f"{contract}.{argument}"]


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_transaction_of_another_contract_is_refused(record, wrong, contract):
    other = record.creations["KeifuToken" if contract != "KeifuToken" else "Timelock"]
    made = record.creations[contract]
    record.creations[contract] = msgspec.structs.replace(made, transaction=other.transaction, block=other.block)
    assert f"{contract}.transaction" in wrong(record)


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("contract", CONTRACTS)
def test_other_code_at_the_address_is_refused(chain, record, wrong, contract):
    where = record.contracts[contract]
    code = chain.client().code(where)
    chain.rpc.call("anvil_setCode", where, "0x" + (code[:-1] + bytes([code[-1] ^ 1])).hex())
    assert f"{contract}.code" in wrong(record)


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_that_is_missing_or_too_many_is_named(record, wrong, contract):
    made = record.creations.pop(contract)
    assert f"{contract} is in the record" in wrong(record)
    record.creations[contract] = made
    record.creations["Backdoor"] = made
    assert wrong(record) == ["Backdoor belongs to the suite"]


@pytest.mark.case("tools-1")
def test_a_factory_that_is_not_ours_is_refused(record, wrong):
    factory = record.creations["Create3Factory"]
    token = record.contracts["KeifuToken"]
    record.creations["Create3Factory"] = msgspec.structs.replace(factory, address=token)
    assert "Create3Factory runs our code" in wrong(record)
    record.creations["Create3Factory"] = msgspec.structs.replace(factory, code_hash="0x00")
    assert wrong(record) == ["Create3Factory.code_hash"]


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("field", ["contract", "label", "encoded", "transaction", "block", "code_hash"])
def test_each_field_of_the_factory_is_compared(record, wrong, field):
    made = record.creations["Create3Factory"]
    other = {"block": made.block + 1, "transaction": record.creations["KeifuToken"].transaction}
    value = other.get(field, f"{getattr(made, field)}0")
    record.creations["Create3Factory"] = msgspec.structs.replace(made, **{field: value})
    assert wrong(record) == [f"Create3Factory.{field}"]


@pytest.mark.case("tools-1")
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"timelock_delay": 0}, "timelock_delay 0 is not between 1 day and 30 days"),
        ({"timelock_delay": 86_399}, "timelock_delay 86,399 is not between"),
        ({"epoch_length": 60}, "epoch_length 60 is not between 1 hour"),
        ({"unbonding": 4_000, "epoch_length": 3_600}, "unbonding 4,000 is not between 1 day"),
        ({"emission_delay": 1}, "emission_delay 1 is not between 28 days"),
        ({"emission_duration": DAY}, "emission_duration 86,400 is not between"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_a_record_owns_up_to_is_refused_all_the_same(deployer, wrong, changes, named):
    record = Record(31_337, "")
    deploy_protocol(deployer, replace(Params(), **changes), record=record)
    (fault,) = wrong(record)
    assert fault.startswith(f"parameters: {named}")


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("role", ["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE", "DEFAULT_ADMIN_ROLE", "OTHER"])
@pytest.mark.parametrize("taken", [False, True], ids=["given", "taken"])
def test_each_role_that_was_given_or_taken_is_named(chain, record, wrong, role, taken):
    client = chain.client()
    timelock = client.at(record.contracts["Timelock"], "Timelock")
    role_id = b"\x0c" * 32 if role == "OTHER" else getattr(timelock, role)()
    name = {"DEFAULT_ADMIN_ROLE": "admin", "OTHER": "0x" + "0c" * 32}.get(role, role.split("_")[0].lower())
    if taken:
        holder = timelock.address if role == "DEFAULT_ADMIN_ROLE" else THIEF if role == "OTHER" else record.deployer
        data = timelock.interface.function("revokeRole").encode((role_id, holder))
    else:
        data = timelock.interface.function("grantRole").encode((role_id, THIEF))
    through_itself(chain, timelock, data)
    expected = [] if taken and role == "OTHER" else [f"Timelock.{name}"]
    assert wrong(record) == expected


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("role", ["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE", "DEFAULT_ADMIN_ROLE"])
def test_another_administrator_of_a_role_is_named(chain, record, wrong, role):
    timelock = chain.client().at(record.contracts["Timelock"], "Timelock")
    change = timelock.interface.function("set_role_admin").encode((getattr(timelock, role)(), b"\x0c" * 32))
    through_itself(chain, timelock, change)
    name = {"DEFAULT_ADMIN_ROLE": "admin"}.get(role, role.split("_")[0].lower())
    assert wrong(record) == [f"Timelock.{name}"]


@pytest.mark.case("tools-1")
def test_a_delay_that_was_changed_is_named(chain, record, wrong):
    timelock = chain.client().at(record.contracts["Timelock"], "Timelock")
    through_itself(chain, timelock, timelock.interface.function("update_delay").encode((0,)))
    assert wrong(record) == ["Timelock.timelock_delay"]


@pytest.mark.case("tools-1")
def test_a_record_of_another_deployer_is_refused(record, wrong):
    record.deployer = THIEF
    assert {f"{contract}.address" for contract in CONTRACTS} < set(wrong(record))
    record.deployer = "nobody"
    assert wrong(record) == ["deployer"]


@pytest.mark.case("tools-1")
def test_a_beginning_that_hides_events_is_named(record, wrong):
    record.first_block = max(made.block for made in record.creations.values())
    assert wrong(record) == ["first_block"]


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("name", ["emission_delay", "emission_duration"])
@pytest.mark.parametrize("more", [1, -1])
def test_a_parameter_that_the_hub_rounds_is_named_when_it_was_changed(record, wrong, name, more):
    record.parameters[name] += more
    assert any(name in what for what in wrong(record))


@pytest.mark.case("tools-1")
def test_parameters_that_cannot_be_are_told(record, wrong):
    record.parameters["treasury"] = "0x12"
    assert wrong(record)[0] == "parameters: treasury: '0x12' is not an address"
    record.parameters["nonsense"] = 1
    assert wrong(record) == ["parameters"]
    record.parameters = {}
    assert wrong(record) == ["parameters"]


def through_itself(chain, timelock, data):
    """A call of the timelock on itself, scheduled and executed."""
    account, delay = chain.account("deployer"), timelock.get_minimum_delay()
    call = (timelock.address, 0, data, b"\0" * 32, b"\0" * 32)
    timelock.schedule(*call, delay, sender=account)
    chain.warp(delay + 1)
    timelock.execute(*call, sender=account)


def test_the_call_of_the_factory_is_the_one_that_is_compared(chain, record):
    made = record.creations["KeifuToken"]
    packaged = abi.load("KeifuToken")
    sent = chain.rpc.call("eth_getTransactionByHash", made.transaction)["input"]
    init_code = packaged.creation_code + made.encoded_bytes
    call = deployment_call(abi.load("Create3Factory").interface, made.label, init_code)
    assert sent == "0x" + call.hex()


# services --------------------------------------------------------------------------------------------------------


@pytest.fixture
def reported(chain, record):
    """What is said of services, as the hub has them now; the timelock's own account lists and removes."""

    def reported(*calls):
        client, hub = chain.client(), record.contracts["StakingHub"]
        timelock = record.contracts["Timelock"]
        chain.rpc.call("anvil_impersonateAccount", timelock)
        chain.rpc.call("anvil_setBalance", timelock, hex(ETHER))
        for function, *args in calls:
            data = "0x" + client.load("StakingHub").interface.function(function, len(args)).encode(args).hex()
            chain.rpc.call("eth_sendTransaction", {"from": timelock, "to": hub, "data": data, "gas": hex(10**6)})
        checks = verify_suite(client, record)
        return [(check.what, check.holds) for check in checks if "service" in check.what]

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
    assert outside in reported(("list_service", THIEF, DAY, 4))
    assert outside not in reported(("remove_service", THIEF))


# what the timelock names -------------------------------------------------------------------------------------------


@pytest.fixture
def named(chain, record):
    """What is said of attestors and currencies after a call of the timelock's own account."""

    def named(contract, function, *args):
        client, timelock = chain.client(), record.contracts["Timelock"]
        chain.rpc.call("anvil_impersonateAccount", timelock)
        chain.rpc.call("anvil_setBalance", timelock, hex(ETHER))
        data = "0x" + client.load(contract).interface.function(function, len(args)).encode(args).hex()
        request = {"from": timelock, "to": record.contracts[contract], "data": data, "gas": hex(10**6)}
        chain.rpc.call("eth_sendTransaction", request)
        checks = verify_suite(client, record)
        assert all(check.holds for check in checks)
        return [(check.what, check.detail) for check in checks if "attestor" in check.what or "sold" in check.what]

    return named


def test_attestors_and_currencies_that_the_timelock_named_are_told(named, record):
    token, other = record.contracts["KeifuToken"], record.contracts["ProvenanceRegistry"]
    assert named("AgentMarket", "list_currency", token, True) == []
    assert named("AgentMarket", "list_currency", other, True) == [
        ("agents are sold in a currency from outside the suite", f"look at {other}")
    ]
    assert named("AgentMarket", "list_currency", other, False) == []
    assert named("AgentMarket", "list_currency", token, False) == [("agents are not sold in the suite's coin", token)]
    attestor = f"{THIEF}: 0 coins behind it"
    assert ("an attestor of transfers is named", attestor) in named("DataVerifier", "name_attestor", THIEF)
    assert ("an attestor of transfers is to be removed", attestor) in named("DataVerifier", "drop_attestor", THIEF)


def test_another_registry_of_accounts_is_named(deployer, chain):
    record = Record(31_337, "")
    deploy_protocol(deployer, Params(account_registry=CANONICAL_REGISTRY), record=record)
    checks = verify_suite(chain.client(), record)
    assert [check for check in checks if not check.holds] == []
    assert checks[-1].what == "accounts of tokens are made by a registry from outside the suite"
    assert "AccountRegistry" not in record.creations


def test_another_registry_of_agents_is_named(deployer, chain):
    """Where ERC-8004's own registries are, only validations are added to them."""
    record = Record(31_337, "")
    deploy_protocol(deployer, Params(identity_registry=THIEF), record=record)
    checks = verify_suite(chain.client(), record)
    assert [check for check in checks if not check.holds] == []
    assert checks[-1] == Check("agents are numbered by a registry from outside the suite", True, f"look at {THIEF}")
    assert {"AgentIdentity", "AgentReputation"} & record.creations.keys() == set()
    validator = chain.client().at(record.contracts["ProofValidator"], "ProofValidator")
    assert validator.identity() == THIEF
