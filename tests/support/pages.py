"""Reads the pages of documentation: their code blocks, and the commands in them, run as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer

from qacrawl.cli import app


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


def run(arguments: str | list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell line or a program in `folder`, with this Python's programs on the path and nothing from outside."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QACRAWL_")}
    env = clean | {"PATH": path, "PYTHONPATH": str(folder), "HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    shell = isinstance(arguments, str)
    return subprocess.run(arguments, shell=shell, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
