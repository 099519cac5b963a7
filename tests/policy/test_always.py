"""Rules that would allow a call for good: they are as narrow as the call, and they do it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model.permissions import Call, Permissions
from fleet.policy.always import Offer, offer_for, with_rules
from fleet.policy.permit import rule_on

ASKS = Permissions(
    deny=("Bash(git push *)",),
    ask=("Bash(npm publish *)", "Edit(infra/**)"),
    allow=("Bash(npm *)", "Read"),
    otherwise="ask",
)


def bash(command: str) -> Call:
    return Call("Bash", command, workspace="/work/shop", home="/home/you")


def tool(name: str, *paths: str, hosts: tuple[str, ...] = ()) -> Call:
    return Call(name, paths=paths, hosts=hosts, workspace="/work/shop", home="/home/you")


@pytest.mark.parametrize(
    ("call", "where", "rules"),
    [
        (bash("make deploy"), "allow", ("Bash(make deploy)",)),
        (bash("cd sub && npm test && make a b"), "allow", ("Bash(make a b)",)),
        (bash("npm publish --tag next"), "always", ("Bash(npm publish --tag next)",)),
        (tool("Edit", "/work/shop/infra/main.tf"), "always", ("Edit(./infra/main.tf)",)),
        (tool("Write", "/work/shop/README.md"), "allow", ("Edit(./README.md)",)),
        (tool("Write", "/home/you/notes"), "allow", ("Edit(~/notes)",)),
        (tool("Write", "/etc/hosts"), "allow", ("Edit(//etc/hosts)",)),
        (tool("WebFetch", hosts=("docs.example.org",)), "allow", ("WebFetch(domain:docs.example.org)",)),
        (tool("mcp__db__drop"), "allow", ("mcp__db__drop",)),
    ],
)
def test_what_is_offered_names_exactly_what_was_asked(call: Call, where: str, rules: tuple[str, ...]) -> None:
    assert offer_for(ASKS, call) == Offer(where, rules)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "call",
    [
        bash("make $TARGET"),
        bash("rm *.log"),
        bash("find . -name '*.py'"),
        bash("git push origin main"),
        bash("f() { make; }; f"),
        bash("LD_PRELOAD=x.so make deploy"),
        bash("a; b; c; d; e; f"),
        tool("Write", "/work/shop/a*b"),
    ],
)
def test_nothing_is_offered_that_would_be_wider_or_would_not_do(call: Call) -> None:
    assert offer_for(ASKS, call) is None


SETTLED = Permissions(
    deny=("Bash(npm publish --force)",),
    always=("Bash(npm publish)",),
    ask=("Bash(npm *)",),
    otherwise="allow",
)


@pytest.mark.parametrize(
    ("command", "permit"),
    [
        ("npm publish", "allow"),
        ("npm publish && npm publish", "allow"),
        ("npm publish --tag next", "ask"),
        ("npm publish && npm test", "ask"),
        ("NPM_TOKEN=x npm publish", "ask"),
        ("npm publish > /etc/passwd", "ask"),
        ("sudo npm publish", "ask"),
        ("sh -c 'npm publish'", "ask"),
        ("npm publish --force", "deny"),
    ],
)
def test_what_is_always_done_is_asked_no_more_and_nothing_else_comes_along(command: str, permit: str) -> None:
    assert rule_on(SETTLED, bash(command)).permit == permit


words = st.lists(st.text("abz-=/. '$*&|>", min_size=1, max_size=6), min_size=1, max_size=4).map(" ".join)


@given(words, words)
def test_a_rule_that_was_offered_allows_its_command_and_no_other_program(command: str, other: str) -> None:
    rules = Permissions(otherwise="ask")
    found = offer_for(rules, bash(command))
    if found is None:
        return
    settled = with_rules(rules, found.where, found.rules)
    assert rule_on(settled, bash(command)).permit == "allow"
    assert rule_on(settled, bash(f"zz{other}")).permit != "allow" or f"zz{other}" in command
