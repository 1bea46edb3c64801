"""One connection over which a node of this machine is asked in HTTP/1.1, one request after the other.

`http.client` reads the head of an answer as it would read an e-mail's, which takes longer than the answer of a node.
"""

from __future__ import annotations

import socket

from ethwire.rpc.transport import CONNECT_SECONDS, Answer

__all__ = ["FAULTS", "Connection"]

MAX_LINE, MAX_FIELDS = 65_536, 100  # of a head, as http.client has them
CONTINUE, FIRST_FINAL, NO_CONTENT, NOT_MODIFIED = 100, 200, 204, 304
# What a node can say ends in one of these. A length that no machine has room for is among it.
FAULTS = (OSError, MemoryError, OverflowError, ValueError)

_Fields = dict[bytes, bytes]


class Connection:
    """Raises one of FAULTS when the node is not there, hangs up, says nothing for too long, or speaks no HTTP."""

    def __init__(self, host: str, port: int, path: str) -> None:
        named = f"[{host}]" if ":" in host else host
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {named}:{port}\r\nAccept-Encoding: identity\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode("ascii")
        self.ended = False  # the node has said that it hangs up
        self.socket = socket.create_connection((host, port), CONNECT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = self.socket.makefile("rb")

    def send(self, content: bytes, seconds: float | None) -> None:
        """`seconds` of silence are waited for this and for the answer; None for ever."""
        self.socket.settimeout(seconds)
        self.socket.sendall(b"%b%d\r\n\r\n%b" % (self._head, len(content), content))

    def receive(self) -> Answer:
        version, status = self._status()
        fields = self._fields()
        while CONTINUE <= status < FIRST_FINAL:
            version, status = self._status()
            fields = self._fields()
        kept = fields.get(b"connection", b"").lower()
        self.ended = b"close" in kept or (version == b"HTTP/1.0" and b"keep-alive" not in kept)
        body = b"" if status in {NO_CONTENT, NOT_MODIFIED} else self._body(fields)
        return Answer(status, fields.get(b"retry-after", b"").decode("latin-1"), body)

    def _status(self) -> tuple[bytes, int]:
        line = self._line()
        version, _, rest = line.partition(b" ")
        if version not in {b"HTTP/1.0", b"HTTP/1.1"} or not rest[:3].isdigit():
            raise ValueError(f"this is no HTTP: {line[:80].decode('latin-1')}")
        return version, int(rest[:3])

    def _fields(self) -> _Fields:
        """With their names in lower case; of one that is there twice the last one counts."""
        fields: _Fields = {}
        for _ in range(MAX_FIELDS + 1):
            line = self._line()
            if not line:
                return fields
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        raise ValueError(f"more than {MAX_FIELDS} fields in the head of the answer")

    def _body(self, fields: _Fields) -> bytes:
        if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
            return self._chunks()
        if (length := fields.get(b"content-length")) is None:  # it ends where the connection ends
            self.ended = True
            return self._read.read()
        if not length.isdigit():
            raise ValueError(f"{length[:80].decode('latin-1')} is no length")
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while size := self._size_of_chunk():
            parts.append(self._exactly(size))
            if self._line():
                raise ValueError("a part of the answer is longer than it says")
        self._fields()  # behind the last one; nothing there is of use
        return b"".join(parts)

    def _size_of_chunk(self) -> int:
        digits = self._line().partition(b";")[0].strip()
        if not digits.isalnum():
            raise ValueError(f"{digits[:80].decode('latin-1')} is no size")
        return int(digits, 16)

    def _exactly(self, size: int) -> bytes:
        found = self._read.read(size)
        if len(found) < size:
            raise ConnectionError(f"the node hung up after {len(found)} of {size} bytes")
        return found

    def _line(self) -> bytes:
        """Without its end."""
        line = self._read.readline(MAX_LINE + 1)
        if not line.endswith(b"\n"):
            raise ConnectionError("the node hung up" if len(line) <= MAX_LINE else "a line of the head is too long")
        return line.rstrip(b"\r\n")

    def close(self) -> None:
        self._read.close()
        self.socket.close()
