"""The law of the session port, as checks that any implementation can be put to.

`check(name, open_sessions, place)` for each name in `LAWS`; each wants a fresh, empty folder as its place.
`open_sessions(place)` gives sessions that live there: called twice it stands for two parties that know the
place and nothing of each other. A check raises AssertionError when the law is broken. It runs real programs
(`/bin/sh` and this Python) and ends them.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from fleet.ports.session import Command, Exit, Record, Sessions, Started

Opener: TypeAlias = Callable[[Path], Sessions]

_PATH = "/usr/local/bin:/usr/bin:/bin"
_STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


class Stage:
    """Where a law is checked: sessions at a place, and patience in seconds for what has to happen."""

    def __init__(self, open_sessions: Opener, place: Path, patience: float) -> None:
        self.place = place
        self.patience = patience
        self.open_sessions = open_sessions
        self.sessions = open_sessions(place)

    def shell(self, script: str, *, seconds: int = 0, grace: float = 0.2) -> Command:
        """A command that runs `script` in the place."""
        return Command(
            ("/bin/sh", "-c", script), {"PATH": _PATH}, str(self.place), seconds=seconds, grace_seconds=grace
        )

    def python(self, script: str, *, stdin: str = "", last_line: str = "") -> Command:
        """A command that runs a Python script and takes input."""
        argv = (sys.executable, "-I", "-S", "-c", script)
        return Command(
            argv, {}, str(self.place), stdin, keep_stdin=True, last_line=last_line, grace_seconds=0.2
        )

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait for something to happen; AssertionError when it does not in time."""
        deadline = time.monotonic() + self.patience
        while not happened():
            assert time.monotonic() < deadline, f"not within {self.patience} s: {what}"
            time.sleep(0.002)

    def end(self, key: str) -> Exit:
        """Wait for the end of a session."""
        self.until(lambda: self.sessions.exit(key) is not None, f"the end of {key}")
        told = self.sessions.exit(key)
        assert told is not None, "exit told the end and then took it back"
        return told

    def records(self, key: str) -> list[Record]:
        """All that there is to read, read on from offset to offset."""
        found: list[Record] = []
        offset = 0
        while True:
            more, behind = self.sessions.read(key, offset)
            if not more:
                assert behind == offset, "there was nothing to read, but the offset moved"
                return found
            found += more
            offset = behind

    def said(self, key: str) -> str:
        """What the program wrote to stdout, pieces joined."""
        out = (record for record in self.records(key) if record.stream == "out")
        return "".join(record.text + ("\n" if record.complete else "") for record in out)

    def await_words(self, key: str, words: str) -> None:
        """Wait until the program has written `words` to stdout."""
        self.until(lambda: words in self.said(key), f"{words!r} from {key}")

    def clear(self) -> None:
        """End every session that the check has left."""
        keys = self.sessions.keys()
        for key in keys:
            self.sessions.stop(key, "the check is over")
        deadline = time.monotonic() + self.patience
        while any(self.sessions.exit(key) is None for key in keys) and time.monotonic() < deadline:
            time.sleep(0.01)


Law: TypeAlias = Callable[[Stage], None]


def check(name: str, open_sessions: Opener, place: Path, *, patience: float = 10.0) -> None:
    """Put an implementation to one law. AssertionError says how it is broken."""
    stage = Stage(open_sessions, place, patience)
    try:
        LAWS[name](stage)
    finally:
        stage.clear()


def _a_key_is_started_once(stage: Stage) -> None:
    once = stage.shell("echo run >> runs; exit 4")
    first = stage.sessions.start("r1", once)
    assert stage.open_sessions(stage.place).start("r1", once) == first, "a second start found another session"
    told = stage.end("r1")
    assert told.code == 4, f"exit status 4 was told as {told}"
    assert stage.sessions.start("r1", once) == first, "a start after the end found another session"
    assert stage.sessions.exit("r1") == told, "a start after the end began a new life"
    assert (stage.place / "runs").read_text() == "run\n", "the program ran more than once"


