"""Where each value comes from, and what is refused: in one line that names the source and the remedy."""

from __future__ import annotations

import pytest

from keifu.errors import EnvironmentFault, UsageError
from keifu.node.sections import split_address
from keifu.node.settings import FILE, OperatorSettings, load_settings
from keifu.node.setup import toml_of
from tests.unit.node.conftest import tables


def load(folder, *flags, **environment):
    return load_settings(OperatorSettings, folder, flags, environment)


def source(chosen, name):
    return next(item.source for item in chosen if item.name == name)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(folder):
    variable = {"KEIFU_NODE_HTTP__LISTEN": "127.0.0.1:2", "KEIFU_NODE_OPERATOR__RECHECK": "2 hours"}
    settings, chosen = load(folder, "http.listen=127.0.0.1:1", **variable)
    assert (settings.http.listen, settings.operator.recheck) == ("127.0.0.1:1", 7_200)
    assert source(chosen, "http.listen") == "flag"
    assert source(chosen, "operator.recheck") == "KEIFU_NODE_OPERATOR__RECHECK"
    assert source(chosen, "chain.rpc") == str(folder / FILE)
    assert source(chosen, "drain") == "default"


def test_a_list_in_the_environment_is_json(folder):
    settings, _ = load(folder, KEIFU_NODE_OPERATOR__ARTEFACTS='["a", "b"]')
    assert settings.operator.artefacts == ["a", "b"]


def test_a_file_that_was_cut_off_anywhere_is_refused(folder):
    whole = (folder / FILE).read_text()
    ends = {place for place, sign in enumerate(whole) if sign == "\n"}
    for length in sorted({*range(0, len(whole) - 1, 11), *ends} - {len(whole) - 1}):
        (folder / FILE).write_text(whole[:length])
        with pytest.raises(EnvironmentFault, match=r"not whole TOML|is missing|operator\.|kind|http|key|chain"):
            load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"http": {"listen": "9650"}}, "http.listen: '9650' is no address to listen on: 127.0.0.1:9650"),
        ({"http": {"lisen": "127.0.0.1:1", "listen": "127.0.0.1:1"}}, "http.lisen is nothing that a node has"),
        ({"operator": {"environment": "xy", "artefacts": [], "listen": "h:1"}}, "id has 64 hex digits"),
        ({"chain": {"rpc": "http://x", "id": "many", "genesis": ""}}, "chain.id: Input should be a valid integer"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(folder, change, message):
    (folder / FILE).write_text(toml_of("operator", tables(**change)))
    with pytest.raises(EnvironmentFault) as refused:
        load(folder)
    assert message in refused.value.message
    assert refused.value.message.startswith(str(folder / FILE))
    assert refused.value.remedy


def test_the_nearest_name_is_proposed(folder):
    with pytest.raises(EnvironmentFault) as refused:
        load(folder, KEIFU_NODE_HTTP__LISEN="127.0.0.1:1")
    assert refused.value.remedy == "did you mean http.listen?"


def test_a_variable_that_sets_nothing_is_named(folder):
    with pytest.raises(EnvironmentFault, match="KEIFU_NODE_HTPP__LISTEN sets nothing"):
        load(folder, KEIFU_NODE_HTPP__LISTEN="127.0.0.1:1")


@pytest.mark.parametrize("flag", ["http.listen", "=1", "Http.listen=1"])
def test_a_flag_that_is_no_name_and_value(folder, flag):
    with pytest.raises(UsageError, match="is not NAME=VALUE"):
        load(folder, flag)


def test_a_wrong_flag_is_wrong_use(folder):
    with pytest.raises(UsageError, match=r"flag: drain: "):
        load(folder, "drain=soon")


def test_the_folder_of_another_kind(folder):
    (folder / FILE).write_text(toml_of("watcher", tables()))
    with pytest.raises(EnvironmentFault, match="is of a node of kind 'watcher', not 'operator'"):
        load(folder)


def test_no_folder_at_all(tmp_path):
    with pytest.raises(EnvironmentFault) as refused:
        load(tmp_path / "none")
    assert "keifu node KIND init" in refused.value.remedy


@pytest.mark.parametrize("text", ["", "127.0.0.1", ":1", "h:65536", "h:x", "a b:1"])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="is no address to listen on"):
        split_address(text)


def test_an_address_in_brackets():
    assert split_address("[::1]:80") == ("::1", 80)
