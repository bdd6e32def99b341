"""Has one write of a command fail, as a disk does: below Python, so that SQLite, Arrow and DuckDB meet it, too.

    with Disk(folder, tmp_path) as disk:          # a process that has loaded what commands need, and forks for each
        trace = disk.run(arguments).trace         # the writes of a command, in their order
        done = disk.run(arguments, at=3, how="eio")

Needs Linux and a C compiler, see `MISSING`; failing.c says what the ways to fail are.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent
COMPILER = shutil.which("cc")
MISSING = not (COMPILER and sys.platform == "linux")
"""Whether this machine can't do it."""
HOW: tuple[Literal["eio", "full", "cut"], ...] = ("eio", "full", "cut")


@dataclass
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str
    trace: list[tuple[str, str]]
    """The kind of each write, and the path below the folder."""


class Disk:
    """A folder on a disk that fails as told."""

    def __init__(self, folder: Path, place: Path) -> None:
        """Prepare for commands that write to `folder`; what this needs itself is put into `place`."""
        self.folder = folder
        self.place = place
        place.mkdir()
        library = place / "failing.so"
        source = HERE / "failing.c"
        subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("QACRAWL_")}
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean | {"LD_PRELOAD": str(library), "QACRAWL_CHARTS": "0"},
        )

    def __enter__(self) -> "Disk":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def run(self, arguments: Sequence[str], at: int = 0, how: str = "eio") -> Done:
        """Run `qacrawl` with arguments, its write number `at` failing; 0: none."""
        names = {name: str(self.place / name) for name in ("count", "trace", "out", "err")}
        Path(names["count"]).write_bytes(bytes(64))
        Path(names["trace"]).write_bytes(b"")
        asked = {"arguments": list(arguments), "at": at, "how": how, "folder": str(self.folder), **names}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        texts = {name: Path(names[name]).read_text(encoding="utf-8") for name in ("out", "err", "trace")}
        lines = [line.split(" ", 1) for line in texts["trace"].splitlines()]
        trace = [(kind, os.path.relpath(path, self.folder)) for kind, path in lines]
        return Done(code, texts["out"], texts["err"], trace)


def serve() -> None:
    """Fork for each command that is asked for, and say with which code it ended."""
    import scrapy.crawler  # noqa: F401
    from scrapy.utils import log  # noqa: F401

    import qacrawl.commands.crawl
    import qacrawl.commands.rebuild
    import qacrawl.publish.committed
    import qacrawl.settings
    import qacrawl.sites.doctorqna.spider
    import qacrawl.workspace  # noqa: F401
    from qacrawl.forget import pages  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(asked: dict[str, Any]) -> None:
    """Be the command that is asked for."""
    from qacrawl import cli

    for number, name in ((1, "out"), (2, "err")):
        file = os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(file, number)
        os.close(file)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ |= {
        "FAILING_FOLDER": asked["folder"],
        "FAILING_AT": str(asked["at"]),
        "FAILING_HOW": asked["how"],
        "FAILING_COUNT": asked["count"],
        "FAILING_TRACE": asked["trace"],
    }
    ctypes.CDLL(None).failing_begin()
    sys.argv = ["qacrawl", *asked["arguments"]]
    code: object = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    serve()
