"""Pages of a node: by path, for its owner under this machine's names, and each refusal counted."""

from __future__ import annotations

import pytest

from keifu.errors import EnvironmentFault
from keifu.node.web import Page, json_page, serve_pages
from tests.unit.serving.test_serving import get, talk


@pytest.fixture
def serve(background, refused):
    """A server of two pages; where it listens."""
    servers = []

    def serve(**options):
        pages = {"/healthz": lambda: Page(b"ok\n"), "/status": lambda: json_page({"a": 1})}
        server = serve_pages(pages, lambda reason: refused.update([reason]), host="127.0.0.1", port=0, **options)
        servers.append(server)
        background.submit(server.start()).result()
        return "127.0.0.1", int(server.address.rpartition(":")[2])

    yield serve
    for server in servers:
        background.submit(server.stop()).result()


def test_a_page_is_served_whatever_its_query(serve, refused):
    answer = talk(serve(), get("/healthz?x=1"))
    assert (answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer.endswith(b"\r\n\r\nok\n")) == (True, True)
    assert refused == {}


def test_a_page_that_is_not_there_is_counted(serve, refused):
    assert talk(serve(), get("/nothing")).startswith(b"HTTP/1.1 404")
    assert refused == {"unknown page": 1}


def test_the_owners_pages_are_not_read_under_a_strangers_name(serve, refused):
    request = b"GET /status HTTP/1.1\r\nHost: rebound.example\r\n\r\n"
    assert talk(serve(), request).startswith(b"HTTP/1.1 421")
    assert refused == {"host": 1}
    assert talk(serve(names=None), request).startswith(b"HTTP/1.1 200")


def test_a_port_that_is_taken(serve):
    host, port = serve()
    with pytest.raises(EnvironmentFault) as fault:
        serve_pages({}, lambda reason: None, host=host, port=port)
    assert f"cannot listen on 127.0.0.1:{port}" in fault.value.message
    assert "ss -ltnp" in fault.value.remedy
