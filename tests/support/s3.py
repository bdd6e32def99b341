"""A fixture that serves the S3 API on loopback (moto), with an empty bucket for each test."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from qacrawl.files import s3


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of the server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Bucket:
    """An S3 bucket, and what a process needs to find it."""

    def __init__(self, endpoint: str, work: Path) -> None:
        self.env = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "QACRAWL_WORK": str(work),
        }
        self.name = f"test-{uuid4().hex}"
        self.address = f"s3://{self.name}/some/prefix"
        self.client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.client.create_bucket(Bucket=self.name)

    def on_another_machine(self, work: Path) -> dict[str, str]:
        """The environment of a machine that has nothing of the bucket yet."""
        return self.env | {"QACRAWL_WORK": str(work)}

    def names(self) -> set[str]:
        """The keys below the site's prefix."""
        found = self.client.list_objects_v2(Bucket=self.name, Prefix="some/prefix/doctorqna/").get("Contents", ())
        return {entry["Key"].removeprefix("some/prefix/doctorqna/") for entry in found}

    def read(self, name: str) -> bytes:
        """The content of an object below the site's prefix."""
        key = f"some/prefix/doctorqna/{name}"
        body: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return body


@pytest.fixture
def bucket(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket; this process finds it, too."""
    made = Bucket(s3_server, tmp_path / "work")
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    yield made
    s3._mirrors.clear()
