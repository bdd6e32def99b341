"""`python -m qacrawl`."""

from qacrawl.cli import main

main()
