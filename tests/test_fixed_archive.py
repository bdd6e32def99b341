"""The same archive gives the same bytes, whatever moves in the code: `fixed/` was made once and stays."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.crawling import qacrawl

FIXED = Path(__file__).parent / "fixed"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot that `rebuild` makes of the fixed archive in an empty folder."""
    output = tmp_path_factory.mktemp("fixed")
    site = output / "doctorqna"
    shutil.copytree(FIXED / "archive", site / "archive")
    shutil.copy(FIXED / "asker.key", site)
    done = qacrawl("rebuild", "doctorqna", "--output", str(output))
    assert done.code == 0, done.err
    return site / "dataset"


def files(folder: Path) -> dict[str, Path]:
    found = [*folder.glob("data/*/*.parquet"), folder / "splits.json"]
    return {path.relative_to(folder).as_posix(): path for path in found}


@pytest.mark.slow
def test_the_columns_of_version_1_hold_what_they_held(rebuilt: Path):
    """`fixed/` was renewed for the columns of schema version 2; `v1.json` has digests of the rows before."""
    kept = json.loads((FIXED / "v1.json").read_text(encoding="utf-8"))
    made = files(rebuilt)
    assert {name: digest(made[name], columns) for name, (columns, _) in kept.items()} == {
        name: said for name, (_, said) in kept.items()
    }


def digest(path: Path, columns: list[str]) -> str:
    """SHA-256 of some columns of a Parquet file, value by value."""
    rows = pq.read_table(path, columns=columns).to_pylist()
    return sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()


def test_the_fixed_archive_gives_the_same_bytes(rebuilt: Path, pytestconfig: pytest.Config):
    made, kept = files(rebuilt), files(FIXED)
    differ = [name for name in kept if name not in made or made[name].read_bytes() != kept[name].read_bytes()]
    if pytestconfig.getoption("update_expected") and (differ or made.keys() != kept.keys()):
        shutil.rmtree(FIXED / "data")
        shutil.copytree(rebuilt / "data", FIXED / "data")
        shutil.copy(rebuilt / "splits.json", FIXED)
        pytest.fail("wrote tests/fixed anew; look at what changed")
    assert made.keys() == kept.keys()
    parquet = [name for name in kept if name.endswith(".parquet")]
    for name in parquet:  # these hold with any release of pyarrow
        assert pq.read_table(made[name]).equals(pq.read_table(kept[name]), check_metadata=True), name
    by = {pq.read_metadata(files[parquet[0]]).created_by for files in (made, kept)}
    if len(by) > 1:
        pytest.skip(f"the rows are the same; whether the bytes are can't be told of {' and '.join(sorted(by))}")
    assert not differ
