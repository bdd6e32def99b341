"""What the files of a site's hosts say by now, kept in its folder: it counts for pages that were visited before, too.

By draft-ietf-aipref-attach a page that was fetched has what was said then, until it is fetched again. A site that
reserves its pages today need not wait for that here: what its robots.txt or tdmrep.json reserves is out of the next
snapshot. What they no longer reserve is back when the page was visited again.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from qacrawl import files
from qacrawl.archive.warc import ROBOTS, TDMREP
from qacrawl.usage import rules, tdmrep
from qacrawl.usage.directives import AGENT
from qacrawl.usage.hosts import Files, Hosts

Said = dict[str, dict[str, Any]]
"""By scheme and host, and by file: when it was seen, and what it says, as JSON has it."""
NAME = "usage.json"
"""File in output/<site>; there is none while no file of a host says anything of use."""


def note(folder: Path, hosts: Hosts) -> None:
    """Keep what the files of hosts say by now; of a host without an answer, what is known stays."""
    before = _load(folder)
    now = {**before}
    for host, known in hosts.files.items():
        now[host] = {**now.get(host, {}), **_plain(known)}
    _write(folder, before, now)


def add(folder: Path, said: Said) -> None:
    """Keep what files of hosts say that were found in archives of others, unless something newer is known."""
    before = _load(folder)
    _write(folder, before, newest([before, said]))


def read(folder: Path, said: Said | None = None) -> Hosts:
    """Return what the files of hosts said last, as it would be if `said` were added."""
    found = newest([_load(folder), said or {}])
    return Hosts({host: _files(known) for host, known in found.items()})


def said(hosts: Hosts) -> Said:
    """Return what the files of hosts say, as JSON has it."""
    return {host: found for host, known in hosts.files.items() if (found := _plain(known))}


def newest(several: Iterable[Said]) -> Said:
    """Return the newest of what several say of each file of each host; of two of one time, the first that says most."""
    found: Said = {}
    for one in several:
        for host, by_name in one.items():
            known = found.setdefault(host, {})
            for name, new in by_name.items():
                if name not in known or _rank(new) > _rank(known[name]):
                    known[name] = new
    return found


def by_any_scheme(said: Said) -> Said:
    """Return what is said with that of http:// for https:// as well, and the other way, where that has none itself."""
    found = {_other(host): by_name for host, by_name in said.items()}
    return {host: {**found.get(host, {}), **said.get(host, {})} for host in {**said, **found}}


def _other(host: str) -> str:
    """Return scheme and host with the other scheme."""
    scheme, _, name = host.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{name}"


def _rank(one: Mapping[str, Any]) -> tuple[datetime, int]:
    return datetime.fromisoformat(one["seen_at"]), len(one["says"])


def _write(folder: Path, before: Said, now: Said) -> None:
    """Keep what is said, but for files that say nothing, where it is not what was known before."""
    some = {host: {name: one for name, one in said.items() if one["says"]} for host, said in sorted(now.items())}
    some = {host: said for host, said in some.items() if said}
    if some != before:
        files.write(folder / NAME, (json.dumps(some, indent=2, ensure_ascii=False) + "\n").encode())


def _load(folder: Path) -> Said:
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