def _of_two_starts_at_once_one_starts(stage: Stage) -> None:
    command = stage.shell("echo run >> runs")
    parties = [stage.open_sessions(stage.place) for _ in range(4)]

    def start(party: Sessions) -> Started:
        return party.start("r1", command)

    with ThreadPoolExecutor(len(parties)) as pool:
        found = set(pool.map(start, parties))
    stage.end("r1")
    assert len(found) == 1, f"starts at once found different sessions: {found}"
    assert (stage.place / "runs").read_text() == "run\n", "the program ran more than once"


def _a_program_that_cannot_start_has_ended(stage: Stage) -> None:
    missing = Command(("/nowhere/program",), {}, str(stage.place))
    stage.sessions.start("r1", missing)
    told = stage.end("r1")
    assert told.reason == "spawn failed", f"the reason was {told.reason!r}"
    assert "/nowhere/program" in told.error, f"the error does not say what is missing: {told.error!r}"
    assert told.code is None, "it has an exit status, but nothing ran"
    assert told.signal is None, "it has a signal, but nothing ran"


def _another_party_adopts_by_the_key(stage: Stage) -> None:
    command = stage.python("import sys; print('heard ' + sys.stdin.readline(), flush=True)")
    first = stage.sessions.start("r1", command)
    other = stage.open_sessions(stage.place)
    assert other.alive("r1"), "another party does not see that it lives"
    assert other.start("r1", command) == first, "a start of what lives found another session"
    assert other.send("r1", "you\n"), "another party cannot tell it anything"
    stage.until(lambda: other.exit("r1") is not None, "the end, as another party sees it")
    texts = [record.text for record in other.read("r1", 0)[0] if record.stream == "out"]
    assert texts[0] == "heard you", f"another party reads {texts}"
    assert other.exit("r1") == stage.sessions.exit("r1"), "two parties are told different ends"


def _nothing_outlives_the_end(stage: Stage) -> None:
    daemon = (
        "import os, signal, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "        for fd in range(3): os.close(fd)\n"
        "        open('pid.tmp', 'w').write(str(os.getpid()))\n"
        "        os.rename('pid.tmp', 'pid')\n"
        "        while True: time.sleep(1)\n"
        "    os._exit(0)\n"
        "while not os.path.exists('pid'): time.sleep(0.005)\n"
    )
    stage.sessions.start("r1", stage.python(daemon))
    told = stage.end("r1")
    pid = int((stage.place / "pid").read_text())
    assert told.code == 0, f"it ended with {told}"
    assert not _runs(pid), "a daemon that it left behind lives on after its end"


def _stop_ends_what_refuses(stage: Stage) -> None:
    stage.sessions.start("r1", stage.shell(_STUBBORN))
    stage.await_words("r1", "ready")
    stage.sessions.stop("r1", "first")
    stage.sessions.stop("r1", "second")
    told = stage.end("r1")
    assert told.reason == "first", f"the reason was {told.reason!r}, not the first"
    assert told.signal == 9, f"it was not killed: {told}"


def _stop_asks_first(stage: Stage) -> None:
    polite = stage.shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done", grace=stage.patience)
    stage.sessions.start("r1", polite)
    stage.await_words("r1", "ready")
    stage.sessions.stop("r1", "enough")
    told = stage.end("r1")
    assert (told.reason, told.code) == ("enough", 3), f"it was not let end by itself: {told}"


def _the_ceiling_ends_what_refuses(stage: Stage) -> None:
    stage.sessions.start("r1", stage.shell(_STUBBORN, seconds=1))
    told = stage.end("r1")
    assert (told.reason, told.signal) == ("ceiling", 9), f"it ended with {told}"
    assert 1000 <= told.ended - told.started < 1000 + 1000 * stage.patience, f"it took {told}"


