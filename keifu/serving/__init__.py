"""The HTTP server of everything that answers questions: the index, the explorer and the pages of nodes.

Server         listens, and answers by a function; in an event loop of its own, or in one that runs already
Request        what was asked, and Response, what goes back: bytes, or a stream of them
Limits         what one peer may take
listen_on      a socket, or one line that says why it cannot be had
problem        a fault as RFC 9457 writes it
span_of        the one range of bytes that a request asks for
collect_seldom spares a process that serves the most of Python's collections
"""

from __future__ import annotations

from keifu.serving.collector import collect_seldom
from keifu.serving.messages import Handler, Limits, Request, Response, problem
from keifu.serving.ranges import span_of
from keifu.serving.server import Server, listen_on

__all__ = ["Handler", "Limits", "Request", "Response", "Server", "collect_seldom", "listen_on", "problem", "span_of"]
