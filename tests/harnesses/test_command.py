"""Any program as an agent: what its options become, and what its lines are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.adapters.harnesses.command import CommandHarness
from fleet.adapters.harnesses.command_reader import CommandReader
from fleet.model.errors import UsageError
from fleet.ports.harness import Detected, Launch, Message, Note

LAUNCH = Launch(
    run="r7",
    workspace="/w/shop",
    prompt="Add a note.",
    system_prompt="You are a developer.",
    model="",
    tools=(),
    conversation="",
    cost_limit_micros=0,
    gateway_url="",
    gateway_token="",
    run_dir="/runs/r7",
    root="/srv/shop",
)


def plan(argv="agent", /, *, model="", gateway_url="", **options):
    launch = replace(LAUNCH, model=model, gateway_url=gateway_url, options={"argv": argv, **options})
    return CommandHarness().plan(launch)


def read(*lines, stream="out"):
    reader = CommandReader()
    return [event for line in lines for event in reader.feed(stream, line)]


# ---------------------------------------------------------------- what it is started with


def test_the_words_are_split_as_a_shell_would_and_nothing_in_them_is_obeyed():
    assert plan("""agent --say 'two words' "$HOME" `id` a;b""").argv == (
        "agent",
        "--say",
        "two words",
        "$HOME",
        "`id`",
        "a;b",
    )


def test_all_that_it_is_told_goes_to_stdin_which_is_then_closed():
    found = plan()
    assert found.stdin == "You are a developer.\n\nAdd a note.\n"
    assert (found.files, found.keep_stdin) == ({}, False)


def test_the_prompt_goes_into_a_file_where_one_is_asked_for():
    found = plan("agent --prompt={prompt_file}")
    assert found.argv == ("agent", "--prompt=/runs/r7/prompt.md")
    assert found.files == {"prompt.md": "You are a developer.\n\nAdd a note.\n"}
    assert found.stdin == ""


def test_the_system_prompt_has_a_file_of_its_own_where_one_is_asked_for():
    found = plan("agent --system {system_file}")
    assert found.argv[-1] == "/runs/r7/system.md"
    assert found.files == {"system.md": "You are a developer."}
    assert found.stdin == "Add a note.\n"


def test_places_are_filled_and_other_braces_are_left_alone():
    found = plan('agent {model} {workspace} {root}/a.toml {"a":{}} {other}', model="big")
    assert found.argv[1:] == ("big", "/w/shop", "/srv/shop/a.toml", "{a:{}}", "{other}")


@pytest.mark.parametrize(
    ("named", "started"),
    [
        ("agent", "agent"),
        ("/opt/agent", "/opt/agent"),
        ("tools/agent", "/srv/shop/tools/agent"),
        ("./agent", "/srv/shop/agent"),
    ],
)
def test_a_relative_program_is_the_operators_and_not_one_of_the_workspace(named, started):
    assert plan(named).argv == (started,)


def test_it_sees_of_the_users_environment_what_its_options_name():
    assert plan().passthrough == ()
    assert plan(env="MY_API_KEY, OTHER_*").passthrough == ("MY_API_KEY", "OTHER_*")


def test_it_is_told_where_the_gateway_is():
    assert plan(gateway_url="http://127.0.0.1:9/mcp").env == {"FLEET_MCP_URL": "http://127.0.0.1:9/mcp"}
    assert plan().env == {}


def test_it_listens_when_its_options_say_so():
    found = plan("agent {prompt_file}", steer="stdin", last_line="DONE")
    assert (found.keep_stdin, found.last_line) == (True, "DONE")
    assert CommandHarness().steer("use tabs\nplease") == "use tabs please\n"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"argv": ""}, "empty"),
        ({"argv": "''"}, "empty"),
        ({}, "empty"),
        ({"argv": "agent 'x"}, "no closing quotation"),
        ({"argv": "agent {model}"}, "has none"),
        ({"argv": "agent", "evn": "X"}, "'evn'"),
        ({"argv": "agent", "env": "*"}, "no variable"),
        ({"argv": "agent", "env": "A=b"}, "no variable"),
        ({"argv": "agent {prompt_file}", "steer": "tty"}, "only stdin"),
        ({"argv": "agent", "steer": "stdin"}, "{prompt_file}"),
    ],
)
def test_options_that_can_not_be_followed_are_refused_with_the_reason(options, why):
    with pytest.raises(UsageError) as refused:
        CommandHarness().plan(replace(LAUNCH, options=options))
    assert why in str(refused.value)
    assert refused.value.do


def test_there_is_nothing_to_look_for():
    assert CommandHarness().detect("/nowhere") == Detected(True, "", "", "")


# ---------------------------------------------------------------- what it says


def test_its_lines_are_messages_and_its_complaints_are_notes():
    assert read("I look.", "", "  indented\n") == [Message("I look."), Message("  indented")]
    assert read("  careful", stream="err") == [Note("careful")]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[1;32mgreen\x1b[0m and \x1b]8;;http://x\x07a link\x1b]8;;\x07", "green and a link"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("done\r\n", "done"),
        ("a\tb\x07\udc80", "a   b\N{REPLACEMENT CHARACTER}?"),
        ("\x1b]0;a title without an end", ""),
    ],
)
def test_a_line_is_shown_as_a_terminal_would_and_obeyed_by_none(line, shown):
    assert [event.text for event in read(line)] == ([shown] if shown else [])


def test_a_line_without_end_is_cut():
    (message,) = read("x" * 1_000_000)
    assert len(message.text) < 2100
    assert message.text.endswith("(1000000 characters)")


def test_a_program_that_prints_without_end_does_not_fill_the_log():
    found = read(*(f"line {number}" for number in range(10_000)))
    assert len(found) == 10_000
    messages = [event for event in found if isinstance(event, Message)]
    assert len(messages) == 200 + 98
    assert messages[-1].text == "line 9999"
