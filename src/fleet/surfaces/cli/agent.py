"""`fleet agent …`: what a running agent asks of Fleet, from the shell of its session.

Standard library only, since agents call it often and wait for it. A watcher that is just restarting is
waited for: every request has a key of its own, so sending it again can't do it twice.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from fleet.model.errors import UsageError

WORDS = {
    "done": "report that the work is done",
    "review": "approve the change, or request changes",
    "ask": "ask a person",
    "emit": "record an event of your own",
    "propose": "propose an issue or a comment",
    "context": "read the issue, the pull request, reviews and feedback",
    "budget": "read what is left of the time, cost and tokens of this run",
}

_MOST = 1024 * 1024  # characters read from a file or stdin: what the gateway takes is far less


def main(argv: Sequence[str]) -> int:
    """What the table of verbs calls; the same as `run`."""
    return run(list(argv))


def run(argv: list[str]) -> int:
    """Run `fleet agent` with these arguments and return its exit code; errors are raised for the root.

    Raises `UsageError` (2) for wrong words or outside a session, `FleetError` (1) when the gateway refuses,
    `WatcherDown` (4) when no watcher came back in time.
    """
    parser = _parser()
    try:
        options = parser.parse_args(argv)
    except SystemExit as end:  # --help was shown
        return int(end.code or 0)
    args = _ARGUMENTS[options.verb](options)

    from fleet.surfaces.cli.agent_call import call

    answer = call(options.verb, args)
    if options.json:
        from fleet.surfaces.cli.output import print_json

        print_json(answer)
    else:
        from fleet.surfaces.cli.output import clean

        sys.stdout.write(clean(str(answer.get("message", "")), keep_lines=True) + "\n")
    return 0


def _done(options: argparse.Namespace) -> dict[str, Any]:
    return {"text": _text(options)}


def _review(options: argparse.Namespace) -> dict[str, Any]:
    return {"verdict": options.verdict, "text": _text(options)}


def _ask(options: argparse.Namespace) -> dict[str, Any]:
    return {"question": _text(options)}


def _emit(options: argparse.Namespace) -> dict[str, Any]:
    import json

    try:
        data = json.loads(options.data) if options.data else {}
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "--data is not JSON", why=str(error), do="""Write --data '{"name": 1}'."""
        ) from error
    return {"type": options.type, "data": data}


def _propose(options: argparse.Namespace) -> dict[str, Any]:
    if options.kind == "issue" and not options.title:
        raise UsageError("An issue needs a title", do="Add --title TEXT.")
    if options.kind == "comment" and (options.title or options.label):
        raise UsageError("A comment has no title and no labels", do="Leave them out, or propose an issue.")
    body = _read_stdin() if options.body == "-" else options.body
    return {"kind": options.kind, "title": options.title, "body": body, "labels": options.label}


_ARGUMENTS: Mapping[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "done": _done,
    "review": _review,
    "ask": _ask,
    "emit": _emit,
    "propose": _propose,
    "context": lambda _options: {},
    "budget": lambda _options: {},
}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in Fleet's own form."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:], do=f"See {self.prog} --help.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="fleet agent", description="What a running agent may ask (inside a session only).")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    made: dict[str, argparse.ArgumentParser] = {}
    for word, says in WORDS.items():
        made[word] = verbs.add_parser(word, help=says, description=says.capitalize() + ".")
        made[word].add_argument("--json", action="store_true", help="print the answer as JSON")
    made["review"].add_argument("verdict", choices=("approve", "request-changes"))
    for word, name in (("done", "TEXT"), ("review", "TEXT"), ("ask", "QUESTION")):
        made[word].add_argument("words", nargs="*", metavar=name, help="the text; - reads it from stdin")
        made[word].add_argument("-m", "--message", metavar="TEXT", help="the text")
        made[word].add_argument("-F", "--file", metavar="FILE", help="read the text from a file, - for stdin")
    made["emit"].add_argument("type", metavar="TYPE", help="such as docs.outdated")
    made["emit"].add_argument("--data", metavar="JSON", default="", help="an object")
    made["propose"].add_argument("kind", choices=("issue", "comment"))
    made["propose"].add_argument("--title", default="", metavar="TEXT", help="one line, for an issue")
    made["propose"].add_argument(
        "--body", "-m", "--message", default="", metavar="TEXT", help="the text; - reads it from stdin"
    )
    made["propose"].add_argument("--label", action="append", default=[], metavar="NAME")
    return parser


def _text(options: argparse.Namespace) -> str:
    """The text from wherever it was given; giving it twice is a mistake that must not lose one of them."""
    given = [options.message is not None, options.file is not None, bool(options.words)]
    if sum(given) > 1:
        raise UsageError("The text is given more than once", do="Use one of: TEXT, -m TEXT, -F FILE, -.")
    if options.message is not None:
        return str(options.message)
    if options.file not in (None, "-"):
        return _read_file(options.file)
    if options.file == "-" or options.words == ["-"]:
        return _read_stdin()
    return " ".join(options.words)


def _read_file(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123  # pathlib costs 5 ms
            return _bounded(file.read(_MOST + 1), path)
    except OSError as error:
        raise UsageError(f"{path} can't be read", why=error.strerror or str(error)) from error


def _read_stdin() -> str:
    return _bounded(sys.stdin.buffer.read(_MOST + 1).decode("utf-8", "replace"), "stdin")


def _bounded(text: str, place: str) -> str:
    if len(text) > _MOST:
        raise UsageError(f"The text from {place} is far too long", do="Shorten it to some pages at most.")
    return text
