"""What the files of a site's hosts say by now, kept in its folder: it counts for pages that were visited before, too.

By draft-ietf-aipref-attach a page that was fetched has what was said then, until it is fetched again. A site that
reserves its pages today need not wait for that here: what its robots.txt or tdmrep.json reserves is out of the next
snapshot. What they no longer reserve is back when the page was visited again.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from qacrawl import files
from qacrawl.archive.warc import ROBOTS, TDMREP
from qacrawl.usage import rules, tdmrep
from qacrawl.usage.directives import AGENT
from qacrawl.usage.hosts import Files, Hosts

NAME = "usage.json"
"""File in output/<site>; there is none while no file of a host says anything of use."""


def note(folder: Path, hosts: Hosts) -> None:
    """Keep what the files of hosts say by now; of a host without an answer, what is known stays."""
    before = _load(folder)
    now = {**before}
    for host, known in hosts.files.items():
        found = {**now.get(host, {}), **_plain(known)}
        now[host] = {name: said for name, said in found.items() if said["says"]}
    now = {host: said for host, said in sorted(now.items()) if said}
    if now != before:
        files.write(folder / NAME, (json.dumps(now, indent=2, ensure_ascii=False) + "\n").encode())


def read(folder: Path) -> Hosts:
    """Return what the files of hosts said last."""
    return Hosts({host: _files(said) for host, said in _load(folder).items()})


def _load(folder: Path) -> dict[str, Any]:
    """Return what the file holds; nothing where there is none, or somebody damaged it: the next run writes it anew."""
    try:
        found = json.loads(files.read(folder / NAME) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _plain(known: Files) -> dict[str, Any]:
    """Return what the files of a host say, as JSON has it."""
    found: dict[str, Any] = {}
    if known.robots is not None and known.robots_at:
        lines = [
            f"{usage.name}: {usage.line}".encode("utf-8", "replace").decode() for usage in known.robots.group.usages
        ]
        found[ROBOTS] = {"seen_at": known.robots_at.isoformat(), "says": lines}
    if known.reserved is not None and known.reserved_at:
        entries = [entry._asdict() for entry in known.reserved]
        found[TDMREP] = {"seen_at": known.reserved_at.isoformat(), "says": entries}
    return found


def _files(said: Mapping[str, Any]) -> Files:
    """Return the files of a host of which JSON has this."""
    robots, reserved = said.get(ROBOTS), said.get(TDMREP)
    lines = "\n".join(["User-agent: *", *(robots["says"] if robots else ())])
    return Files(
        robots=rules.parse(lines.encode(), AGENT) if robots else None,
        robots_at=datetime.fromisoformat(robots["seen_at"]) if robots else None,
        reserved=tuple(tdmrep.Location(**entry) for entry in reserved["says"]) if reserved else None,
        reserved_at=datetime.fromisoformat(reserved["seen_at"]) if reserved else None,
    )
