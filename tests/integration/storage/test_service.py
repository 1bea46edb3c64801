"""A storage node over HTTP: segments with proofs and ranges, uploads, and whatever strangers send."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import uvloop

from keifu.compute.http import Limits
from keifu.node.storage.service import HTTP_LIMITS
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES, TOGETHER
from keifu.storage.nodes import NodeClient
from keifu.storage.objects import Objects
from keifu.storage.packs import Packs
from keifu.storage.store import Limits as Room
from keifu.storage.store import Store
from keifu.storage.trees import verify_segment
from tests.shards import Shard, make_shard
from tests.stored import Node, serving

PATIENCE_SECONDS, POLL_SECONDS = 30, 0.01
SHARD = make_shard(1, 3, 5 * LEAF_BYTES)
SLOW = Limits(request_seconds=0.5, answer_seconds=0.5, idle_seconds=0.5, body_bytes=SEGMENT_BYTES)


@pytest.fixture(params=["packs, uvloop", "packs, asyncio", "objects"])
def store(request, tmp_path) -> Iterator[Store]:
    blobs = Objects(request.getfixturevalue("s3"), "node") if request.param == "objects" else Packs(tmp_path / "packs")
    with Store(tmp_path, blobs, limits=Room(quota=8 * SEGMENT_BYTES)) as opened:
        opened.is_asyncio = "asyncio" in request.param
        yield opened


@pytest.fixture
def node(store) -> Iterator[Node]:
    loop = asyncio.new_event_loop() if store.is_asyncio else uvloop.new_event_loop()
    with serving(store, loop=loop) as found:
        yield found


@pytest.fixture
def client(node) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=node.url, timeout=PATIENCE_SECONDS) as found:
        yield found


def upload(client: httpx.Client, shard: Shard) -> None:
    assert client.put(f"/v1/uploads/{shard.upload.hex()}?leaves={shard.leaves}").status_code == 200
    for number, data in enumerate(shard.segments):
        place = f"/v1/uploads/{shard.upload.hex()}/{number}/{shard.roots[number].hex()}"
        assert client.put(place, content=data).json() == {"kept": number}
    sealed = client.post(f"/v1/uploads/{shard.upload.hex()}/seal/{shard.root.hex()}")
    assert sealed.json() == {"root": shard.root.hex()}


def segment(shard: Shard, number: int) -> str:
    return f"/v1/shards/{shard.root.hex()}/{number}"


def test_a_shard_goes_up_and_comes_back_with_proofs(node, client):
    upload(client, SHARD)
    assert client.get(f"/v1/shards/{SHARD.root.hex()}").json() == {"leaves": SHARD.leaves, "segments": 3}
    for number, data in enumerate(SHARD.segments):
        answer = client.get(segment(SHARD, number))
        assert answer.content == data
        path = bytes.fromhex(answer.headers["keifu-path"])
        parts = [path[at : at + 32] for at in range(0, len(path), 32)]
        root = verify_segment(SHARD.root, SHARD.leaves, number, answer.content, parts)
        assert answer.headers["etag"] == f'"{root.hex()}"'
    assert node.count("storage_bytes", way="sent") == node.count("storage_bytes", way="kept") == SHARD.leaves * 256
    assert node.count("storage_shards") == 1


def test_neighbours_are_read_by_one_request_as_far_as_the_shard_goes(node, client):
    upload(client, SHARD)
    asked = NodeClient(node.url)
    for first, count in ((0, 3), (1, 2), (0, TOGETHER), (2, TOGETHER)):
        assert asked.segments(SHARD.root, SHARD.leaves, first, count) == SHARD.segments[first : first + count]
    asked.close()
    for path in ("3+2", "0+0", f"0+{TOGETHER + 1}", "0+100", "0+"):
        answer = client.get(f"/v1/shards/{SHARD.root.hex()}/{path}")
        assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert client.head(f"/v1/shards/{SHARD.root.hex()}/0+3").headers["content-length"] == str(SHARD.leaves * 256)


def test_what_is_asked_for_again_is_the_same(node, client):
    """First past the disk's cache, then from it; memory for that is given back."""
    upload(client, SHARD)
    asked = NodeClient(node.url)
    for _ in range(3):
        assert asked.segments(SHARD.root, SHARD.leaves, 0, 3) == SHARD.segments
    asked.close()
    assert node.count("storage_segments", way="sent") == 9
    assert node.count("storage_bytes", way="sent") == 3 * SHARD.leaves * LEAF_BYTES


