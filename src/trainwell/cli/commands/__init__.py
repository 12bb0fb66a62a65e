"""One file per command, found by looking into this folder; each offers `add_to(app, session)`.

The files do not postpone their annotations: Typer reads the help texts in them, and those are in the language of the
session.
"""