def _the_end_is_told_once_and_for_all(stage: Stage) -> None:
    stage.sessions.start("r1", stage.python("import sys; sys.stdin.read()"))
    assert stage.sessions.exit("r1") is None, "an end was told of what lives"
    assert stage.sessions.alive("r1"), "what lives is not alive"
    stage.sessions.close_input("r1")
    told = stage.end("r1")
    assert not stage.sessions.alive("r1"), "it is alive after its end"
    stage.sessions.stop("r1", "too late")
    assert not stage.sessions.send("r1", "too late\n"), "it took input after its end"
    time.sleep(0.005)
    assert stage.sessions.exit("r1") == told, "the end changed"
    assert told.reason == "exited", f"the reason was {told.reason!r}"


def _every_record_is_read_once_and_in_order(stage: Stage) -> None:
    count = 20_000
    stage.sessions.start("r1", stage.shell(f"seq 1 {count}; printf last"))
    found: list[Record] = []
    offset = 0
    while stage.sessions.exit("r1") is None:
        more, offset = stage.sessions.read("r1", offset)
        found += more
    while (page := stage.sessions.read("r1", offset))[0]:
        found, offset = found + page[0], page[1]
    texts = [record.text for record in found if record.stream == "out"]
    assert texts == [*map(str, range(1, count + 1)), "last"], "records are missing, double or out of order"
    assert not found[-1].complete, "a last line without an end was called complete"
    assert stage.records("r1") == found, "a second reading gave other records"
    assert [record.t for record in found] == sorted(record.t for record in found), "times go back"


def _bytes_are_kept(stage: Stage) -> None:
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 300); sys.stdout.flush()"
    stage.sessions.start("r1", stage.python(script))
    stage.end("r1")
    got = stage.said("r1").encode("utf-8", "surrogateescape")
    assert got == bytes(range(256)) * 300, "the bytes that were read are not those that were written"


def _rewriting_changes_texts_alone(stage: Stage) -> None:
    def masked(records: Iterable[Record]) -> Iterable[Record]:
        return (replace(each, text=each.text.replace("secret", "***")) for each in records)

    script = "import sys; print('a secret'); print('b'); sys.stdout.flush(); sys.stdin.read()"
    stage.sessions.start("r1", stage.python(script))
    stage.until(lambda: "b" in stage.said("r1"), "what it prints")
    assert not stage.sessions.rewrite("r1", masked), "what a live session said was rewritten"
    stage.sessions.close_input("r1")
    stage.end("r1")
    before, end = stage.sessions.read("r1", 0)
    assert stage.sessions.rewrite("r1", masked), "nothing was rewritten"
    assert stage.open_sessions(stage.place).read("r1", 0) == (list(masked(before)), end), (
        "it is not the same records at the same places, with other texts"
    )
    assert not stage.sessions.rewrite("r1", masked), "it was rewritten twice"


def _input_arrives_exactly(stage: Stage) -> None:
    echo = "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
    stage.sessions.start("r1", stage.python(echo, stdin="prompt "))
    texts = ["é", "\udcff", "x" * 300_000, "\n", " end"]
    assert all(stage.sessions.send("r1", text) for text in texts), "input was refused while it lives"
    stage.sessions.close_input("r1")
    stage.end("r1")
    assert stage.said("r1") == "prompt " + "".join(texts), "what arrived is not what was sent"


def _what_has_a_name_is_told_once(stage: Stage) -> None:
    stage.sessions.start("r1", stage.python("for line in open(0): print(line, end='', flush=True)"))
    assert stage.sessions.send("r1", "one\n", once="a")
    assert stage.sessions.send("r1", "one\n", once="a"), "what is under way counts as refused"
    stage.await_words("r1", "one")
    assert stage.sessions.send("r1", "one\n", once="a"), "what was told counts as refused"
    assert stage.sessions.send("r1", "one\n", once="b")
    stage.sessions.close_input("r1")
    stage.end("r1")
    assert stage.said("r1") == "one\none\n", f"it was told so often: {stage.said('r1')!r}"


