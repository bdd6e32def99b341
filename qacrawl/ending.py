"""How a command that publishes ended: the last line that it says, and its exit code."""

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from qacrawl.errors import Exit
from qacrawl.publish.data.reserved import Withheld
from qacrawl.publish.snapshot import POINTER, Snapshot
from qacrawl.words import counted


class Ending(NamedTuple):
    """The last line, and the exit code that goes with it."""

    code: Exit
    line: str


def of_snapshot(site: str, output: str, snapshot: Snapshot | None) -> Ending:
    """Return how a publish of `site` in `output` ended; None is one that had no records."""
    if snapshot is None:
        return Ending(Exit.DONE, "no records yet: nothing was published")
    left_out = _left_out(snapshot.withheld)
    if not snapshot.id:
        return Ending(Exit.DONE, f"nothing was published, and there is no dataset{left_out}")
    if snapshot.held:
        accept = shlex.join(["qacrawl", "publish", site, "--output", output, "--accept", snapshot.id])
        why = "; ".join(snapshot.held)
        return Ending(Exit.HELD_BACK, f"snapshot {snapshot.id} was held back: {why}. If it is right: {accept}")
    dataset = snapshot.path.parent.parent / POINTER
    return Ending(Exit.DONE, f"{counted(snapshot.rows, 'record')} in {dataset} -> {snapshot.id}{left_out}")


def _left_out(withheld: Withheld) -> str:
    """Return how many records are not published because their site says so, to be put behind a line."""
    said = ""
    if withheld.reserved and withheld.kept:
        said += f"; {counted(withheld.reserved, 'record')} in it that the site reserves"
    elif withheld.reserved:
        said += f"; {counted(withheld.reserved, 'record')} left out, reserved by the site"
    if withheld.unindexed:
        said += f"; {counted(withheld.unindexed, 'record')} left out, which the site wants in no index any more"
    return said


def of_run(
    site: str,
    output: str,
    snapshot: Snapshot | None,
    problem: str | None,
    doubts: Sequence[str],
    worker: bool,
    waiting: int = 0,
) -> Ending:
    """Return how a run of `site` ended: `problem` and `doubts` are those of its report.

    `waiting` counts the pages, up to 1,000, that it left because it had reached a limit.
    """
    if problem:
        return Ending(Exit.FAILED, f"{problem}; what was fetched is kept, the same command goes on")
    if snapshot and snapshot.held:
        return of_snapshot(site, output, snapshot)
    if doubts:
        return Ending(Exit.HELD_BACK, f"{'; '.join(doubts)}. The dataset is as it was")
    if worker and snapshot is None:
        return Ending(Exit.DONE, "other workers are at work: the last one publishes")
    ending = of_snapshot(site, output, snapshot)
    if not waiting:
        return ending
    wait = "1,000 pages or more wait" if waiting >= 1000 else counted(waiting, "page waits", "pages wait")
    return ending._replace(line=f"{ending.line}; {wait}, the same command goes on")