def test_what_was_ready_to_be_sent_is_refused_when_it_is_gone(node, client, store):
    upload(client, SHARD)
    paths = [segment(SHARD, 1), f"{segment(SHARD, 0)}+3"]
    for _ in range(3):
        assert [client.get(path).status_code for path in paths] == [200, 200]
    assert store.expire(1 << 40) == 1
    assert [client.get(path).status_code for path in paths] == [404, 404]


@pytest.mark.parametrize("times", [1, 3])
def test_heads_and_ranges_of_what_was_asked_for_before(client, times):
    upload(client, SHARD)
    path = segment(SHARD, 1)
    for _ in range(times):
        whole = client.get(path)
    assert client.get(path, headers={"range": "bytes=5-9"}).content == SHARD.segments[1][5:10]
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers


def test_a_head_makes_nothing_ready_that_no_disk_has_given(tmp_path, monkeypatch):
    """It costs nothing: what is then sent would be waited for by the loop that answers everybody."""
    with Store(tmp_path, Packs(tmp_path / "packs")) as store:
        past, read = [], store.read_past_cache
        monkeypatch.setattr(store, "read_past_cache", lambda found: (past.append(len(found)), read(found))[1])
        with serving(store) as node, httpx.Client(base_url=node.url, timeout=PATIENCE_SECONDS) as client:
            upload(client, SHARD)
            path = f"{segment(SHARD, 0)}+3"
            for _ in range(2):
                assert client.head(path).status_code == 200
            assert client.get(path).content == b"".join(SHARD.segments)
    assert past == [3]


def test_memory_of_answers_that_nobody_took_comes_back(tmp_path):
    shards = [make_shard(seed, 8) for seed in (5, 6)]
    with Store(tmp_path) as store, serving(store) as node:
        for shard in shards:
            shard.seal(store)
            with talk(node) as peer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                peer.sendall(f"GET {segment(shard, 0)}+8 HTTP/1.1\r\nhost: x\r\n\r\n".encode())
                assert peer.recv(100).startswith(b"HTTP/1.1 200 ")
        while node.service._lately._bytes:
            time.sleep(POLL_SECONDS)
        asked = NodeClient(node.url)
        assert asked.segments(shards[0].root, shards[0].leaves, 0, 8) == shards[0].segments
        asked.close()


def put_of(shard: Shard, first: int, count: int) -> bytes:
    data, root = shard.part(first, count)
    head = f"PUT /v1/uploads/{shard.upload.hex()}/{first}/{root.hex()} HTTP/1.1\r\nhost: x\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(data) + data


def test_neighbours_come_in_one_request_in_any_pieces_and_others_follow_at_once(node, store):
    store.begin(SHARD.upload, SHARD.leaves)
    asked = put_of(SHARD, 0, 2) + put_of(SHARD, 2, 1) + put_of(SHARD, 0, 3)
    asked += f"GET /v1/uploads/{SHARD.upload.hex()} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
    with talk(node) as peer:
        for start in range(0, len(asked), 200_001):
            peer.sendall(asked[start : start + 200_001])
        answer = b"".join(iter(lambda: peer.recv(1 << 16), b""))
    assert [answer.count(b'{"kept":%d}' % number) for number in (0, 2)] == [2, 1]
    assert b'"have":3' in answer
    assert [node.count("storage_segments", way=way) for way in ("kept", "again")] == [3, 3]
    assert node.count("storage_bytes", way="again") == SHARD.leaves * LEAF_BYTES


