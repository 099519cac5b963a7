"""The watcher as a service of systemd or launchd: what is written, and what is asked of them."""

from __future__ import annotations

import configparser
import plistlib
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.surfaces.conftest import Cli

from fleet.engine.lease import lease
from fleet.model.errors import UsageError
from fleet.surfaces.cli.service_files import Service, launchd_plist, systemd_unit

ARGV = ("/opt/fleet/bin/python", "-P", "-m", "fleet", "watcher", "start", "--foreground")
PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), min_size=1).map("/{}".format)


def service(root: str = "/srv/shop", path: str = "/usr/bin") -> Service:
    return Service("shop", "1a2b3c4d", root, ARGV, path)


def unit(made: Service) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(systemd_unit(made))
    return parser["Service"]


def test_agents_outlive_the_service():
    assert unit(service())["KillMode"] == "process"
    assert plistlib.loads(launchd_plist(service()))["AbandonProcessGroup"] is True


def test_a_watcher_that_failed_is_started_again_and_one_that_was_stopped_is_not():
    assert unit(service())["Restart"] == "on-failure"
    assert plistlib.loads(launchd_plist(service()))["KeepAlive"] == {"SuccessfulExit": False}


def test_it_starts_the_watcher_in_the_foreground():
    assert tuple(shlex.split(unit(service())["ExecStart"])) == ARGV
    assert tuple(plistlib.loads(launchd_plist(service()))["ProgramArguments"]) == ARGV


def test_what_it_prints_is_where_fleet_looks_for_it():
    log = "/srv/shop/.fleet/watcher.log"
    assert unit(service())["StandardOutput"] == unit(service())["StandardError"] == f"append:{log}"
    assert plistlib.loads(launchd_plist(service()))["StandardOutPath"] == log


@given(PATHS)
def test_no_folder_can_say_anything_but_its_name(root: str):
    assert systemd_unit(service(root)).count("\n") == systemd_unit(service()).count("\n")
    assert f"WorkingDirectory={root.replace('%', '%%')}\n" in systemd_unit(service(root))


def test_a_folder_with_a_line_end_is_refused():
    with pytest.raises(UsageError):
        systemd_unit(service("/tmp/a\nExecStart=/bin/evil"))


def test_what_systemd_would_replace_is_kept_as_it_is():
    made = Service("shop", "1a2b", "/s", ("/a b/$HOME/%h", "x"), '/p "q"/%h')
    assert '"/a b/$$HOME/%%h" "x"' in systemd_unit(made)
    assert 'Environment="PATH=/p \\"q\\"/%%h"' in systemd_unit(made)


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl that writes down what it is asked."""
    folder, said = tmp_path / "bin", tmp_path / "asked"
    folder.mkdir()
    (folder / "systemctl").write_text(f'#!/bin/sh\necho "$*" >> "{said}"\n')
    (folder / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("sys.platform", "linux")
    return said


def test_installed_it_is_enabled_and_started(cli: Cli, systemctl: Path):
    assert cli("watcher", "install").code == 0
    (file,) = (systemctl.parent / "config/systemd/user").iterdir()
    assert systemctl.read_text().splitlines() == [
        "--user daemon-reload",
        f"--user enable --now {file.name}",
    ]


def test_installed_again_while_its_watcher_runs_all_is_left_as_it_is(cli: Cli, systemctl: Path):
    cli("watcher", "install")
    asked = systemctl.read_text()
    with lease(cli.place.lock):
        again = cli("watcher", "install")
    assert (again.code, systemctl.read_text()) == (0, asked)


def test_a_watcher_in_the_background_is_not_made_a_service(cli: Cli, systemctl: Path):
    with lease(cli.place.lock):
        refused = cli("watcher", "install")
    assert (refused.code, "fleet watcher stop" in refused.err) == (1, True)


def test_taken_back_nothing_of_it_is_left(cli: Cli, systemctl: Path):
    cli("watcher", "install")
    assert cli("watcher", "uninstall").code == 0
    assert list((systemctl.parent / "config/systemd/user").iterdir()) == []
    assert systemctl.read_text().splitlines()[-1].startswith("--user disable --now fleet-shop-")


def test_where_systemd_is_not_to_be_had_it_says_what_is_left_to_do(cli: Cli, systemctl: Path):
    program = systemctl.parent / "bin/systemctl"
    program.write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2; exit 1\n")
    failed = cli("watcher", "install")
    assert failed.code != 0
    assert "systemctl --user enable --now" in failed.err
