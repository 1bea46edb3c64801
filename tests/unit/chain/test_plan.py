"""What a deployment is asked to be: from options and a file, against a record, shown before anything is sent."""

from __future__ import annotations

import pytest

from keifu.chain.deployments import Record
from keifu.chain.parameters import Distribution, Params
from keifu.chain.plan import Plan
from keifu.errors import InputError, KeifuError, UsageError
from keifu.keys import checksum
from keifu.spec.vesting import SWEEP_DELAY
from keifu.units import DAY, HOUR

NOW = 1_767_225_600
LOCAL, PUBLIC = 31_337, 16_602
DEPLOYER, TREASURY, COUNCIL, ANYONE = ("0x" + f"{number:02x}" * 20 for number in (10, 11, 12, 0))
NAMED = {"treasury": TREASURY, "proposers": (COUNCIL,), "executors": (ANYONE,), "daily_blocks": 7_200}


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "plan.toml"
        path.write_text(text)
        return path

    return write


@pytest.mark.case("tools-7")
def test_everything_is_choosable_in_a_file(toml):
    plan = Plan.read(
        toml(
            f'treasury = "{TREASURY}"\nproposers = ["{COUNCIL}", "{TREASURY}"]\nexecutors = ["{ANYONE}"]\n'
            f'insurance = "{COUNCIL}"\nrandomness = "{COUNCIL}"\ntimelock_delay = "3 days"\nunbonding = 1728000\n'
            'epoch_length = "12h"\nemission_duration = "2 years"\nseed_stride = 400\n'
            'emission_delay = "6 weeks"\ndaily_blocks = 7200\nlabel = "second"\n'
            'heartbeat_restitution = 2000\nheartbeat_window = "20 days"\nsigners_needed = 2\n'
            'compute_reward = 200\ncompute_window = "9 days"\nanswer_window = "2 days"\ndemand_bond = 6\n'
            'dispute_turn = "1 hour"\ndispute_bond = 21\n'
            'storage_epoch = "1 hour"\nstorage_window = "15 minutes"\nstorage_buffer = 20\n'
            "storage_tip = 0\nstorage_fee = 2\n"
            f'agents_uri = "https://example.org/agents/"\naccount_registry = "{COUNCIL}"\n'
            f'identity_registry = "{TREASURY}"\n'
        )
    )
    assert plan.params == Params(
        label="second",
        treasury=TREASURY,
        proposers=(COUNCIL, TREASURY),
        executors=(ANYONE,),
        timelock_delay=3 * DAY,
        insurance=COUNCIL,
        unbonding=20 * DAY,
        epoch_length=DAY // 2,
        emission_delay=42 * DAY,
        emission_duration=730 * DAY,
        seed_stride=400,
        randomness=COUNCIL,
        daily_blocks=7_200,
        heartbeat_restitution=2_000,
        heartbeat_window=20 * DAY,
        signers_needed=2,
        compute_reward=200,
        compute_window=9 * DAY,
        answer_window=2 * DAY,
        demand_bond=6,
        dispute_turn=HOUR,
        dispute_bond=21,
        storage_epoch=HOUR,
        storage_window=HOUR // 4,
        storage_buffer=20,
        storage_tip=0,
        storage_fee=2,
        agents_uri="https://example.org/agents/",
        account_registry=COUNCIL,
        identity_registry=TREASURY,
    )


@pytest.mark.case("tools-7")
def test_options_count_more_than_the_file_and_what_is_not_given_counts_nothing(toml):
    path = toml(f'treasury = "{TREASURY}"\ntimelock_delay = "3 days"\n')
    plan = Plan.read(path, timelock_delay="4 days", insurance=None, proposers=(), executors=(COUNCIL,))
    assert (plan.params.treasury, plan.params.timelock_delay, plan.params.executors) == (TREASURY, 4 * DAY, (COUNCIL,))
    assert plan.chosen == {"treasury", "timelock_delay", "executors"}


@pytest.mark.case("tools-7")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tresury = 1", "plan.toml: there is no parameter tresury"),
        ("distribution = 1", "plan.toml: there is no parameter distribution"),
        ('treasury = "0x12"', "plan.toml: treasury: '0x12' is not an address"),
        ("treasury = 12", "plan.toml: treasury: 12 is not an address"),
        (f'treasury = "{checksum("0x" + "ab" * 20).swapcase().replace("0X", "0x")}"', "treasury: .* wrong checksum"),
        (f'proposers = "{COUNCIL}"', "plan.toml: proposers: give a list"),
        ("proposers = []", "plan.toml: proposers: give a list"),
        ('executors = ["0x"]', "plan.toml: executors: '0x' is not an address"),
        ('timelock_delay = "2 moons"', "plan.toml: timelock_delay: '2 moons' is not a duration"),
        ("timelock_delay = 2.5", "plan.toml: timelock_delay: 2.5 is not a whole number"),
        ("timelock_delay = true", "plan.toml: timelock_delay: True is not a whole number"),
        ('daily_blocks = "7,200"', "plan.toml: daily_blocks: '7,200' is not a whole number"),
        ('case_bond = "1"', "plan.toml: there is no parameter case_bond"),
        ('seed_stride = "many"', "plan.toml: seed_stride: 'many' is not a whole number"),
        ('label = "A b"', "plan.toml: label: 'A b' is not a label"),
        ('agents_uri = "agents/"', "plan.toml: agents_uri: 'agents/' is not the beginning of an address"),
        ('account_registry = "0x12"', "plan.toml: account_registry: '0x12' is not an address"),
        ('identity_registry = "0x12"', "plan.toml: identity_registry: '0x12' is not an address"),
        ('signers_needed = "three"', "plan.toml: signers_needed: 'three' is not a whole number"),
        ("= 1", "plan.toml is no TOML file"),
    ],
)
def test_a_field_that_cannot_be_is_named(toml, text, message):
    with pytest.raises(InputError, match=message):
        Plan.read(toml(text))