def _the_last_line_closes_the_input(stage: Stage) -> None:
    script = "import sys\nprint('result 1', flush=True)\nsys.stdin.read()"
    stage.sessions.start("r1", stage.python(script, last_line="result"))
    assert stage.end("r1").code == 0, "its input was not closed after its last line"
    assert not stage.sessions.send("r1", "more\n"), "it took input after its last line"
    words = '{"cost": 1, "about": {"a": [1]}, "type":  "result", "ok": true}'
    script = f"import sys\nprint({words!r}, flush=True)\nsys.stdin.read()"
    stage.sessions.start("r2", stage.python(script, last_line='{"type":"result"}'))
    assert stage.end("r2").code == 0, "its input was not closed after a document that has its last line"


def _news_and_ends_wake(stage: Stage) -> None:
    stage.sessions.start("r1", stage.python("import sys; print(sys.stdin.readline(), flush=True)"))
    stage.sessions.drain()
    stage.sessions.send("r1", "word\n")
    stage.await_words("r1", "word")
    _await_wake(stage, "r1", "there was news")
    while stage.sessions.exit("r1") is None:
        _await_wake(stage, "r1", "it ended")


def _a_key_never_started_is_no_error(stage: Stage) -> None:
    sessions = stage.sessions
    assert not sessions.alive("r9"), "what was never started is alive"
    assert sessions.exit("r9") is None, "what was never started has ended"
    assert sessions.read("r9", 0) == ([], 0), "there is something to read of what was never started"
    assert sessions.watch("r9") is None, "what was never started can be watched"
    assert not sessions.send("r9", "hello\n"), "what was never started takes input"
    sessions.stop("r9", "whatever")
    sessions.close_input("r9")
    assert not sessions.keys(), "asking for a key started it"


def _keys_lists_the_ended_too(stage: Stage) -> None:
    stage.sessions.start("r1", stage.shell("exit 0"))
    stage.sessions.start("r2", stage.python("import sys; sys.stdin.read()"))
    stage.end("r1")
    assert set(stage.open_sessions(stage.place).keys()) == {"r1", "r2"}, "a key is missing"


def _watch_tells_the_end(stage: Stage) -> None:
    stage.sessions.start("r1", stage.python("import sys; sys.stdin.read()"))
    fd = stage.sessions.watch("r1")
    if fd is not None:
        assert not _readable(fd, 0), "the end was told of what lives"
        stage.sessions.close_input("r1")
        assert _readable(fd, stage.patience), "the end was not told"
        os.close(fd)
        stage.end("r1")
        assert stage.sessions.watch("r1") is None, "what has ended can be watched"


LAWS: Mapping[str, Law] = {
    law.__name__.strip("_").replace("_", " "): law
    for law in (
        _a_key_is_started_once,
        _of_two_starts_at_once_one_starts,
        _a_program_that_cannot_start_has_ended,
        _another_party_adopts_by_the_key,
        _nothing_outlives_the_end,
        _stop_ends_what_refuses,
        _stop_asks_first,
        _the_ceiling_ends_what_refuses,
        _the_end_is_told_once_and_for_all,
        _every_record_is_read_once_and_in_order,
        _bytes_are_kept,
        _rewriting_changes_texts_alone,
        _input_arrives_exactly,
        _what_has_a_name_is_told_once,
        _the_last_line_closes_the_input,
        _news_and_ends_wake,
        _a_key_never_started_is_no_error,
        _keys_lists_the_ended_too,
        _watch_tells_the_end,
    )
}
"""Every law by what it says."""


def _await_wake(stage: Stage, key: str, why: str) -> None:
    assert _readable(stage.sessions.wakes(), stage.patience), f"no wake, though {why}"
    keys = stage.sessions.drain()
    assert key in keys, f"the wake was for {keys}"


def _readable(fd: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
