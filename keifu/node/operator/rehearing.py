"""The re-hearing of an operator's own case: called by its node, in the two days after a first jury has convicted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from keifu.chain.sender import Intent, Sender, State
from keifu.chain.suite import COURT, TOKEN
from keifu.node.attempts import Attempts
from keifu.node.final import Final
from keifu.node.open_cases import Case, OpenCases
from keifu.node.work import Body
from keifu.staking.court import rehearing_bond
from keifu.units import coins, day

__all__ = ["Rehearing"]


class Rehearing:
    """Looks at every case against one operator. Whoever calls a re-hearing brings its bond: the node's own account,
    which gets it back when the verdict changes."""

    def __init__(self, body: Body, operator: Callable[[], str], *, calls: bool) -> None:
        self._body, self._operator, self._calls = body, operator, calls
        suite, client = body.chain.suite, body.chain.client
        self._court, self._token = suite.at(client, COURT), suite.at(client, TOKEN)
        self._open_cases = OpenCases(body.chain, body.database)
        self._held = ExitStack()
        self._sender: Sender | None = None
        self._cases: list[Case] = []
        self.trouble = ""
        if body.folder.sender_file.exists():  # what was begun goes on
            self._open()

    def look(self, final: Final) -> None:
        """Do what is due as of a final block. Raises RpcError."""
        self.trouble, mine = "", []
        for case in self._open_cases.look(final):
            if case.is_over or case.operator != self._operator().lower():
                self._open_cases.drop(case.number)
            else:
                mine.append(case)
                self._act(case)
        self._cases = mine

    def go_on(self) -> bool:
        """One step of what is being sent; whether anything is, or was until now."""
        if self._sender is None:
            return False
        step = self._sender.step()
        return step.open > 0 or not step.is_idle

    def facts(self) -> list[int]:
        """Numbers of the cases against the operator."""
        return [case.number for case in self._cases]

    def close(self) -> None:
        self._held.close()

    def _act(self, case: Case) -> None:
        alerts = self._body.alerts
        alerts.tell(
            f"accused {case.number} {case.hearing}", f"case {case.number} is heard against {case.operator}",
            case=case.number, amount=str(case.amount),
        )  # fmt: skip
        if not case.can_be_called:
            return
        bond, until = rehearing_bond(case.amount, case.unit), day(case.ends)
        lost = f"case {case.number} was lost before the first jury; the re-hearing can be called until {until}"
        alerts.tell(f"lost {case.number}", lost, case=case.number, bond=str(bond), until=case.ends)
        if not self._calls:
            self.trouble = f"{lost}: keifu court rehear {case.number}"
            return
        attempts = self._open()
        if self._is_done(attempts, f"approve {case.number}") or attempts.is_under_way(f"rehear {case.number}"):
            attempts.send(f"rehear {case.number}", self._court.address, self._court.rehear.encode(case.number))
            return
        account = self._body.account.address
        if (balance := self._token.balanceOf(account)) < bond:
            self.trouble = f"{lost}: the node has {coins(balance)} coins, the bond is {coins(bond)}: pay {account}"
            return
        self._body.log.warning("the re-hearing is called", case=case.number, bond=coins(bond))
        attempts.send(
            f"approve {case.number}", self._token.address, self._token.approve.encode(self._court.address, bond)
        )

    @staticmethod
    def _is_done(attempts: Attempts, what: str) -> bool:
        last: Intent | None = attempts.last(what)
        return last is not None and last.state in (State.MINED, State.DONE)

    def _open(self) -> Attempts:
        """The sender is made when it is first needed: an operator's node sends nothing else."""
        if self._sender is None:
            self._sender = self._body.sender(self._court.address)
            self._held.callback(self._sender.close)
        return Attempts(self._sender)
