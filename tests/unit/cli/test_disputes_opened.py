"""`keifu dispute open` with several wrong replies: a script learns by the exit status when none of them went on."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from keifu.cli import dispute_play
from keifu.compute.market import services
from keifu.errors import CheckFailed, Revert
from keifu.units import COIN

SESSION = SimpleNamespace(deployer=None, sender="0x" + "0c" * 20)


@pytest.fixture
def opened(monkeypatch, capsys):
    """Opens two disputes, of which those named are refused; what is printed, and the fault."""

    def opened(*refused):
        def one(_session, _reading, judged, _say, *, once):
            if judged.words in refused:
                raise Revert("disputes: a dispute is open")
            return {"state": "convicted"}

        wrong = [
            SimpleNamespace(
                words=name, reply=SimpleNamespace(signed=SimpleNamespace(receipt=SimpleNamespace(struct_hash=b"\x07")))
            )
            for name in ("first", "second")
        ]
        monkeypatch.setattr(dispute_play, "_one", one)
        monkeypatch.setattr(dispute_play, "_replies", lambda *_: nullcontext([]))
        monkeypatch.setattr(dispute_play, "_wrong", lambda *_: wrong)
        for name in ("judge_of", "reading_of", "suite_of"):
            monkeypatch.setattr(dispute_play, name, lambda *_: None)
        monkeypatch.setattr(services, "withdraw", lambda *_: COIN)
        fault = ""
        try:
            dispute_play.open_.body(SESSION, receipts=(), integers=None, once=False, folder=None, json_out=False)
        except CheckFailed as error:
            fault = error.message
        return capsys.readouterr().out, fault

    return opened


def test_disputes_of_which_none_goes_on_end_in_a_fault_after_the_payment(opened):
    printed, fault = opened("first", "second")
    assert printed.count("disputes: a dispute is open") == 2
    assert printed.endswith(f"1 coins were paid to {SESSION.sender}\n")
    assert fault == "none of 2 disputes goes on"


@pytest.mark.parametrize("refused", [(), ("first",), ("second",)])
def test_one_that_goes_on_is_enough(opened, refused):
    printed, fault = opened(*refused)
    assert (printed.count("a dispute is open"), fault) == (len(refused), "")
