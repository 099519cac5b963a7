"""Shim sessions obey the port's law, and each law catches a twin that breaks it."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.adapters.sessions import processes
from fleet.adapters.sessions.run_folder import RunFolder
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.model.errors import Permanent
from fleet.ports.session import Exit
from fleet.testing.sessions_law import LAWS, check


@pytest.mark.parametrize("law", LAWS)
def test_shim_sessions_obey(law, tmp_path):
    check(law, ShimSessions, tmp_path)


class StartsAgain(ShimSessions):
    def start(self, key, command):
        return super().start(f"{key}-{time.monotonic_ns()}", command)

    def exit(self, key):
        return super().exit(next((name for name in self.keys() if name.startswith(key)), key))


class RaisesForAMissingProgram(ShimSessions):
    def start(self, key, command):
        if not Path(command.argv[0]).exists():
            raise AssertionError("there is no such program")
        return super().start(key, command)


class KnowsOnlyItsOwn(ShimSessions):
    def __init__(self, root):
        super().__init__(root)
        self.own = set()

    def start(self, key, command):
        self.own.add(key)
        return super().start(key, command)

    def alive(self, key):
        return key in self.own and super().alive(key)


class TellsTheEndOfTheProgramAlone(ShimSessions):
    def exit(self, key):
        session = RunFolder(self._root, key).session()
        if session is None or processes.is_alive(session.child):
            return None
        return super().exit(key) or Exit("exited", code=0)


class OnlyAsks(ShimSessions):
    def stop(self, key, reason):
        processes.send_signal(RunFolder(self._root, key).session().child, signal.SIGTERM)


class NeverAsks(ShimSessions):
    def stop(self, key, reason):
        processes.send_signal(RunFolder(self._root, key).session().child, signal.SIGKILL)


class HasNoCeiling(ShimSessions):
    def start(self, key, command):
        return super().start(key, replace(command, seconds=0))


class ChangesItsMind(ShimSessions):
    def exit(self, key):
        told = super().exit(key)
        return told and replace(told, ended=time.monotonic_ns())


class LosesTheFirstRecordOfAPage(ShimSessions):
    def read(self, key, offset):
        records, behind = super().read(key, offset)
        return (records[1:] if offset else records), behind


class ReplacesBytes(ShimSessions):
    def read(self, key, offset):
        records, behind = super().read(key, offset)
        clean = [
            replace(one, text=one.text.encode("utf-8", "replace").decode("utf-8", "replace"))
            for one in records
        ]
        return clean, behind


class RewritesAnew(ShimSessions):
    def rewrite(self, key, rewritten):
        path = RunFolder(self._root, key).path / "transcript.jsonl"
        records = rewritten(self.read(key, 0)[0])
        path.write_text("".join(json.dumps(line_of(each)) + "\n" for each in records))
        return True


def line_of(record):
    return {"t": record.t, "s": record.stream, "d": record.text, "nl": record.complete}


class StripsInput(ShimSessions):
    def send(self, key, text, *, once=""):
        return super().send(key, text.strip(), once=once)


class SaysItTwice(ShimSessions):
    def send(self, key, text, *, once=""):
        return super().send(key, text)


class OverlooksTheLastLine(ShimSessions):
    def start(self, key, command):
        return super().start(key, replace(command, last_line=""))


class NeverWakes(ShimSessions):
    def wakes(self):
        return self.__dict__.setdefault("pipe", os.pipe())[0]


class RefusesUnknownKeys(ShimSessions):
    def read(self, key, offset):
        if key not in self.keys():
            raise Permanent(f"there is no session {key}")
        return super().read(key, offset)


class ForgetsTheEnded(ShimSessions):
    def keys(self):
        return list(filter(self.alive, super().keys()))


class WatchesNothing(ShimSessions):
    def watch(self, key):
        return os.open(os.devnull, os.O_RDONLY)


TWINS = {
    "a key is started once": StartsAgain,
    "of two starts at once one starts": StartsAgain,
    "a program that cannot start has ended": RaisesForAMissingProgram,
    "another party adopts by the key": KnowsOnlyItsOwn,
    "nothing outlives the end": TellsTheEndOfTheProgramAlone,
    "stop ends what refuses": OnlyAsks,
    "stop asks first": NeverAsks,
    "the ceiling ends what refuses": HasNoCeiling,
    "the end is told once and for all": ChangesItsMind,
    "every record is read once and in order": LosesTheFirstRecordOfAPage,
    "bytes are kept": ReplacesBytes,
    "rewriting changes texts alone": RewritesAnew,
    "input arrives exactly": StripsInput,
    "what has a name is told once": SaysItTwice,
    "the last line closes the input": OverlooksTheLastLine,
    "news and ends wake": NeverWakes,
    "a key never started is no error": RefusesUnknownKeys,
    "keys lists the ended too": ForgetsTheEnded,
    "watch tells the end": WatchesNothing,
}


def test_every_law_has_a_twin_that_breaks_it():
    assert TWINS.keys() == LAWS.keys()


@pytest.mark.parametrize("law", LAWS)
def test_a_twin_that_breaks_the_law_is_caught(law, runs):
    with pytest.raises((AssertionError, Permanent)):
        check(law, TWINS[law], runs.root, patience=1.5)
