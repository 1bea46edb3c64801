"""A server that speaks S3, in this process; and a chain with storage markets and nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import boto3
import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from tests.integration.storage.world import World
from tests.profiles import quick_or_deep

# Many processes: `make fuzz-deep` runs them.
collect_ignore = quick_or_deep(["test_deep_faults.py", "test_repair.py"], [])
BUCKET, SECRET = "segments", "any"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str) -> S3Store:
    """An empty bucket."""
    store = S3Store(
        BUCKET,
        endpoint=s3_endpoint,
        region="us-east-1",
        access_key_id="test",
        secret_access_key=SECRET,
        client_options={"allow_http": True},
    )
    client = boto3.client(
        "s3",
        endpoint_url=s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket=BUCKET)
    for page in obstore.list(store):
        obstore.delete(store, [item["path"] for item in page])
    return store


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Its nodes keep what they note outside their folders in one of the test's."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as held:
        folder = tmp_path_factory.mktemp("storage")
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        made = World(folder)
        held.callback(made.close)
        yield made
