"""The HTTP server of paid answers: POST with a body, streams, thousands of requests a second.

`keifu.serving` answers what is read; this one answers what is asked for and paid by the call.

Server      listens in an event loop, and hands each whole request to one function
Exchange    a request, and its answer: whole or as a stream
Part        bytes of a file as the body of an answer, sent without a copy
Loaded      bytes in memory as such a part
Limits      what one peer may take
"""

from __future__ import annotations

from keifu.compute.http.exchange import Exchange
from keifu.compute.http.files import Loaded, Part, Sendable
from keifu.compute.http.messages import JSON, Limits, failure_body
from keifu.compute.http.server import Server

__all__ = ["JSON", "Exchange", "Limits", "Loaded", "Part", "Sendable", "Server", "failure_body"]
