"""Reads the pages of documentation: their code blocks, and the commands in them, run as a reader would."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import typer
from support.places import ROOT

from qacrawl.cli import app

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ACTIVATE = ". .venv/bin/activate"
"""What a page has its reader type, once in each shell, before the programs of the environment."""


def commands(group: Any, prefix: str = "") -> dict[str, Any]:
    """The commands of a group by their names, those of groups in it as "group command"."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        found |= commands(command, f"{prefix}{name} ") if inner else {f"{prefix}{name}": command}
    return found


COMMANDS = commands(typer.main.get_command(app))


def blocks(text: str, *languages: str) -> list[str]:
    """The code blocks of a page in these languages."""
    return re.findall(rf"^```(?:{'|'.join(languages)})\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def lines(text: str) -> list[str]:
    """The commands in the shell blocks of a page."""
    found = "\n".join(blocks(text, "sh", "console")).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ").split("  #")[0].strip() for line in found if line.strip()]


def links(text: str) -> list[str]:
    """Where a page leads: its links and pictures, in the text or listed at its end."""
    text = re.sub(r"(?s)```.*?```", "", text)
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^\]]+\]: (\S+)$", text, re.MULTILINE)
    return [target.partition("#")[0] for target in found if not target.startswith("#")]


def named_there(text: str) -> set[str]:
    """What a page names as [name] or ![picture][name], and so must list at its end."""
    text = re.sub(r"(?s)```.*?```|`[^`]*`|^\[[^\]]+\]: .*?$", "", text, flags=re.MULTILINE)
    return set(re.findall(r"\[([^\]]+)\](?![(\[:])", text))


def in_checkout(target: str, page: Path) -> Path | None:
    """The file or folder that a link of `page` leads to, also by its address on GitHub; None for what is elsewhere."""
    source = PROJECT["project"]["urls"]["Source"]
    raw = source.replace("https://github.com/", "https://raw.githubusercontent.com/")
    if here := re.fullmatch(rf"(?:{source}/(?:blob|tree|raw)|{raw})/main/(.*)", target):
        return ROOT / here[1]
    return None if re.match(r"https?:|mailto:", target) else page.parent / target


def run(arguments: str | list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell line or a program in `folder`, with this Python's programs on the path and nothing from outside."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QACRAWL_")}
    env = clean | {"PATH": path, "PYTHONPATH": str(folder), "HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    shell = isinstance(arguments, str)
    return subprocess.run(arguments, shell=shell, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
