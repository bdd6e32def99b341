"""How long the reading of a page may take and how much memory it may hold; measuring and bounding that memory."""

import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the program that reads has no use for it
    from qacrawl.options import Options


class Limits(NamedTuple):
    """What one page may take."""

    seconds: float
    megabytes: int
    """Memory of the process that reads, its program included."""

    @property
    def bytes(self) -> int:
        """The memory in bytes."""
        return self.megabytes << 20


def of(options: "Options") -> Limits:
    """Return the limits that a user chose."""
    return Limits(options.read_seconds, options.read_megabytes)


def resident(pid: int) -> int:
    """Return the bytes of memory that a process holds; 0 where that can't be told."""
    table = Path("/proc")
    try:
        if (table / "self" / "statm").exists():
            return int((table / str(pid) / "statm").read_text().split()[1]) * resource.getpagesize()
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        return int(subprocess.check_output(command, stderr=subprocess.DEVNULL)) << 10  # noqa: S603
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):  # it has ended, or there is no `ps`
        return 0


def peak() -> int:
    """Return the most bytes of memory that this process has held; it takes no time to ask for."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def restrict(size: int) -> None:
    """Have allocations fail in this process when it would have more than `size` bytes, where the system can do that.

    Linux counts what is allocated (RLIMIT_DATA); other systems count addresses, or nothing.
    """
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    with suppress(OSError, ValueError):  # macOS refuses; a hard limit may be lower already
        resource.setrlimit(kind, (size, resource.getrlimit(kind)[1]))
