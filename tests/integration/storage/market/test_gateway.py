"""Public files over plain HTTP: whole, in ranges, of folders; and what is refused."""

from __future__ import annotations

import httpx
import pytest

from keifu.node.web import Background
from keifu.serving import Server
from keifu.storage.client.gateway import GATEWAY_LIMITS, Gateway
from keifu.storage.client.storing import address_of
from tests.integration.storage.market.conftest import DATA
from tests.integration.storage.market.test_put import put


@pytest.fixture
def gateway(fresh):
    background = Background()
    server = Server(Gateway(fresh.market), host="127.0.0.1", port=0, limits=GATEWAY_LIMITS)
    background.submit(server.start()).result()
    with httpx.Client(base_url=server.url) as client:
        yield client
    background.submit(server.stop()).result()
    background.close()


def path_of(row, name="") -> str:
    text = str(address_of(row)).removeprefix("keifu:")
    return f"/{text}/{name}" if name else f"/{text}"


def test_a_file_is_served_whole_and_in_ranges_with_its_kind(fresh, gateway, file, folder):
    row = put(fresh, folder, file, public=True)
    answer = gateway.get(path_of(row, "picture.png"))
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, DATA, "image/png")
    assert "sandbox" in answer.headers["content-security-policy"]
    again = gateway.get(path_of(row, "picture.png"), headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    part = gateway.get(path_of(row), headers={"range": "bytes=299990-300009"})
    assert (part.status_code, part.content) == (206, DATA[299_990:300_010])
    assert part.headers["content-range"] == f"bytes 299990-300009/{len(DATA)}"
    assert gateway.get(path_of(row), headers={"range": "bytes=-5"}).content == DATA[-5:]
    head = gateway.head(path_of(row))
    assert (head.content, head.headers["content-length"]) == (b"", str(len(DATA)))
    past = gateway.get(path_of(row), headers={"range": f"bytes={len(DATA)}-"})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{len(DATA)}")


def test_files_of_a_folder_are_served_by_their_names(fresh, gateway, tmp_path, folder):
    tree = tmp_path / "tree"
    (tree / "b").mkdir(parents=True)
    (tree / "a.txt").write_text("first")
    (tree / "b" / "c.csv").write_text("1,2\n")
    (tree / "表, 1.csv").write_text("3\n")
    row = put(fresh, folder, tree, public=True)
    listed = gateway.get(path_of(row)).json()
    assert [item["name"] for item in listed["files"]] == ["a.txt", "b/c.csv", "表, 1.csv"]
    answer = gateway.get(path_of(row, "b/c.csv"))
    assert (answer.text, answer.headers["content-type"]) == ("1,2\n", "text/csv")
    answer = gateway.get(path_of(row, "表, 1.csv"))
    assert answer.text == "3\n"
    again = gateway.get(path_of(row, "表, 1.csv"), headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    for name in ("none", "%2e%2e/a.txt", "b%2f..%2fa.txt"):
        assert gateway.get(path_of(row, name)).status_code == 404


def test_what_is_private_unknown_or_gone_is_refused(fresh, gateway, file, folder, tmp_path):
    assert gateway.get("/nothing").status_code == 404
    assert gateway.get(path_of(put(fresh, folder, file))).status_code == 403
    row = put(fresh, tmp_path / "other", file, public=True)
    address = address_of(row)
    elsewhere = type(address)(bytes(32), address.header, address.size, 0, address.key)
    assert gateway.get("/" + str(elsewhere).removeprefix("keifu:")).status_code == 502