@pytest.mark.case("tools-7")
def test_a_missing_file_and_a_wrong_option_are_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none\.toml"):
        Plan.read(tmp_path / "none.toml")
    with pytest.raises(InputError, match=r"^treasury: 'me' is not an address"):
        Plan.read(treasury="me")


@pytest.mark.case("tools-7")
def test_on_a_local_chain_defaults_stand_for_the_deploying_account():
    plan = Plan.read().resolve(Record(LOCAL, ""), DEPLOYER, NOW)
    assert (plan.params.treasury, plan.params.proposers, plan.params.executors) == (DEPLOYER, (DEPLOYER,), (DEPLOYER,))


@pytest.mark.case("tools-7")
@pytest.mark.parametrize("left_out", NAMED)
def test_on_any_other_chain_whoever_is_left_out_is_asked_for(left_out):
    given = {name: value for name, value in NAMED.items() if name != left_out}
    with pytest.raises(UsageError, match=f"chain {PUBLIC} is not a local one: {left_out} must be named"):
        Plan.read(**given).resolve(Record(PUBLIC, ""), DEPLOYER, NOW)


@pytest.mark.case("tools-7")
def test_on_any_other_chain_a_short_delay_is_refused():
    with pytest.raises(UsageError, match="timelock_delay 3,600 is not between 1 day and 30 days"):
        Plan.read(**NAMED, timelock_delay="1h").resolve(Record(PUBLIC, ""), DEPLOYER, NOW)
    plan = Plan.read(**NAMED).resolve(Record(PUBLIC, ""), DEPLOYER, NOW)
    assert plan.params.timelock_delay == 2 * DAY


@pytest.mark.case("tools-7")
def test_the_deploying_account_may_be_named():
    everybody = {**NAMED, "treasury": DEPLOYER, "proposers": (DEPLOYER,), "executors": (DEPLOYER,)}
    plan = Plan.read(**everybody).resolve(Record(PUBLIC, ""), DEPLOYER, NOW)
    assert ("treasury", f"{checksum(DEPLOYER)} (the deployer)", "chosen") in plan.describe()


@pytest.fixture
def record():
    """A suite that was begun with these."""
    params = Plan.read(**NAMED, timelock_delay="3 days").resolve(Record(PUBLIC, ""), DEPLOYER, NOW).params
    return Record(PUBLIC, "", deployer=DEPLOYER, parameters=params.data())


@pytest.mark.case("tools-3")
def test_what_is_not_chosen_is_as_recorded(record):
    plan = Plan.read(treasury=TREASURY).resolve(record, DEPLOYER, NOW)
    assert plan.params == record.params
    assert {row[0]: row[2] for row in plan.describe()}["timelock_delay"] == "as recorded"
    assert {row[0]: row[2] for row in plan.describe()}["treasury"] == "chosen"


@pytest.mark.case("tools-3")
@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("treasury", COUNCIL, f"treasury {TREASURY}, not {COUNCIL}"),
        ("proposers", (TREASURY,), f"proposers {COUNCIL}, not {TREASURY}"),
        ("timelock_delay", "4 days", "timelock_delay 259200, not 345600"),
        ("insurance", COUNCIL, f"insurance none, not {COUNCIL}"),
        ("label", "second", "label none, not second"),
    ],
)
def test_another_choice_than_recorded_is_refused(record, option, value, said):
    with pytest.raises(UsageError, match=f"already has a suite with {said}"):
        Plan.read(**{option: value}).resolve(record, DEPLOYER, NOW)


@pytest.mark.case("tools-7")
def test_everything_is_shown_before_it_is_sent():
    terms = Distribution(b"\7" * 32, 10**21, NOW, DAY, 10, NOW + 10 * DAY + SWEEP_DELAY)
    plan = Plan.read(**NAMED, insurance=COUNCIL).paying(terms).resolve(Record(PUBLIC, ""), DEPLOYER, NOW)
    rows = {name: (value, source) for name, value, source in plan.describe()}
    assert rows["deployer"] == (checksum(DEPLOYER), "the sending account")
    assert rows["treasury"] == (checksum(TREASURY), "chosen")
    assert rows["proposers"] == (checksum(COUNCIL), "chosen")
    assert rows["executors"] == ("anyone", "chosen")
    assert rows["timelock_delay"] == ("2 days", "default")
    assert rows["insurance"] == (checksum(COUNCIL), "chosen")
    assert rows["daily_blocks"] == ("7,200 blocks", "chosen")
    assert rows["emission_delay"] == ("35 days", "default")
    assert rows["event"][0] == f"2026-01-01 00:00 UTC ({NOW})"
    assert rows["steps"][0] == "10 of 1 day"
    assert rows["heartbeat_restitution"] == ("1,000 coins", "default")
    assert rows["account_registry"] == ("an AccountRegistry of the suite", "default")
    assert rows["identity_registry"] == ("an AgentIdentity of the suite", "default")
    shown = set(rows)
    assert {name for name in Params().data() if name not in ("label", "agents_uri")} - shown == set()


@pytest.mark.case("tools-4")
def test_a_start_in_milliseconds_is_refused_before_anything_is_sent():
    terms = Distribution(b"\7" * 32, 10**21, NOW * 1_000, DAY, 10, NOW * 1_000 + 10 * DAY + SWEEP_DELAY)
    with pytest.raises(KeifuError, match="looks like milliseconds; did you mean 1767225600"):
        Plan.read().paying(terms).resolve(Record(LOCAL, ""), DEPLOYER, NOW)
