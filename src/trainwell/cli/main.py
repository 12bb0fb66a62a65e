"""Entry point: choose the language, find the commands, run one, turn errors into one line and an exit code.

Exit codes: 0 good; 1 a problem of severity "error" was found, with --strict; 2 the input or the command was wrong;
3 trainwell itself failed; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from trainwell.cli import commands
from trainwell.cli.options import Lang
from trainwell.cli.session import Session
from trainwell.errors import InputError, TrainwellError
from trainwell.locales import LANGUAGES, Language, Text, preferred_language

ABOUT = Text(
    en="Trains deep networks well, and shows why. Start with: trainwell train digits",
    zh="把深层网络训练好，并说明原因。从这里开始：trainwell train digits",
)
LANGUAGE_HELP = Text(en="Language of everything that is said: en or zh.", zh="显示语言：en 或 zh。")
VERSION_HELP = Text(en="Show the version.", zh="显示版本。")
HELP_HELP = Text(en="Show this help.", zh="显示帮助。")
ERROR = Text(en="error: ", zh="错误：")
FAILED = Text(
    en="trainwell failed: {error}; this is a defect of trainwell, please report it (TRAINWELL_DEBUG=1 shows where)",
    zh="trainwell 自身出错：{error}；这是 trainwell 的缺陷，请反馈（设置 TRAINWELL_DEBUG=1 可查看位置）",
)
PANELS = {
    "ARGUMENTS_PANEL_TITLE": Text(en="Arguments", zh="参数"),
    "OPTIONS_PANEL_TITLE": Text(en="Options", zh="选项"),
    "COMMANDS_PANEL_TITLE": Text(en="Commands", zh="命令"),
    "DEFAULT_STRING": Text(en="[default: {}]", zh="[默认：{}]"),
    "REQUIRED_LONG_STRING": Text(en="[required]", zh="[必填]"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; those of the process if not given.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    session = Session(_language(given))
    try:
        return _run(given, session)
    except TrainwellError as error:
        _say_error(session, error.text(session.language))
        return 2 if isinstance(error, InputError) else 3
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has gone, as `| head` does
        sys.stderr.close()
        return 0
    except Exception as error:
        if os.environ.get("TRAINWELL_DEBUG"):
            raise
        first = (str(error).strip().splitlines() or [""])[0][:300]
        _say_error(session, FAILED.format(error=f"{type(error).__name__}: {first}")[session.language])
        return 3


def build_app(session: Session) -> Any:
    """The Typer application with every command of the folder `commands`."""
    import typer
    from typer import rich_utils

    for name, text in PANELS.items():
        setattr(rich_utils, name, session(text))
    app = typer.Typer(
        name="trainwell",
        help=session(ABOUT),
        no_args_is_help=True,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="rich",
    )

    def version(show: bool) -> None:
        if show:
            from trainwell import __version__

            typer.echo(f"trainwell {__version__}")
            raise typer.Exit

    @app.callback()
    def options(  # pyright: ignore[reportUnusedFunction]
        lang: Lang = typer.Option(Lang(session.language), "--lang", help=session(LANGUAGE_HELP), show_default=False),
        show_version: bool = typer.Option(
            False, "--version", help=session(VERSION_HELP), callback=version, is_eager=True
        ),
    ) -> None:
        del lang, show_version  # the language was read before the application was built

    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda m: m.name):
        importlib.import_module(f"{commands.__name__}.{module.name}").add_to(app, session)
    return app


def _run(given: list[str], session: Session) -> int:
    import typer

    command = typer.main.get_command(build_app(session))
    _translate_help_option(command, session)
    try:
        result = command.main(args=given, prog_name="trainwell", standalone_mode=False)
    except typer.exceptions.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # pyright: ignore[reportAttributeAccessIssue]
            return 0
        _say_error(session, _usage_message(error, session, given))
        return 2
    except typer.Abort:
        return 130
    return result if isinstance(result, int) else 0


def _translate_help_option(command: Any, session: Session) -> None:
    """Typer makes the help option of every command itself, in English."""
    for each in (command, *command.commands.values()):
        made: Callable[[Any], Any] = each.get_help_option

        def translated(context: Any, made: Callable[[Any], Any] = made) -> Any:
            option = made(context)
            if option is not None:
                option.help = session(HELP_HELP)
            return option

        each.get_help_option = translated


def _usage_message(error: Any, session: Session, given: list[str]) -> str:
    """A mistake in the command itself, as one line in the session's language."""
    kind = type(error).__name__
    param = getattr(error, "param", None)
    name = "" if param is None else (param.opts[0] if param.opts else param.name).upper()
    if param is not None and name.startswith("--"):
        name = name.lower()
    if kind == "NoSuchOption":
        near = ", ".join(error.possibilities or ())
        return session(
            Text(
                en=f"no such option: {error.option_name}" + (f"; did you mean {near}?" if near else "; see --help"),
                zh=f"没有选项 {error.option_name}" + (f"；您是否想用：{near}？" if near else "；请查看 --help"),
            )
        )
    if kind == "MissingParameter":
        return session(Text(en=f"{name} is missing; see --help", zh=f"缺少 {name}；请查看 --help"))
    if kind == "BadParameter" and param is not None:
        value = _given_value(given, getattr(param, "opts", ()))
        expected = Text(en=error.message, zh=error.message)
        if "integer" in error.message:
            expected = Text(en="a whole number", zh="整数")
        elif "number" in error.message:
            expected = Text(en="a number", zh="数值")
        return session(
            Text(
                en=f"{name}: expected {expected.en}, given {value!r}; see --help",
                zh=f"{name}：应为{expected.zh}，给出的是 {value!r}；请查看 --help",
            )
        )
    message = error.format_message()
    names: list[str] = re.findall(r"'([^']+)'", message)
    if message.startswith("No such command") and names:
        near = ", ".join(names[1:])
        return session(
            Text(
                en=f"no such command: {names[0]}" + (f"; did you mean {near}?" if near else "; see --help"),
                zh=f"没有命令 {names[0]}" + (f"；您是否想用：{near}？" if near else "；请查看 --help"),
            )
        )
    return session(Text(en=f"{message} (see --help)", zh=f"命令有误：{message}（请查看 --help）"))


def _given_value(given: list[str], names: Sequence[str]) -> str:
    """What was written after an option."""
    for position, argument in enumerate(given):
        name, equals, value = argument.partition("=")
        if name in names:
            return value if equals else given[position + 1] if position + 1 < len(given) else ""
    return ""


def _say_error(session: Session, message: str) -> None:
    one_line = " ".join(message.split())
    session.errors.print(f"{session(ERROR)}{one_line}", style="bold red", markup=False)


def _language(given: list[str]) -> Language:
    """The language asked for with --lang anywhere in the command, else that of the environment."""
    for position, argument in enumerate(given):
        value = None
        if argument == "--lang" and position + 1 < len(given):
            value = given[position + 1]
        elif argument.startswith("--lang="):
            value = argument.partition("=")[2]
        if value is not None:
            for language in LANGUAGES:
                if value == language:
                    return language
    return preferred_language()
