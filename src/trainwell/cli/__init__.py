"""The command line."""

from trainwell.cli.main import main

__all__ = ["main"]
