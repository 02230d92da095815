"""Run with ``python -m cutroom``."""

from cutroom.cli.main import main

main()
