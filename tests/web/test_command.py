"""`fleet web` as a verb: what it refuses, and the links that it prints."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from tests.web.conftest import start_server

import fleet
from fleet.surfaces.cli.root import run

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


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--host", "0.0.0.0"), "does not serve on"),
        (("--cert", "x.pem"), "needs its key"),
        (("--behind-proxy",), "how browsers reach it"),
        (("--behind-proxy", "--url", "http://fleet.example.org"), "can't be the address"),
        (("--url", "https://fleet.example.org"), "--url is for"),
        (("--cert", "x.pem", "--key", "x.pem", "--url", "https://localhost"), "certificate can't be used"),
    ],
)
def test_words_that_would_let_others_in_unprotected_are_refused(shop, monkeypatch, capsys, words, why):
    monkeypatch.chdir(shop.root)
    assert run(["web", "--port", "0", *words]) in (1, 2)
    assert why in capsys.readouterr().err


def test_by_tls_it_is_served_to_its_name_and_to_no_other(shop, need, tmp_path):
    openssl = need("openssl")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    subprocess.run([*made, "-keyout", key, "-out", cert], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"https://localhost:{port}"
    server = start_server(shop, "--port", str(port), "--cert", str(cert), "--key", str(key), "--url", url)
    try:
        assert server.link.startswith(f"{url}/enter?key=")
        trust = ssl.create_default_context(cafile=str(cert))
        connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=20)
        connection.request("GET", server.link.removeprefix(url))
        answer = connection.getresponse()
        answer.read()
        assert "Secure" in (answer.getheader("set-cookie") or "")
        connection.request("GET", "/", headers={"host": f"127.0.0.1:{port}"})
        assert connection.getresponse().status == 421
        connection.close()
    finally:
        assert server.end() == 0
