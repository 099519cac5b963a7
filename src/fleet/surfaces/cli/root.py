"""The root of the command line: finds the verb, loads only that one, turns what goes wrong into an exit code.

Nothing heavy is imported before the verb is known: `fleet --help` is about as fast as Python itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.cli.verbs import Verb, shown_groups, shown_verbs

_INTERRUPTED = 130  # as a shell reports a program that was ended by Ctrl-C
_PIPE_CLOSED = 141  # … and one whose reader went away

_FOOT = """
fleet VERB --help says more. Most verbs take --json: one document on stdout.

Exit codes: 0 done, 1 failed, 2 wrong usage or config, 3 waits for a person,
4 the watcher does not run.
"""


def run(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code. Errors are printed here."""
    try:
        code = _dispatch(list(argv))
        sys.stdout.flush()
    except FleetError as error:
        from fleet.surfaces.cli.output import print_error

        print_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return _PIPE_CLOSED
    except OSError as error:
        from fleet.surfaces.cli.output import print_error

        named = f": {error.filename}" if error.filename else ""
        print_error(FleetError("The operating system refused", why=f"{error.strerror or error}{named}"))
        return 1
    return code


def _dispatch(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help") or argv == ["help"]:
        sys.stdout.write(help_text(colour=_may_colour()))
        return 0
    word, rest = argv[0], argv[1:]
    if word in ("-V", "--version"):
        sys.stdout.write(f"fleet {_version()}\n")
        return 0
    if word == "help":
        word, rest = rest[0], [*rest[1:], "--help"]
    if word.startswith("-"):
        raise UsageError(
            f"There is no option {word} here", do="See fleet --help; options come after the verb."
        )
    verb = shown_verbs().get(word)
    if verb is None:
        raise UsageError(f"There is no verb {word!r}", do=_did_you_mean(word))
    return call(verb, rest)


def call(verb: Verb, argv: list[str]) -> int:
    """Load a verb and run it with its own arguments. Returns its exit code, lets its errors through."""
    target = load(verb)
    if verb.raw:
        return int(target(argv) or 0)
    import typer
    from typer.main import get_command

    try:
        result = get_command(target).main(
            args=argv,
            prog_name=f"fleet {verb.name}",
            standalone_mode=False,
            help_option_names=["-h", "--help"],
            max_content_width=100,
        )
    except typer.TyperException as error:
        raise _as_usage_error(error, verb) from error
    except typer.Abort as error:
        raise FleetError("Nothing was done", why="the question was not answered") from error
    return result if isinstance(result, int) else 0


def load(verb: Verb):  # type: ignore[no-untyped-def]  # a Typer, or the function of a raw verb
    """Import a verb's file and return what its row names; a Typer is stripped of decoration first."""
    from importlib import import_module

    target = getattr(import_module(f"fleet.surfaces.cli.{verb.module}"), verb.attribute)
    if not verb.raw:
        target.rich_markup_mode = None  # plain help: it loads nothing more and reads the same in a pipe
        target.pretty_exceptions_enable = False
        target._add_completion = False
    return target


def help_text(*, colour: bool = False) -> str:
    """The top-level help, for 80 columns."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if colour else ("", "")
    width = max(len(name) for name in shown_verbs())
    lines = ["Usage: fleet VERB [ARGUMENTS]", "", "Runs a group of AI coding agents as one managed system."]
    for title, verbs in shown_groups():
        lines += ["", f"{bold}{title}{plain}"]
        lines += [f"  {verb.name:<{width}}  {verb.help}" for verb in verbs]
    return "\n".join(lines) + "\n" + _FOOT


def _as_usage_error(error: Exception, verb: Verb) -> FleetError:
    """Typer's error in our form: what is wrong with the words, and where to read on."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else f"fleet {verb.name}"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if type(error).__name__ == "NoArgsIsHelpError":
        return UsageError(f"{path} needs to know what to do", do=f"See {path} --help.")
    made = UsageError(message.rstrip("."), do=f"See {path} --help.")
    made.exit_code = getattr(error, "exit_code", UsageError.exit_code)
    return made


def _did_you_mean(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, list(shown_verbs()), n=3, cutoff=0.6)
    if not near:
        return "See fleet --help for the verbs there are."
    return f"Did you mean {' or '.join(near)}? See fleet --help."


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fleet")
    except PackageNotFoundError:
        return "(not installed)"


def _may_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _silence_stdout() -> None:
    """After the reader of our output went away (`| head`): let the flush at exit find nothing to say."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
