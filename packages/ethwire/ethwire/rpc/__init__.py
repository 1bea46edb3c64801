"""JSON-RPC to Ethereum nodes that may be busy, limited, behind, or wrong.

Rpc            one endpoint: reads are tried again, writes are sent once, every odd answer is one typed error
Nodes          several endpoints as one: the next one answers when one fails, and facts are asked of most of them
connect        either of them from a text with one URL or several, separated by commas
NewHeads       wakes up when there is a new block: by WebSocket subscription, else by waiting; `heads_of` a text
EvenTexts      results of a batch that are equally long, in one piece
Limit          how much a node serves at once, learnt from its refusals
quantity, octets   what a node gave as a number or as bytes, checked
"""

from __future__ import annotations

from ethwire.rpc._even import EvenTexts
from ethwire.rpc._heads import NewHeads, heads_of
from ethwire.rpc._limit import Limit
from ethwire.rpc._nodes import Nodes, connect
from ethwire.rpc._values import octets, quantity
from ethwire.rpc.endpoint import Rpc

__all__ = ["EvenTexts", "Limit", "NewHeads", "Nodes", "Rpc", "connect", "heads_of", "octets", "quantity"]
