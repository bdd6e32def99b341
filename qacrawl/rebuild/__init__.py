"""The archive read again: any WARC file to rows, staged a file at a time, compared before they count."""

from typing import Literal

Engine = Literal["pool", "spark"]
"""Who reads archive files: the processes of this machine, or a cluster."""
