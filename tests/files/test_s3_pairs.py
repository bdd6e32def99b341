"""Pairs of two sites in an S3 bucket: published there, and taken out of it."""

import pyarrow.parquet as pq
import pytest
from support import crawling

from qacrawl.demo import original
from qacrawl.demo.server import serve
from qacrawl.publish.snapshot import locate


def keys(bucket) -> set[str]:
    """The keys of the pairs' dataset."""
    start = "some/prefix/doctorqna-tweh/"
    found = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=start).get("Contents", ())
    return {entry["Key"].removeprefix(start) for entry in found}


def crawl(slug: str, start: str, bucket) -> None:
    line = crawling.command(start, bucket.address, "--numbers", "1001-1008", "--quiet")
    line[1] = slug
    done = crawling.finish(crawling.start(line, env=bucket.env))
    assert done.code == 0, done.err


def pairs(address: str) -> set[str]:
    return set(pq.read_table(locate(f"{address}/doctorqna-tweh") / "data" / "parallel")["pair_id"].to_pylist())


@pytest.mark.slow
def test_pairs_are_published_to_a_bucket_and_a_forgotten_page_leaves_it(bucket) -> None:
    with serve() as start:
        crawl("doctorqna", start, bucket)
    with serve(original.pages, original.HOME) as start:
        crawl("tweh", start, bucket)
    line = ["publish", "--parallel", "doctorqna", "tweh", "--output", bucket.address]
    done = crawling.qacrawl(*line, env=bucket.env)
    assert done.out.startswith("8 pairs in "), done.err
    before = keys(bucket)
    assert "dataset" in before
    assert pairs(bucket.address) == {f"doctorqna-tweh:{number}" for number in range(1001, 1009)}

    row = pq.read_table(locate(f"{bucket.address}/doctorqna-tweh") / "data" / "parallel").to_pylist()[0]
    url = row["original_url"]
    done = crawling.qacrawl("forget", url, "--site", "tweh", "--output", bucket.address, env=bucket.env)
    assert done.code == 0, done.err
    after = keys(bucket)
    assert not {key for key in before & after if key.startswith("snapshots/")}
    for key in after:
        body = bucket.client.get_object(Bucket=bucket.name, Key=f"some/prefix/doctorqna-tweh/{key}")["Body"].read()
        assert url.encode() not in body
    assert row["pair_id"] not in pairs(bucket.address)
