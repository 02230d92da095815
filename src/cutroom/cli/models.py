"""``cutroom models``."""

import typer


def add_to(app: typer.Typer) -> None:
    """Give it."""
