"""Options that several commands share, in the language of the session."""

import enum
from typing import Any

import typer

from trainwell.cli.session import Session
from trainwell.locales import Text


class Lang(enum.StrEnum):
    """Languages of the command line."""

    en = "en"
    zh = "zh"


def lang_option(session: Session) -> Any:
    """--lang, accepted after the command too; it was read before the application was built."""
    text = Text(en="Language: en or zh.", zh="显示语言：en 或 zh。")
    return typer.Option(Lang(session.language), "--lang", help=session(text), show_default=False)


def json_option(session: Session) -> Any:
    """--json."""
    text = Text(en="Print the result as JSON on the last line.", zh="最后一行以 JSON 输出结果。")
    return typer.Option(False, "--json", help=session(text))


def quiet_option(session: Session) -> Any:
    """--quiet."""
    text = Text(en="Say nothing but results and errors.", zh="只显示结果与错误。")
    return typer.Option(False, "--quiet", "-q", help=session(text))


def strict_option(session: Session, text: Text) -> Any:
    """--strict, with what it means for this command."""
    return typer.Option(False, "--strict", help=session(text))
