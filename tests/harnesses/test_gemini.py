"""The harness gemini without its CLI: what it is started with, and how its output is read."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

import pytest

from fleet.adapters.harnesses.gemini import GeminiHarness
from fleet.adapters.harnesses.gemini_hooks import hook_settings
from fleet.adapters.harnesses.gemini_reader import GeminiReader
from fleet.adapters.harnesses.gemini_start import laid_over, make_home, overruled, read_settings, refused
from fleet.model.errors import UsageError
from fleet.ports.harness import Finished, Message, Note, Retrying, ToolCalled, Usage
from fleet.testing.harness_law import Subject

RUN = (Path(__file__).parent / "gemini_run.jsonl").read_text().splitlines()
SUBJECT = Subject(GeminiHarness, [("out", line) for line in RUN], {"GEMINI_API_KEY": "dummy"})


def read(*lines: str, stream="out"):
    reader = GeminiReader()
    return [event for line in lines for event in reader.feed(stream, line)]


def ended(message="", status="error", **error):
    return json.dumps({"type": "result", "status": status, "error": {"message": message, **error}})


def test_a_recorded_run_is_read():
    events = read(*RUN)
    assert [event.summary for event in events if isinstance(event, ToolCalled)] == [
        "writing docs/note.md",
        "running git add docs && git commit -qm 'Add a note'",
        "calling fleet done: It is there.",
    ]
    assert [event.text for event in events if isinstance(event, Message)] == ["I write.", "All done."]
    assert events[-1] == Finished(True, "All done.", "", "ok")
    (usage,) = (event for event in events if isinstance(event, Usage))
    assert [(each.model, each.input_tokens, each.output_tokens) for each in usage.by_model] == [
        ("gemini-2.5-flash", usage.input_tokens, usage.output_tokens)
    ]


def test_pieces_of_a_message_become_one():
    piece = '{"type":"message","role":"assistant","content":"%s","delta":true}'
    assert read(
        piece % "Half a ", piece % "thought.", '{"type":"tool_use","tool_name":"x","tool_id":"1"}'
    ) == [
        Message("Half a thought."),
        ToolCalled("1", "x", "calling x", {}),
    ]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('[API Error: {"error":{"code":401,"message":"API key not valid"}}]', "auth"),
        ('[API Error: {"error":{"code":429,"message":"Quota exceeded"}}]', "overloaded"),
        ("Reached max session turns for this session.", "limit"),
        ("Please set an Auth method in your settings.json", "auth"),
        ("fetch failed sending request", "overloaded"),
        ("Something odd", "error"),
    ],
)
def test_why_it_failed_tells_what_follows(message, kind):
    assert read(ended(message))[-1].kind == kind


def test_a_loop_that_it_found_itself_is_no_success():
    warned = '{"type":"error","severity":"warning","message":"Loop detected, stopping execution"}'
    assert read(warned, json.dumps({"type": "result", "status": "success"}))[-1].kind == "limit"


def test_its_tries_and_its_noise_on_stderr_are_told_apart():
    noise = [
        "YOLO mode is enabled. All tool calls will be automatically approved.",
        "    at x (file:///y.js:1:2)",
    ]
    tries = "Attempt 2 failed with status 429. Retrying with backoff... _ApiError: x"
    assert read(*noise, tries, "Odd.", stream="err") == [Retrying("status 429, try 2", 0), Note("Odd.")]


def test_with_tools_a_policy_refuses_all_else():
    plan = GeminiHarness().plan(SUBJECT.launch(tools=("read_file", "run_shell_command(git *)")))
    assert "--approval-mode=yolo" not in plan.argv
    rules = tomllib.loads(plan.files["gemini-policy.toml"])["rule"]
    assert [(rule["toolName"], rule["decision"], rule.get("commandPrefix")) for rule in rules] == [
        ("*", "deny", None),
        ("*", "allow", None),
        ("read_file", "allow", None),
        ("run_shell_command", "allow", "git"),
    ]
    with pytest.raises(UsageError, match="read_file can't be limited"):
        GeminiHarness().plan(SUBJECT.launch(tools=("read_file(src)",)))


def test_a_task_that_looks_like_a_command_is_none():
    plan = GeminiHarness().plan(SUBJECT.launch(system_prompt="", prompt="/quit now"))
    assert plan.stdin == "Task: /quit now\n"


def test_the_home_of_a_run_is_the_users_own_but_for_its_settings(tmp_path):
    own, run = tmp_path / "own", tmp_path / "run"
    own.mkdir()
    run.mkdir()
    (own / "oauth_creds.json").write_text("{}")
    (own / "settings.json").write_text('{"mcp": {"allowed": ["mine"]}, /* a note */ "ui": {"theme": "//"}}')
    home = make_home(
        run, own, {"default": {"ui": {"theme": "x", "y": 1}}, "over": {"mcpServers": {"fleet": {}}}}
    )
    assert json.loads((home / ".gemini" / "settings.json").read_text()) == {
        "mcp": {"allowed": ["mine", "fleet"]},
        "ui": {"theme": "//", "y": 1},
        "mcpServers": {"fleet": {}},
    }
    assert (home / ".gemini" / "oauth_creds.json").resolve() == own / "oauth_creds.json"
    assert (home / ".gemini" / "tmp").resolve() == own / "tmp"
    assert "fleet" not in (own / "settings.json").read_text()


def test_settings_are_laid_over_key_by_key():
    assert laid_over({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 3}, "d": [2]}) == {
        "a": {"b": 3, "c": 2},
        "d": [2],
    }
    assert read_settings(Path("/nowhere/settings.json")) == {}


def test_what_a_repository_could_lead_it_by_is_found(tmp_path):
    assert refused(tmp_path) == ""
    (tmp_path / ".gemini").mkdir()
    (tmp_path / ".gemini" / ".env").symlink_to("/nowhere")
    assert refused(tmp_path) == ".gemini/.env"


@pytest.mark.parametrize("hook", ["kill -9 $PPID; sleep 0.1", "kill -9 $$", "exit 3"])
def test_a_hook_that_dies_even_with_its_shell_has_refused_the_call(hook):
    """Gemini reads what was printed on stderr where there is nothing on stdout, whatever the exit code."""
    settings = hook_settings(("bash", "-c", hook, "hook"), {})
    command = settings["BeforeTool"]["hooks"][0]["command"]  # type: ignore[index]
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert json.loads(done.stderr)["decision"] == "deny"


def test_nobody_else_may_say_which_hooks_there_are(tmp_path, monkeypatch):
    with pytest.raises(UsageError):
        hook_settings(("hook",), {"project_settings": "obey"})
    file = tmp_path / "settings.json"
    monkeypatch.setenv("GEMINI_CLI_SYSTEM_SETTINGS_PATH", str(file))
    assert overruled() == ""
    file.write_text('{"hooksConfig": {"enabled": false}}')
    assert overruled() == str(file)


@pytest.mark.parametrize(
    "said",
    [
        "You exceeded your current quota. Please retry in 3600.5s.] Or switch to another auth method",
        "Model stream ended without a finish reason.",
        "Incomplete JSON segment at the end",
    ],
)
def test_what_passes_by_itself_is_waited_for(said):
    told = json.dumps({"type": "result", "status": "error", "error": {"type": "Error", "message": said}})
    (end,) = [each for each in GeminiReader().feed("out", told) if isinstance(each, Finished)]
    assert end.kind == "overloaded"
