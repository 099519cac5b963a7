"""The watcher's own memory and environment, which hold what no agent is to have."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, os, subprocess
from fleet.masking import keep_to_itself
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # whoever changed its user is not readable already
read = lambda: subprocess.call(["cat", f"/proc/{os.getpid()}/environ"], stdout=-3, stderr=-3, cwd="/") == 0
before = read()
keep_to_itself()
print(before, read())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system has other rules")
def test_another_program_of_the_same_user_reads_neither() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.stdout.split() == ["True", "False"], done.stderr
