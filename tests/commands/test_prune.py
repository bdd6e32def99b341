"""`qacrawl prune`: what is removed, what stays, and that nothing is removed unasked."""

import shutil
from pathlib import Path

import pytest
from support import crawling
from support.faults import FaultSite
from support.making import part, record

from qacrawl.publish import marks
from qacrawl.publish.gate import Gate
from qacrawl.publish.snapshot import publish


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a site with a frontier."""
    output = tmp_path_factory.mktemp("prune")
    with FaultSite(articles=1) as site:
        assert crawling.crawl(site.start, output).code == 0
    shutil.rmtree(output / "doctorqna" / "snapshots")
    (output / "doctorqna" / "dataset").unlink()
    return output


@pytest.fixture
def output(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "output", symlinks=True))


def snapshots(folder: Path, number: int) -> list[str]:
    """Publish so many snapshots; return their names, the oldest first."""
    parts = [part(folder, [record(at)]) for at in range(1)]
    names = []
    for day in range(1, number + 1):
        parts.append(part(folder, [record(day, day)]))
        names.append(publish(folder, "doctorqna", parts).id)
    return names


def there(output: Path) -> set[str]:
    return {path.name for path in (output / "doctorqna" / "snapshots").iterdir()}


def prune(output: Path, *options: str) -> crawling.Done:
    return crawling.qacrawl("prune", "doctorqna", "--output", str(output), *options)


@pytest.mark.slow
def test_it_only_says_what_it_would_do_until_it_is_told_to(output):
    names = snapshots(output / "doctorqna", 5)
    said = prune(output, "--keep", "2")
    assert (said.code, said.err) == (0, "")
    assert [line for line in said.out.splitlines() if "would remove" in line] == [
        f"would remove {name}" for name in reversed(names[:3])
    ]
    assert "3 snapshots" in said.out
    assert "MB: --yes removes them" in said.out
    assert there(output) == set(names)
    done = prune(output, "--keep", "2", "--yes")
    assert done.out.count("\nremoved") + done.out.startswith("removed") == 3
    assert there(output) == set(names[3:])
    assert "nothing to remove" in prune(output, "--keep", "2", "--yes").out
    assert not list((output / "doctorqna").glob(".publish-*"))
    assert crawling.qacrawl("verify", str(output / "doctorqna")).code == 0


@pytest.mark.slow
def test_the_published_one_and_those_kept_by_name_stay(output):
    folder = output / "doctorqna"
    names = snapshots(folder, 4)
    held = publish(folder, "doctorqna", [part(folder, [record(9, 9)])], gate=Gate(), doubts=("looks wrong",))
    assert held.held
    assert prune(output, "--keep", "1", "--cite", names[0], "--yes").code == 0
    assert {name for name in there(output) if "." not in name} == {names[0], names[3], held.id}
    more = publish(folder, "doctorqna", [part(folder, [record(10, 10)])])
    assert prune(output, "--keep", "0", "--yes").code == 0
    assert there(output) == {names[0], f"{names[0]}.cited", more.id}  # and what was noted of the others is gone
    assert marks.candidates(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["20200101-000000000000", "../x", ""])
def test_what_is_no_snapshot_can_not_be_kept(output, name):
    names = snapshots(output / "doctorqna", 2)
    done = prune(output, "--keep", "0", "--cite", name, "--yes")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert there(output) == set(names)
