"""`fleet web` as a verb: what it refuses, and the links that it prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import fleet

SOURCE = str(Path(fleet.__file__).parents[1])


def web(shop, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    names = {name: value for name, value in os.environ.items() if not name.startswith("FLEET_")}
    return subprocess.run(
        [sys.executable, "-m", "fleet", "web", *words],
        cwd=shop.root,
        env={**names, "PYTHONPATH": SOURCE, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_agent_can_not_start_it(shop):
    done = web(shop, "--port", "0", FLEET_SESSION="r1.x")
    assert done.returncode == 1
    assert "An agent can't do this" in done.stderr


def test_it_does_not_serve_others(shop):
    done = web(shop, "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "ssh -L" in done.stderr


def test_a_port_that_is_taken_is_said(shop, server):
    done = web(shop, "--port", str(server.port))
    assert done.returncode == 1
    assert "--port" in done.stderr


def test_a_used_link_is_followed_by_the_next(server):
    assert server.session()
    line = server.process.stdout.readline() + server.process.stdout.readline()
    assert "let in" in line
    assert server.address in line
    assert server.link not in line


def test_no_key_is_written_to_a_file(shop, server):
    key = server.link.rpartition("=")[2]
    server.session()
    files = [path for path in shop.place.dot.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if key.encode() in path.read_bytes()] == []
