"""Which calls do nothing, and what is no news."""

from __future__ import annotations

import pytest

from fleet.engine.acts import Acts
from fleet.policy.commands import command_polls
from fleet.policy.hollow import LITTLE, MUCH
from fleet.policy.resting import serves
from fleet.policy.signs import kind_of, steady_lines, weight_of_nothing
from fleet.policy.success import succeeded
from fleet.ports.harness import ToolCalled, ToolReturned


@pytest.mark.parametrize(
    ("command", "weight"),
    [
        ("echo 'reading the result'", MUCH),
        ("true", MUCH),
        ("# now I read it", MUCH),
        ("printf 'a\\n'; echo \"b\"", MUCH),
        ("/bin/bash -c :", MUCH),
        ("sleep 60; echo waited", LITTLE),
        ("echo $HOME", 0),
        ("echo `date`", 0),
        ("echo built > build.log", 0),
        ("echo x | tee log", 0),
        ("sleep 5; cat log", 0),
        ("make", 0),
    ],
)
def test_a_command_that_does_nothing_is_known(command: str, weight: int):
    assert weight_of_nothing("Bash", {"command": command}) == weight


@pytest.mark.parametrize(
    ("tool", "given", "weight"),
    [
        ("TodoWrite", {"todos": []}, MUCH),
        ("write_todos", {"todos": []}, MUCH),
        ("Write", {"file_path": "docs/plan-2.md", "content": "x"}, LITTLE),
        ("file_change", {"changes": [{"path": "PLAN.md"}, {"path": "TODO.md"}]}, LITTLE),
        ("file_change", {"changes": [{"path": "PLAN.md"}, {"path": "a.py"}]}, 0),
        ("Write", {"file_path": "docs/plants.md", "content": "x"}, 0),
        ("Write", {"file_path": "src/plan.py", "content": "x"}, 0),
        ("Read", {"file_path": "PLAN.md"}, 0),
        ("BashOutput", {"bash_id": "b1"}, 0),
        ("TaskCreate", {"subject": "x"}, 0),
    ],
)
def test_a_tool_that_only_tidies_a_plan_is_known(tool: str, given: dict, weight: int):
    assert weight_of_nothing(tool, given) == weight


def test_a_list_of_work_is_no_file():
    assert kind_of("write_todos", {"todos": []}) == "other"


def returned(tool: str, given: dict, *texts: str, ok: bool = True) -> list[dict]:
    acts, told = Acts("r1", ""), []
    for n, text in enumerate(texts):
        list(acts.facts(ToolCalled(f"{n}", tool, "", given), n))
        told += [data for _, data in acts.facts(ToolReturned(f"{n}", ok, "", output=text), n)]
    return told


def test_what_a_command_prints_that_does_nothing_is_no_news():
    assert [data["fresh"] for data in returned("Bash", {"command": "echo step"}, "one", "two")] == [0, 0]


def test_an_edit_that_is_refused_for_the_same_reason_fails_in_the_same_way():
    outs = set()
    for old in ("return total(self)", "return sum(self.lines)"):
        given = {"file_path": "a.py", "old_string": old, "new_string": "x"}
        outs |= {
            data["out"] for data in returned("Edit", given, f"<e>Not found. String: {old}</e>", ok=False)
        }
    assert len(outs) == 1


@pytest.mark.parametrize(
    ("text", "fresh"),
    [("web 0/1 CrashLoopBackOff {}", 0), ("web 3/9 Starting {}", 1), ("Failed: 0, passed: {}", 1)],
)
def test_a_bad_state_is_no_news_when_only_its_figures_have_changed(text: str, fresh: int):
    told = returned("Bash", {"command": "kubectl get pods"}, text.format(3), text.format(9))
    assert told[1]["fresh"] == fresh


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("<shellId: 5 completed with exit code 0>", "<shellId: 11 completed with exit code 0>"),
        ("Command runs in background with ID: bofipei54.", "Command runs in background with ID: beg0jv8vy."),
    ],
)
def test_the_name_of_a_command_in_the_background_is_no_news(one: str, two: str):
    assert steady_lines(one) == steady_lines(two)


@pytest.mark.parametrize(
    ("command", "holds"),
    [
        ("python3 -u -m http.server 0", True),
        ("tail -f server.log", True),
        ("sleep 60", False),
        ("psql -c 'select 1'", False),
        ("npm start &", False),
    ],
)
def test_what_does_not_end_by_itself_is_known(command: str, holds: bool):
    assert serves(command) == holds


@pytest.mark.parametrize(
    "command",
    ["sleep 1; git commit -am x", "sleep 5 && git push", "kubectl -n a delete pod x", "systemctl restart x"],
)
def test_a_deed_is_no_look_though_a_pause_goes_before_it(command: str):
    assert not command_polls(command)


def test_an_installation_behind_a_pipe_has_failed_when_it_says_so():
    refused = "ERROR: Could not find a version\nERROR: No matching distribution found"
    assert not succeeded("edit", "pip install x 2>&1 | tail -2", True, refused)
