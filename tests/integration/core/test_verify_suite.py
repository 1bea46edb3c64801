"""`verify_suite` finds a fault in each constructor argument of each contract, each role and each field of the record.

Faults are seeded the way a thief would: in the suite that is deployed, with a record that either hides it or owns up.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import msgspec
import pytest

from keifu import abi
from keifu.accounts import CANONICAL_REGISTRY
from keifu.chain import Params, RpcDeployer, deploy_protocol
from keifu.chain import protocol as protocol_module
from keifu.chain.create3 import deployment_call
from keifu.chain.creation import Creation, argument_names, readable
from keifu.chain.deployments import Record
from keifu.chain.parameters import Distribution
from keifu.chain.suite import suite
from keifu.chain.verify import Check, verify_suite
from keifu.units import DAY, HOUR

THIEF = "0x" + "0b" * 20


def sample_steps():
    """The suite with placeholders for addresses: which contracts and arguments there are."""
    distribution = Distribution(root=bytes(32), allocation=1, start=0, step=1, steps=1, sweep_after=1)
    return list(suite(Params(distribution=distribution).by(THIEF), lambda label: "0x" + "0a" * 20))


ARGUMENTS = {step.contract: argument_names(abi.load(step.contract).interface) for step in sample_steps()}
CONTRACTS = list(ARGUMENTS)


@pytest.fixture(scope="module")
def params(distribution):
    return Params(distribution=distribution)


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
    if argument == "verifiers":  # four, and each a contract
        return [*value[:-1], value[0]]
    if isinstance(value, list):
        return [*value, THIEF]
    if argument == "base_uri":
        return "https://example.org/theirs/"
    if isinstance(value, int):
        return value - 1 if argument in ("start", "step", "steps", "signers_needed") else value + 2
    return token or THIEF


@pytest.fixture
def fakes(deployer):
    """Contracts of a thief, by the argument that one of them may stand in for."""
    token = deployer.deploy("KeifuToken", THIEF, label="fake token")
    hub = deployer.deploy("StakingHub", token, THIEF, THIEF, THIEF, 14 * DAY, DAY, 36, 1_461, label="fake hub")
    validation = deployer.deploy("AgentValidation", THIEF, label="fake validation")
    environments = deployer.deploy("Environments", token, label="fake environments")
    heartbeats = deployer.deploy("HeartbeatService", token, hub, environments, 1_000, DAY, label="fake heartbeats")
    seconds, amounts = (DAY, HOUR), (1, 1)
    storage = deployer.deploy("StorageMarket", token, hub, token, THIEF, *seconds, *amounts, label="fake storage")
    deals = deployer.deploy("StorageDeals", storage, THIEF, token, label="fake deals")
    found = dict.fromkeys(("token", "coin", "randomness", "registry", "environments", "channels"), token)
    found |= {"StorageDeals.market": storage, "StorageRepairs.deals": deals, "StorageEndowment.deals": deals}
    found["ReExecution.court"] = storage  # it names a source of seeds, too
    terms = (1, DAY, DAY, 1)
    market = deployer.deploy("ComputeMarket", token, hub, heartbeats, token, *terms, label="fake market")
    found |= {"hub": hub, "validation": validation, "heartbeats": heartbeats, "market": market, "game": token}
    found["witness"] = deployer.deploy("GrantWitness", hub, token, label="fake witness")
    return found


@pytest.fixture
def thieves_suite(deployer, params, fakes, monkeypatch):
    """Deploy up to a contract, with one argument of that one changed; the record that comes of it. What comes before
    the contract may be there, with its record."""

    def deploy(contract, argument=None, before=None):
        def changed(given, address_of):
            for step in suite(given, address_of):
                if step.contract == contract:
                    if argument is not None:
                        values = list(step.arguments)
                        place = ARGUMENTS[contract].index(argument)
                        fake = fakes.get(f"{contract}.{argument}", fakes.get(argument))
                        values[place] = tampered(argument, values[place], fake)
                        yield replace(step, arguments=tuple(values))
                    return  # what comes later is neither needed nor looked at
                yield step

        record = copy.deepcopy(before) if before else Record(31_337, "")
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
@pytest.mark.parametrize("contract", [contract for contract in CONTRACTS if ARGUMENTS[contract]])
def test_a_changed_argument_is_named_whether_the_record_owns_up_to_it_or_hides_it(
    chain, deployer, params, thieves_suite, wrong, contract
):
    before = thieves_suite(contract)
    beginning = chain.snapshot()
    for argument in ARGUMENTS[contract]:
        chain.restore(beginning)
        beginning = chain.snapshot()
        deployer.client.forget_nonces()
        record = thieves_suite(contract, argument, before)
        assert f"{contract}.{argument}" in wrong(record)
        right = [
            Creation.planned(step, deployer.address_of(step.label), deployer.interface(step.contract))
            for step in suite(params.by(deployer.sender), deployer.address_of)
            if step.contract in record.creations
        ]
        for planned in right:
            record.creations[planned.contract] = msgspec.structs.replace(
                record.creations[planned.contract], arguments=planned.arguments, encoded=planned.encoded
            )
        found = wrong(record)
        assert f"{contract}.{argument}" in found
        # The treasury and the holders of the timelock are in storage: nothing of them is in the code.
        if contract not in ("KeifuToken", "Timelock"):
            assert f"{contract}.code" in found, argument


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
@pytest.mark.parametrize("contract", CONTRACTS)
def test_each_argument_of_the_record_is_compared(record, wrong, contract):
    made = record.creations[contract]
    for argument in ARGUMENTS[contract]:
        made.arguments[argument] = readable(THIEF)
    assert wrong(record) == [f"{contract}.{argument}" for argument in ARGUMENTS[contract]]


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
