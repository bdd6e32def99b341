"""A clock that is wrong: Python imports this first where its folder is on PYTHONPATH, also in child processes.

`CLOCK_AHEAD` is the number of seconds by which it is ahead for qacrawl; a monotonic clock is right at any rate.
"""

import datetime
import os
import sys
import time
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

AHEAD = float(os.environ["CLOCK_AHEAD"])
_time, _datetime = time.time, datetime.datetime


class _Kind(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, _datetime)


class _Wrong(_datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _datetime.fromtimestamp(_time() + AHEAD, tz)


class _Finder:
    """Has the modules of qacrawl know the wrong clock only: libraries in C want the real class."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name.startswith("qacrawl.") else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def run(module: ModuleType) -> None:
            execute(module)
            if getattr(module, "datetime", None) is _datetime:
                module.datetime = _Wrong  # type: ignore[attr-defined]

        spec.loader.exec_module = run  # type: ignore[method-assign]
        return spec


time.time = lambda: _time() + AHEAD
sys.meta_path.insert(0, _Finder)  # type: ignore[arg-type]
