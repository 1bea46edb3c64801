"""Prices and results that cannot be used: each is refused with what is wrong and what to do."""

from __future__ import annotations

import json
import subprocess

import pytest
from click.testing import CliRunner

from keifu.cli.cost import cli
from keifu.cost.commits import require_commits
from keifu.cost.inputs import own_prices, read_prices, read_results
from keifu.errors import CheckFailed, InputError

GOOD = own_prices().decode()
HEAD = "[prices.gas]\nvalue = 3.0\n"


def priced(tmp_path, text):
    (tmp_path / "prices.toml").write_text(text)
    with pytest.raises(InputError) as refused:
        read_prices(tmp_path / "prices.toml")
    assert refused.value.remedy
    return refused.value.message


def test_our_own_prices_are_taken_from_a_file(tmp_path):
    (tmp_path / "prices.toml").write_text(GOOD)
    assert read_prices(tmp_path / "prices.toml") == read_prices()


@pytest.mark.parametrize("value", ["0", "0.0", "-3", "nan", "inf", "true", '"3"'])
def test_a_price_that_is_no_number_above_zero(tmp_path, value):
    assert "price gas is" in priced(tmp_path, GOOD.replace(HEAD, f"[prices.gas]\nvalue = {value}\n"))


def test_an_assumption_of_zero(tmp_path):
    assert "assumption shards is 0" in priced(tmp_path, GOOD.replace("value = 14\n", "value = 0\n"))


def test_a_price_that_is_missing(tmp_path):
    begin = GOOD.index("[prices.token]")
    text = GOOD[:begin] + GOOD[GOOD.index("[prices.machine_hour]") :]
    assert priced(tmp_path, text).endswith("has no price token")


def test_a_price_without_its_value(tmp_path):
    assert priced(tmp_path, GOOD.replace(HEAD, "[prices.gas]\n")).endswith("price gas lacks value")


def test_a_price_without_a_day(tmp_path):
    assert "price gas is of no day" in priced(tmp_path, GOOD.replace("as_of = 2026-11-27", 'as_of = "2026-11-27"'))


def test_a_price_without_a_source(tmp_path):
    text = GOOD.replace('source = "AWS Lambda, duration"', 'source = " "')
    assert priced(tmp_path, text).endswith("price function_gb_second says no source")


def test_a_name_that_nothing_uses(tmp_path):
    text = GOOD.replace("[assumptions.node_tb]", "[assumptions.node_gb]")
    assert "node_" in priced(tmp_path, text)


@pytest.mark.parametrize("text", ["[prices", "prices = 3", "[rates.gas]\nvalue = 1"])
def test_a_file_of_another_form(tmp_path, text):
    assert "prices.toml" in priced(tmp_path, text)


def test_prices_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_prices(tmp_path / "none.toml")


RESULT = {"commit": "abc", "results": [{"id": "gas.deposit", "ours": 5, "peer": None, "unit": "gas"}]}


def resulted(tmp_path, document):
    file = tmp_path / "results.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


@pytest.mark.parametrize(
    "document", ["", "[]", "{}", {"commit": "abc", "results": [{"id": "x"}]}, {**RESULT, "commit": ""}]
)
def test_results_of_another_form(tmp_path, document):
    with pytest.raises(InputError, match=r"results\.json") as refused:
        read_results(resulted(tmp_path, document))
    assert "--results" in refused.value.remedy


def test_results_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match="there is no"):
        read_results(tmp_path / "results.json")


# commits ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path):
    """A checkout with two commits, whose result is of the first one."""

    def git(*arguments):
        who = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
        done = subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "a.vy").write_text("one")
    git("add", "-A")
    git("commit", "-qm", "one")
    first = git("rev-parse", "--short=12", "HEAD")
    file = resulted(tmp_path, {**RESULT, "commit": first})
    git("add", "-A")
    git("commit", "-qm", "two")
    return tmp_path, file, first, git


def test_a_result_of_an_earlier_commit_says_so(repository):
    _, file, first, _ = repository
    assert require_commits([first], file, "") == f"measured at commit {first}, at most 1 commits before this one"


def test_contracts_that_changed_since_are_named(repository):
    folder, file, first, git = repository
    (folder / "contracts" / "a.vy").write_text("two")
    git("commit", "-qam", "three")
    assert "contracts have changed since" in require_commits([first], file, "")


@pytest.mark.parametrize("commit", ["0123456789ab", "not a commit", "--output=made"])
def test_a_result_of_a_commit_that_did_not_lead_here(repository, commit):
    folder, file, _, _ = repository
    with pytest.raises(CheckFailed, match="did not lead to this checkout") as refused:
        require_commits([commit], file, "")
    assert "python -m benchmarks" in refused.value.remedy
    assert not list(folder.glob("made*"))


def test_each_row_has_a_commit_of_its_own(tmp_path):
    other = {**RESULT["results"][0], "id": "gas.register", "commit": "def"}
    found = read_results(resulted(tmp_path, {**RESULT, "results": [*RESULT["results"], other]}))
    assert found.commits == {"gas.deposit": "abc", "gas.register": "def"}
    assert {item.source for item in found.inputs()} == {"measured at abc", "measured at def"}


def test_one_row_of_another_commit_is_enough(repository):
    _, file, first, _ = repository
    with pytest.raises(CheckFailed, match="0123456789ab, which did not lead"):
        require_commits([first, "0123456789ab"], file, "")


def test_a_result_of_another_branch(repository):
    folder, file, _, git = repository
    git("checkout", "-qb", "other", "HEAD~1")
    (folder / "b").write_text("b")
    git("add", "b")
    git("commit", "-qm", "other")
    other = git("rev-parse", "HEAD")
    git("checkout", "-q", "-")
    with pytest.raises(CheckFailed, match="did not lead"):
        require_commits([other], file, "")


def test_a_result_of_another_commit_than_the_one_asked_for(repository):
    _, file, first, _ = repository
    with pytest.raises(CheckFailed, match=f"of commit {first}, not of 0123"):
        require_commits([first], file, "0123")
    assert require_commits([first], file, first[:6]).endswith("as asked for")


def test_a_result_of_a_tree_that_was_no_commit(repository):
    _, file, first, _ = repository
    assert "in a tree with changes to it" in require_commits([f"{first}+changes"], file, "")
    with pytest.raises(CheckFailed, match="differed from its commit"):
        require_commits([f"{first}+changes"], file, first)


def test_a_result_outside_a_checkout_says_that_it_was_not_compared(tmp_path):
    assert "not compared" in require_commits(["abc"], resulted(tmp_path, RESULT), "")


def test_nothing_is_written_when_an_input_is_wrong(tmp_path):
    (tmp_path / "prices.toml").write_text(GOOD.replace(HEAD, "[prices.gas]\nvalue = 0\n"))
    page = tmp_path / "cost.html"
    done = CliRunner().invoke(
        cli,
        ["--prices", str(tmp_path / "prices.toml"), "--page", str(page), "--results", str(resulted(tmp_path, RESULT))],
    )
    assert isinstance(done.exception, InputError)
    assert not page.exists()
