"""`fleet harness`: which there are, and whether one keeps the law of its port."""

from __future__ import annotations

import pytest

from fleet.adapters.harnesses.command import CommandHarness
from fleet.ports.harness import Plan
from fleet.testing import harness_law

GOOD_RUN = """\
{"type": "conversation", "id": "scripted-r7", "model": "scripted", "version": "1"}
{"type": "usage", "input_tokens": 90, "output_tokens": 30, "cost_micros": 20000, "turns": 1}
{"type": "result", "ok": true, "text": "Done.", "error": "", "kind": "ok"}
"""


@pytest.fixture
def few_laws(monkeypatch):
    """Only the quick ones: the others are tried where the law itself is tested."""
    laws = [law for law in harness_law.LAWS if law.__name__ not in ("reader_holds_bounded_memory",)]
    monkeypatch.setattr(harness_law, "LAWS", tuple(laws))
    return laws


def test_all_are_listed_with_what_is_wrong_with_them(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {each["name"]: each for each in cli("harness", "list", "--json").json}
    ours = {"acp", "claude-code", "codex", "command", "copilot", "gemini", "opencode", "scripted"}
    assert set(found) >= ours
    assert (found["acp"]["can"], found["gemini"]["can"]) == (["say"], ["takeover"])
    assert found["scripted"]["found"]
    assert not found["codex"]["found"]
    assert "npm install" in found["codex"]["fix"]
    assert "There is no codex on PATH" in cli("harness", "list").out


def test_one_that_keeps_the_law_is_told_so(cli, few_laws, tmp_path):
    (tmp_path / "run.jsonl").write_text(GOOD_RUN)
    said = cli(
        "harness",
        "test",
        "scripted",
        "--option",
        "script=x.yaml",
        "--run",
        str(tmp_path / "run.jsonl"),
        "--json",
    )
    assert (said.code, said.json["ok"]) == (0, True)
    assert [each["law"] for each in said.json["laws"]] == [law.__name__ for law in few_laws]
    assert all(each["kept"] for each in said.json["laws"])


def test_without_a_run_the_laws_that_need_one_are_left_out(cli, few_laws):
    said = cli("harness", "test", "scripted", "--option", "script=x.yaml")
    assert said.code == 0
    assert "- a good run is read: needs --run" in said.out
    assert "scripted keeps the law." in said.out


class Leaky(CommandHarness):
    def plan(self, launch):
        return Plan(("agent", launch.prompt, launch.system_prompt), stdin="")


def test_one_that_breaks_it_is_told_where_with_exit_code_1(cli, few_laws, monkeypatch):
    monkeypatch.setattr("fleet.wiring.harnesses", lambda: {"leaky": Leaky()})
    said = cli("harness", "test", "leaky", "--deaf", "--json")
    assert (said.code, said.json["ok"]) == (1, False)
    broken = {each["law"]: each["seen"] for each in said.json["laws"] if each["kept"] is False}
    assert set(broken) == {"secrets_stay_out_of_argv", "the_prompt_arrives"}
    assert "stands in argv" in broken["secrets_stay_out_of_argv"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nobody",), "There is no harness 'nobody'"),
        (("scripted",), "has no script"),
        (("codex",), "Codex has no tools"),
        (("scripted", "--option", "script"), "is no option"),
        (("scripted", "--option", "script=x", "--run", "r99"), "r99"),
    ],
)
def test_what_can_not_be_tried_is_said_in_one_line(cli, words, why):
    said = cli("harness", "test", *words)
    assert said.code in (1, 2)
    assert why in said.err
    assert said.out == ""
