"""`fleet demo --forge github`: the demo's whole story, with the real gh."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def demo(**environment: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-P", "-m", "fleet", "demo", "--forge", "github", "--yes", "--json"]
    given = os.environ | {"PYTHONSAFEPATH": "1"} | environment
    return subprocess.run(argv, env=given, capture_output=True, text=True, check=False)


def test_the_demo_comes_out_as_told_on_github_too(need: Callable[..., str]):
    need("gh")
    done = demo()
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["ok"]
    assert [each["merged"] for each in found["github"]["pulls"]] == [True, True, True]


def test_without_gh_it_says_so(tmp_path):
    done = demo(PATH=str(tmp_path))
    assert done.returncode != 0
    assert "gh is not here" in done.stderr