def test_the_room_of_large_bodies_is_limited_and_comes_back(tmp_path):
    limits = replace(HTTP_LIMITS, large_bytes=2 * SEGMENT_BYTES)
    with Store(tmp_path) as store, serving(store, limits) as node:
        store.begin(SHARD.upload, SHARD.leaves)
        with talk(node) as holder:
            holder.sendall(put_of(SHARD, 0, 2)[:-1])
            while node.server._large == 0:
                time.sleep(POLL_SECONDS)
            with talk(node) as crowded:
                crowded.sendall(put_of(SHARD, 1, 1)[:1000])
                assert crowded.recv(1 << 16).startswith(b"HTTP/1.1 503 ")
        while node.server._large:  # the holder has left
            time.sleep(POLL_SECONDS)
        assert store.progress(SHARD.upload).have == 0
        for _ in range(3):
            with talk(node) as peer:
                peer.sendall(put_of(SHARD, 0, 2))
                assert peer.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        assert node.count("http_refused", reason="crowded") == 1


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-0", slice(0, 1), "bytes 0-0/262144"),
        ("bytes=1000-", slice(1000, None), "bytes 1000-262143/262144"),
        ("bytes=-5", slice(-5, None), "bytes 262139-262143/262144"),
        ("bytes=262143-999999", slice(-1, None), "bytes 262143-262143/262144"),
    ],
)
def test_ranges(client, asked, part, said):
    upload(client, SHARD)
    answer = client.get(segment(SHARD, 1), headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, SHARD.segments[1][part])
    assert answer.headers["content-range"] == said


@pytest.mark.parametrize("asked", ["bytes=0-262143", "bytes=-999999", "bytes=0-1,5-6", "bytes=-", "leaves=0-1"])
def test_what_is_no_part_is_answered_whole(client, asked):
    upload(client, SHARD)
    answer = client.get(segment(SHARD, 1), headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, SHARD.segments[1])


@pytest.mark.parametrize("asked", ["bytes=262144-", "bytes=5-4", "bytes=-0"])
def test_a_range_that_is_not_there(node, client, asked):
    upload(client, SHARD)
    answer = client.get(segment(SHARD, 1), headers={"range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */262144")
    assert node.count("http_refused", reason="range") == 1


def test_a_head_has_no_body(node, client):
    upload(client, SHARD)
    answer = client.head(segment(SHARD, 0))
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "262144", b"")
    assert client.get(segment(SHARD, 2)).content == SHARD.segments[2]
    assert node.count("storage_segments", way="sent") == 1


