"""Following contract events: every event once, in order, across crashes, reorganisations and nodes that lie.

The position and the effects of events are committed in one SQLite transaction, so a process killed at any line resumes
without missing or repeating an event. Everything that a node says is checked where that is possible:

* headers are hashed here, and must link up; hashes of recent blocks are kept, and when one changes the sinks undo back
  to the fork. What a node does not have (null) is no reorganisation;
* logs must be ours, each once, in a block whose bloom filter announces them, of a transaction of that block. A block
  that announces one of ours and for which there is none is read from its receipts;
* then the receipts of every block with events are read: they must give the root in its header, and the same events.
  When they hold others, the index was lied to: it goes back, reads again, and names the endpoint. Where receipts cannot
  be had, another endpoint must say the same, or a contract's view agree; what nothing covers is marked.

An owner is told about an endpoint that stays silent, lacks a method or lies, and about what is unproved.
"""

from __future__ import annotations

from keifu.chain.follower._follower import Follower
from keifu.chain.follower._model import ANYWHERE, Block, Event, Notice, Receipt, Sink, Source, Step, Unproved

__all__ = ["ANYWHERE", "Block", "Event", "Follower", "Notice", "Receipt", "Sink", "Source", "Step", "Unproved"]
