"""`keifu dispute hand` and `watch`: replies that clients hand to a watcher."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._disputes import dispute_of, integers_option, judge_of, outcome_words, reading_of, suite_of
from keifu.cli._market import bytes_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, BYTES32, DURATION, IN_FOLDER, OUT_PATH
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, InputError, Revert, UsageError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession, Session
    from keifu.compute.client.disputing import Dispute, Judge
    from keifu.inference.disputes.reading import Reading

__all__ = ["hand", "watch"]

LARGEST_FILE = 8 << 20
PAUSE_SECONDS = 2.0
HANDED = ".json"  # the ending of a file that was not judged yet, or whose dispute is open
RIGHT, WRONG, OTHER = ".right", ".wrong", ".refused"


@verb("hand", example="keifu dispute hand 0x… --watcher 0x… --out reply.json --role client", access=Access.SEND)
@click.argument("receipt", type=BYTES32)
@click.option("--watcher", type=ADDRESS, required=True, help="Who may dispute it, and gets the reward.")
@click.option("--good-for", type=DURATION, default="7 days", help="How long the watcher may.  [default: 7 days]")
@click.option("--out", type=OUT_PATH, required=True, help="File to write.")
@client_folder
@json_option
def hand(
    session: RpcSession, receipt: bytes, watcher: str, good_for: int, out: Path, folder: Path | None, json_out: bool
) -> None:
    """Write a reply that this client has kept, by its receipt's struct hash, with your word that a watcher may dispute
    covers of yours. The watcher sees the reply; the restitution stays yours."""
    from keifu.chain.suite import DISPUTES
    from keifu.compute.client.handing import hand as handed
    from keifu.compute.client.store import Store, usual_folder

    with Store(folder or usual_folder(), beside=True) as store:
        found = list(store.replies(receipt))
    if not found:
        raise UsageError("this receipt is not kept, or cannot be disputed", remedy="keifu dispute check")
    until, suite = session.client.now + good_for, suite_of(session)
    made = handed(found[0], session.account, session.client.chain_id, suite[DISPUTES], watcher, until)
    out.write_bytes(made.encode() + b"\n")
    facts = {"file": str(out), "watcher": watcher, "until": until}
    emit(facts, f"{out}: {watcher} may dispute it until {day(until)}", json_out)


@verb("watch", example="keifu dispute watch ./handed --integers ./integers --role watcher", access=Access.SEND)
@click.argument("handed", type=IN_FOLDER)
@integers_option
@click.option("--once", is_flag=True, help="Judge what is there, play while it is your turn, and end.")
@json_option
def watch(session: Session, handed: Path, integers: Path, once: bool, json_out: bool) -> None:
    """Judge each .json file in the folder HANDED, and dispute what is wrong, for the reward. A file is renamed when
    that is over: to .right, .wrong, or .refused where it is no such reply. Runs until it is interrupted, and goes on
    when it is called again."""
    from keifu.chain.suite import DISPUTES
    from keifu.compute.market import services

    watching = _Watching(handed, judge_of(session, integers), session, click.echo if not json_out else _quiet)
    while True:
        is_idle = watching.round()
        if once and is_idle:
            break
        if is_idle:
            time.sleep(PAUSE_SECONDS)
    paid = services.withdraw(session.deployer, suite_of(session), session.sender, DISPUTES)
    emit({"judged": watching.judged, "paid": str(paid)}, f"{coins(paid)} coins were paid to you", json_out)


def _quiet(words: str) -> None:
    del words


class _Watching:
    """Files that were handed in. What is known of them is on the chain."""

    def __init__(self, folder: Path, judge: Judge, session: Session, say: Callable[[str], None]) -> None:
        self._folder, self._judge, self._session, self._say = folder, judge, session, say
        self._reading: Reading = reading_of(session)
        self._open: dict[Path, tuple[Dispute, Sequence[Any]]] = {}
        self._said: dict[Path, str] = {}
        self.judged: dict[str, str] = {}

    def round(self) -> bool:
        """Judge one file that is new, and do one step in each dispute; whether there was nothing to do."""
        done = [self._begin(path) for path in self._new()]
        moved = [self._step(path, *found) for path, found in list(self._open.items())]
        return not any(done) and not any(moved)

    def _new(self) -> Iterator[Path]:
        for path in sorted(self._folder.glob(f"*{HANDED}")):
            if path not in self._open:
                yield path
                return

    def _begin(self, path: Path) -> bool:
        from keifu.compute.client.handing import Handed

        try:
            given = Handed.decode(bytes_of(path, "a reply", LARGEST_FILE))
            judged = self._judge.judge(given.reply)
            if judged is None:
                raise InputError("it is by another program", remedy="judge it by the model that was promoted")
            if judged.place is None:
                self._end(path, RIGHT, "right")
                return True
            self._tell(path, judged.words)
            self._open[path] = dispute_of(self._session, self._reading, judged), given.permit
        except (InputError, UsageError, CheckFailed) as error:
            self._end(path, OTHER, str(error))
        return True

    def _step(self, path: Path, dispute: Dispute, permit: Sequence[Any]) -> bool:
        """Whether something was done."""
        from keifu.inference.disputes.reading import Outcome

        try:
            if dispute.opened is None:
                dispute.open(permit)
                self._tell(path, "opened")
            found = dispute.step()
        except (CheckFailed, Revert) as error:  # another dispute of the channel may be open, or no block new enough
            self._tell(path, f"waiting: {error}")
            return False
        if isinstance(found, Outcome):
            del self._open[path]
            self._end(path, WRONG, outcome_words(found))
            return True
        self._tell(path, found.words)
        return not found.is_waiting

    def _end(self, path: Path, ending: str, words: str) -> None:
        self._tell(path, words)
        self.judged[path.name] = words
        path.rename(path.with_suffix(ending))

    def _tell(self, path: Path, words: str) -> None:
        if self._said.get(path) != words:
            self._say(f"{path.name}: {words}")
        self._said[path] = words
