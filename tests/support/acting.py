"""A copy of the project whose parser does what a page says before it reads it: `<!-- act: loop -->`, and the like.

The process that reads pages is a program of its own, so nothing can be put into it but through what it imports.
"""

import os
import re
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from support.places import ROOT

PARSER = """
from qacrawl.sites.doctorqna import real
from qacrawl.sites.doctorqna.acts import act

VERSION = real.VERSION


def parse(page):
    act(page.body)
    return real.parse(page)
"""
held: list[bytes] = []
"""What `keep` keeps."""


def make(folder: Path) -> Path:
    """Copy the project into `folder`, with the parser that acts; return the folder."""
    shutil.copytree(ROOT / "qacrawl", folder / "qacrawl", ignore=shutil.ignore_patterns("__pycache__"))
    site = folder / "qacrawl" / "sites" / "doctorqna"
    (site / "parser.py").rename(site / "real.py")
    (site / "parser.py").write_text(PARSER)
    (site / "acts.py").write_text(
        Path(__file__).read_text().replace("from support.places import ROOT\n", "ROOT = Path()")
    )
    return folder


def environment(project: Path) -> dict[str, str]:
    """What has a program import that copy, wherever it is started."""
    return {"PYTHONPATH": str(project), "PYTHONSAFEPATH": "1"}


def page(body: bytes, act: str) -> bytes:
    """A page that says what to do."""
    return body + f"<!-- act: {act} -->".encode()


def act(body: bytes) -> None:
    """Do what a page says, in the process that reads it."""
    for name in re.findall(rb"<!-- act: (\w+) -->", body):
        ACTS[name.decode()]()


def loop() -> None:
    """Without end, in Python."""
    while True:
        pass


def regex() -> None:
    """Without end, in C that lets nothing else run."""
    re.match(r"(a+)+$", "a" * 40 + "b")


def stubborn() -> None:
    """Without end, and no exception gets through."""
    while True:
        with suppress(BaseException):
            time.sleep(1)


def hoard() -> None:
    """More and more memory, in pieces that are used."""
    pieces = []
    while True:
        pieces.append(b"x" * (8 << 20))


def mapped() -> None:
    """More and more memory that no limit on allocations sees, on Linux: shared."""
    import mmap

    pieces = []
    while True:
        pieces.append(mmap.mmap(-1, 8 << 20))
        pieces[-1].write(b"x" * (8 << 20))
        time.sleep(0.005)


def huge() -> None:
    """A hundred gigabytes at once."""
    bytearray(100 << 30)


def keep() -> None:
    """300 MB that stay."""
    held.append(b"x" * (300 << 20))


def broken() -> None:
    """A bug."""
    raise ZeroDivisionError("a bug\x1b[31m")


def recursion() -> None:
    """Without end, downwards."""
    recursion()


def wait() -> None:
    """Ask a person."""
    input("continue? ")


ACTS = {
    "loop": loop,
    "regex": regex,
    "stubborn": stubborn,
    "hoard": hoard,
    "mapped": mapped,
    "huge": huge,
    "keep": keep,
    "broken": broken,
    "recursion": recursion,
    "input": wait,
    "abort": os.abort,
    "fault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "quit": lambda: os._exit(0),
    "exit": lambda: sys.exit("that was it"),
    "nap": lambda: time.sleep(0.05),
    "second": lambda: time.sleep(1),
    "minute": lambda: time.sleep(60),
    "print": lambda: print("noise"),
}
