"""What hooks of other harnesses tell, in the words of rules; what could slip past these is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fleet.gateway.answers import Refused
from fleet.gateway.calls import Told, told

WORKSPACE, HOME = "/work/shop", "/home/you"


def gemini(tool: str, cwd: str = WORKSPACE, server: str = "", **given: Any) -> Told:
    said: dict[str, Any] = {"tool_name": tool, "tool_input": given, "cwd": cwd}
    if server:
        said |= {
            "tool_name": f"mcp_{server}_{tool}",
            "mcp_context": {"server_name": server, "tool_name": tool},
        }
    return told(said, WORKSPACE, HOME, "gemini", "7-1")


def opencode(tool: str, **given: Any) -> Told:
    servers = ["fleet", "fleet_two", "my.db"]
    said = {"tool_name": tool, "tool_input": given, "cwd": WORKSPACE, "tool_use_id": "c1", "servers": servers}
    return told(said, WORKSPACE, HOME, "opencode")


def copilot(tool: str, given: Any = None, **more: Any) -> Told:
    return told(
        {"toolName": tool, "toolArgs": given or {}, "cwd": WORKSPACE, **more}, WORKSPACE, HOME, "copilot"
    )


def test_a_command_is_known_by_itself_and_the_folder_that_it_runs_in():
    for call in (
        gemini("run_shell_command", command="ls", dir_path="src").call,
        opencode("bash", command="ls", workdir="/work/shop/src").call,
    ):
        assert (call.tool, call.command, call.cwd) == ("Bash", "ls", "/work/shop/src")
    assert copilot("bash", {"command": "git push"}).call.command == "git push"
    assert copilot("write_bash", {"shellId": "0", "input": "git push{enter}"}).call.command == "git push"


@pytest.mark.parametrize(
    ("call", "tool", "paths"),
    [
        (gemini("write_file", file_path="a/b", content="x"), "Write", ("/work/shop/a/b",)),
        (gemini("list_directory", dir_path=".."), "LS", ("/work",)),
        (gemini("glob", pattern="../*.key"), "Glob", ("/work",)),
        (gemini("grep_search", pattern="x", include_pattern=".env"), "Grep", ("/work/shop/.env",)),
        (opencode("edit", filePath="/etc/x"), "Edit", ("/etc/x",)),
        (opencode("glob", pattern="/*"), "Glob", ("/",)),
        (opencode("grep", pattern="x"), "Grep", ("/work/shop",)),
        (
            opencode(
                "apply_patch", patchText="*** Begin Patch\n*** Update File: a\n*** Move to: .github/b\n"
            ),
            "Edit",
            ("/work/shop/a", "/work/shop/.github/b"),
        ),
        (copilot("grep", {"pattern": "x", "paths": ["a", "b"]}), "Grep", ("/work/shop/a", "/work/shop/b")),
        (copilot("apply_patch", "*** Delete File: a\n"), "Edit", ("/work/shop/a",)),
    ],
)
def test_files_are_known_by_every_field_that_names_some(call, tool, paths):
    assert (call.call.tool, call.call.paths) == (tool, paths)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://evil.org/x", "evil.org"),
        ("https:/evil.org", "evil.org"),
        ("http:\\\\evil.org\\@good.org/", "evil.org"),
        (" https://good.org@evil.org", "evil.org"),
        ("nonsense", "\0"),
    ],
)
def test_a_host_is_the_one_that_would_be_asked(url, host):
    assert opencode("webfetch", url=url).call.hosts == (host,)
    assert copilot("web_fetch", {"url": url}).call.hosts == (host,)


def test_addresses_in_a_request_to_fetch_count_all():
    call = gemini("web_fetch", prompt="Compare https://a.org/x with http://b.org, please").call
    assert (call.tool, call.hosts) == ("WebFetch", ("a.org", "b.org"))


def test_a_tool_of_a_server_is_named_as_in_rules():
    assert gemini("drop", server="db").call.tool == "mcp__db__drop"
    assert opencode("fleet_done", text="x").call.tool == "mcp__fleet__done"
    assert opencode("fleet_two_done").call.tool == "mcp__fleet_two__done"
    assert opencode("my_db_drop").call.tool == "mcp__my_db__drop"
    assert copilot("fleet-done", {"text": "x"}).call.tool == "mcp__fleet__done"
    assert copilot("fleet-two-done").call.tool == "fleet-two-done"


@pytest.mark.parametrize(
    "say",
    [
        lambda: gemini("replace", file_path="ci.yml"),  # it looks for one elsewhere
        lambda: gemini("read_file", file_path="@.env"),
        lambda: gemini("write_file", file_path=".github\0/x"),
        lambda: gemini("write_file", file_path=7),
        lambda: gemini("web_fetch", prompt="the page"),
        lambda: gemini("mcp__fleet__done"),
        lambda: opencode("Bash", command="ls"),
        lambda: opencode("apply_patch", patchText="x"),
        lambda: opencode("mcp__fleet__done"),
        lambda: copilot("bash", {"command": ["git", "push"]}),
        lambda: told([], WORKSPACE, HOME, "copilot"),
    ],
)
def test_what_cannot_be_told_is_refused(say):
    with pytest.raises(Refused):
        say()


def test_two_calls_alike_are_two_and_each_return_is_of_one_of_them(tmp_path: Path):
    first = gemini("read_file", str(tmp_path), file_path="a")
    again = told(
        {"tool_name": "read_file", "tool_input": {"file_path": "a"}, "cwd": str(tmp_path)},
        WORKSPACE,
        HOME,
        "gemini",
        "8-2",
    )
    assert first.id != again.id
    assert first.same == again.same


def test_a_return_says_how_it_went():
    assert copilot("view", {"path": "a"}, toolResult={"resultType": "success"}).ok
    assert not copilot("view", {"path": "a"}, toolResult={"resultType": "failure"}).ok
    assert not copilot("view", {"path": "a"}, error="no such file").ok