def test_an_upload_resumes_and_a_replay_changes_nothing(node, client):
    place = f"/v1/uploads/{SHARD.upload.hex()}"
    begun = {"leaves": SHARD.leaves, "segments": 3, "have": 0, "first_missing": 0, "root": None}
    assert client.put(f"{place}?leaves={SHARD.leaves}").json() == begun
    first = f"{place}/0/{SHARD.roots[0].hex()}"
    for _ in range(2):
        assert client.put(first, content=SHARD.segments[0]).status_code == 200
    assert client.get(place).json() == begun | {"have": 1, "first_missing": 1}
    assert node.count("storage_segments", way="again") == 1
    upload(client, SHARD)
    upload(client, SHARD)
    assert client.get(place).json() == begun | {"have": 3, "first_missing": 3, "root": SHARD.root.hex()}
    other = make_shard(2, 1)
    upload_other = f"/v1/uploads/{other.upload.hex()}"
    client.put(f"{upload_other}?leaves={other.leaves}")
    assert client.delete(upload_other).status_code == 200
    assert client.get(upload_other).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason", "message"),
    [
        ("PUT", "/v1/uploads/{id}/0/{other}", None, 409, "damaged", "segment 0 arrived damaged"),
        ("PUT", "/v1/uploads/{id}/0/{first}", b"short", 400, "malformed", "segment 0 has 5 bytes, not 262144"),
        ("PUT", "/v1/uploads/{id}/7/{first}", b"x", 400, "malformed", "the shard has no segment 7"),
        ("PUT", "/v1/uploads/{other}/0/{first}", b"x", 404, "unknown", "there is no such upload"),
        ("PUT", "/v1/uploads/{id}?leaves=1", b"", 400, "malformed", "this upload has 2053 leaves, not 1"),
        ("PUT", "/v1/uploads/{other}?leaves=9000", b"", 507, "full", "there is no room in this store for 9 segments"),
        ("PUT", "/v1/uploads/{other}?leaves=0", b"", 404, "unknown path", "there is nothing of this name here"),
        ("POST", "/v1/uploads/{id}/seal/{root}", b"", 400, "malformed", "segment 0 is missing"),
        ("POST", "/v1/uploads/{other}/seal/{root}", b"", 404, "unknown", "there is no such upload"),
        ("GET", "/v1/shards/{root}/0", b"", 404, "unknown", "shard 0x{root} is not stored here"),
        ("GET", "/v1/shards/{root}", b"", 404, "unknown", "shard 0x{root} is not stored here"),
        ("GET", "/v1/shards/{root}/00", b"", 404, "unknown path", "there is nothing of this name here"),
        ("GET", "/v1/shards/../store.sqlite", b"", 404, "unknown path", "there is nothing of this name here"),
        ("GET", "/v1/shards/%2e%2e/store.sqlite", b"", 404, "unknown path", "there is nothing of this name here"),
        ("GET", "/../../../../etc/passwd", b"", 404, "unknown path", "there is nothing of this name here"),
        ("POST", "/v1/shards/{root}", b"", 404, "unknown path", "there is nothing of this name here"),
    ],
)
def test_bad_input_is_refused_with_its_reason_and_counted(node, client, method, path, body, status, reason, message):
    body = SHARD.segments[0] if body is None else body
    client.put(f"/v1/uploads/{SHARD.upload.hex()}?leaves={SHARD.leaves}")
    names = {
        "id": SHARD.upload.hex(), "root": SHARD.root.hex(), "other": "ab" * 32, "first": SHARD.roots[0].hex(),
    }  # fmt: skip
    # As bytes: httpx would tidy the path up.
    with socket.create_connection(node.server.address.split(":"), timeout=PATIENCE_SECONDS) as peer:
        head = f"{method} {path.format(**names)} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
        peer.sendall(head.encode() + b"connection: close\r\n\r\n" + body)
        answer = b"".join(iter(lambda: peer.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert f'"detail":"{message.format(**names)}"'.encode() in answer
    assert node.count("http_refused", reason=reason) == 1
    assert client.get(f"/v1/uploads/{SHARD.upload.hex()}").json()["have"] == 0


def test_a_body_that_is_too_large_is_not_read(node, client):
    answer = client.put(f"/v1/uploads/{SHARD.upload.hex()}/0/{'00' * 32}", content=bytes(TOGETHER * SEGMENT_BYTES + 1))
    assert answer.status_code == 413
    assert node.count("http_refused", reason="too large") == 1


def talk(node: Node) -> socket.socket:
    host, port = node.server.address.split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)


def test_slow_peers_lose_their_connection_and_nothing_is_half_written(tmp_path):
    with Store(tmp_path) as store, serving(store, SLOW) as node:
        SHARD.seal(store)
        half = make_shard(3, 1)
        store.begin(half.upload, half.leaves)
        with talk(node) as slow, talk(node) as silent, talk(node) as deaf:
            slow.sendall(
                f"PUT /v1/uploads/{half.upload.hex()}/0/{half.roots[0].hex()} HTTP/1.1\r\nhost: x\r\n"
                f"content-length: {SEGMENT_BYTES}\r\n\r\n".encode()
                + half.segments[0][:1000]
            )
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(f"GET {segment(SHARD, 0)} HTTP/1.1\r\nhost: x\r\n\r\n".encode() * 30)
            for peer in (slow, silent):
                assert peer.recv(1) == b""
            while node.count("http_refused", reason="does not read") == 0:
                time.sleep(POLL_SECONDS)
        assert store.progress(half.upload).have == 0
        assert node.count("http_refused", reason="slow") == 1


def test_many_requests_on_one_connection_are_answered_in_order(tmp_path):
    with Store(tmp_path) as store, serving(store) as node, talk(node) as peer:
        SHARD.seal(store)
        order = [0, 1, 2, 1]
        for number in order:
            peer.sendall(f"GET {segment(SHARD, number)} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        peer.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: peer.recv(1 << 16), b""))
        for number in order:
            head, _, answer = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            size = len(SHARD.segments[number])
            assert answer[:size] == SHARD.segments[number]
            answer = answer[size:]
        assert answer == b""


def test_a_peer_that_leaves_in_the_middle_disturbs_nobody(tmp_path):
    with Store(tmp_path) as store, serving(store) as node:
        SHARD.seal(store)
        for _ in range(20):
            with talk(node) as peer:
                peer.sendall(f"GET {segment(SHARD, 0)} HTTP/1.1\r\nhost: x\r\n\r\n".encode() * 3)
                peer.recv(100)
        answer = httpx.get(node.url + segment(SHARD, 1), timeout=PATIENCE_SECONDS)
        assert answer.content == SHARD.segments[1]


def test_a_pack_that_was_cut_ends_the_answer_in_the_middle(tmp_path):
    with Store(tmp_path) as store, serving(store) as node:
        SHARD.seal(store)
        (pack,) = (tmp_path / "packs").iterdir()
        with pack.open("r+b") as file:
            file.truncate(store.find(SHARD.root, 2).place.offset + 10)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(node.url + segment(SHARD, 2), timeout=PATIENCE_SECONDS)
        assert node.count("http_refused", reason="broken off here") == 1
        assert httpx.get(node.url + segment(SHARD, 0), timeout=PATIENCE_SECONDS).content == SHARD.segments[0]


def test_a_fault_of_our_own_is_no_traceback_for_a_client(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("inside")

    monkeypatch.setattr(Store, "begin", fail)
    with Store(tmp_path) as store, serving(store) as node:
        answer = httpx.put(f"{node.url}/v1/uploads/{SHARD.upload.hex()}?leaves=1", timeout=PATIENCE_SECONDS)
        assert (answer.status_code, "inside" in answer.text) == (500, False)
        assert node.count("http_refused", reason="failed") == 1


def test_too_much_at_once_is_turned_away(tmp_path, monkeypatch):
    monkeypatch.setattr("keifu.node.storage.service.WAITING", 0)
    with Store(tmp_path) as store, serving(store) as node:
        answer = httpx.put(f"{node.url}/v1/uploads/{SHARD.upload.hex()}?leaves=1", timeout=PATIENCE_SECONDS)
        assert answer.status_code == 503
        assert node.count("http_refused", reason="busy") == 1


def test_a_disk_that_fails_is_unavailable(tmp_path):
    with Store(tmp_path, Packs(tmp_path / "packs", least_free=1 << 62)) as store, serving(store) as node:
        shard = make_shard(4, 1)
        store.begin(shard.upload, shard.leaves)
        place = f"{node.url}/v1/uploads/{shard.upload.hex()}/0/{shard.roots[0].hex()}"
        answer = httpx.put(place, content=shard.segments[0], timeout=PATIENCE_SECONDS)
        assert answer.status_code == 507
        store._fault = "broken"
        store._blobs.least_free = 0
        answer = httpx.put(place, content=shard.segments[0], timeout=PATIENCE_SECONDS)
        assert (answer.status_code, answer.json()["detail"]) == (503, "the store is not written any more: broken")
        assert node.count("http_refused", reason="full") == node.count("http_refused", reason="unavailable") == 1
