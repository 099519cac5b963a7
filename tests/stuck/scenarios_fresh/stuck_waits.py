"""Agents that wait for what won't come, and agents that only plan, read or hand on."""

from __future__ import annotations

from fleet.testing.model_script import Fault
from scenarios_fresh.project import TEST
from scenarios_fresh.scenario import Fresh, Turn, after, grep, read, sh, sub, todo, turn, wait, write

_CREATE = """#!/bin/sh
echo 'create-shop-app 5.2.0'
printf '? Project name: (my-app) '
sleep 900
"""
_SSH = """#!/bin/sh
echo "The authenticity of host 'deploy.internal (10.0.3.7)' can't be established."
echo 'ED25519 key fingerprint is SHA256:Jx0mD2o0iYw0nXy3mJ5sT5cJq1r8c2bq0e0Yy6n4S9E.'
printf 'Are you sure you want to continue connecting (yes/no/[fingerprint])? '
sleep 900
"""


def _servers() -> list[Turn]:
    """A server in the foreground, which the tool ends when its time is over."""
    words = (
        "I'll start the server to try the page.",
        "It timed out. Let me start it again.",
        "The server was stopped; I'll restart it.",
    )
    found = []
    for at in range(8):
        command = (
            "python3 -m http.server 0",
            "python3 -u -m http.server 0",
            "python3 -m http.server 0 --bind 127.0.0.1",
        )
        found.append(turn(words[at % 3] if at else words[0], sh(command[at % 3], 2)))
    return found


def _silent_server() -> list[Turn]:
    """The server runs in the foreground of the tool, and its silence is waited out."""
    found = [turn("I'll start the server.", sh("python3 -m http.server 0 >/dev/null", 1))]
    words = ("Waiting for the server to be ready.", "Still starting up. I'll wait a little longer.", "")
    return found + [turn(words[at % 3], wait(0.8)) for at in range(14)]


def _port() -> list[Turn]:
    found = [turn("I'll start the API.", sh("python3 tools/api.py > api.log 2>&1 & sleep 0.3; echo started"))]
    looks = (
        "sleep 0.5; curl -sS -m 2 http://127.0.0.1:9/health 2>&1",
        "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9/health",
        "sleep 1; curl -sS -m 2 http://127.0.0.1:9/health 2>&1",
        "for i in 1 2 3; do curl -s -m 1 http://127.0.0.1:9/health && break; sleep 0.2; done; echo not yet",
    )
    words = ("Is it up yet?", "Not yet. I'll wait a bit more.", "It may need more time to start.")
    return found + [turn(words[at % 3], sh(looks[at % 4])) for at in range(18)]


_GH = """#!/bin/sh
echo 'Run 8842 "test" on main: queued'
echo '  unit      queued   waiting for a runner with the label gpu-large'
echo '  lint      queued   waiting for a runner with the label gpu-large'
"""

_PLANS = (
    ("First a plan.", "# Plan\n\n1. Read the cart.\n2. Change the discount.\n3. Run the tests.\n"),
    (
        "The plan should be more thorough.",
        "# Plan\n\n## Goal\n\nRight discounts.\n\n## Steps\n\n1. Analyse.\n2. Change.\n3. Test.\n",
    ),
    (
        "Let me restructure it in phases.",
        "# Plan\n\n## Phase 1: analysis\n\n* cart\n\n## Phase 2: change\n\n## Phase 3: tests\n",
    ),
    ("I'd like to add risks.", "# Plan\n\n## Phases\n\n1. Analysis\n2. Change\n\n## Risks\n\n* rounding\n"),
    ("A simpler plan is better.", "# Plan\n\n1. Change the discount.\n2. Test.\n"),
    (
        "On reflection it lacks milestones.",
        "# Plan\n\n| milestone | work |\n|---|---|\n| M1 | analysis |\n| M2 | change |\n",
    ),
    (
        "And owners, and dates.",
        "# Plan\n\n| milestone | work | owner |\n|---|---|---|\n| M1 | analysis | me |\n",
    ),
    (
        "Back to a list, for clarity.",
        "# Plan\n\n1. Analyse the cart.\n2. Change the discount.\n3. Run all tests.\n",
    ),
    (
        "Let me also think about alternatives.",
        "# Plan\n\n## Alternative A\n\nIn the cart.\n\n## Alternative B\n\nIn money.\n",
    ),
    (
        "I'll revise the plan once more.",
        "# Plan (revised)\n\n## Decision\n\nTo be made.\n\n## Steps\n\n1. Decide.\n",
    ),
    (
        "It should have acceptance criteria.",
        "# Plan\n\n## Acceptance\n\n* The tests pass.\n\n## Steps\n\n1. Decide.\n2. Do.\n",
    ),
    ("Final version of the plan.", "# Plan (final)\n\n1. Decide.\n2. Change.\n3. Test.\n4. Review.\n"),
)


def _lists() -> list[Turn]:
    """The list of work is worked on, and nothing else."""
    forms = (
        ("> Understand the code", "Change the discount", "Run the tests"),
        ("> Understand the code", "Find the cause", "Change the discount", "Run the tests"),
        ("> Understand the code", "Find the cause", "Write a test", "Change the discount", "Run the tests"),
        ("> Analyse the code base", "Find the cause", "Change the discount", "Verify"),
        ("> Analyse the code base", "Identify the cause", "Implement the change", "Verify", "Document"),
        ("> Plan the change", "Analyse the code base", "Implement the change", "Verify"),
    )
    words = (
        "Let me organise the work.",
        "I'll refine my list.",
        "Let me update the list to be more precise.",
    )
    return [turn(words[at % 3], todo(*forms[at % 6])) for at in range(15)]


def _wanders() -> list[Turn]:
    """All of a small project is read four times, in another order each time, and nothing comes of it."""
    places = (
        "shop/cart.py",
        "shop/money.py",
        "shop/orders.py",
        "shop/mail.py",
        "tests/test_cart.py",
        "README.md",
    )
    found = [turn("I'll get an overview.", sh("git ls-files"))]
    for again in range(5):
        order = places[again % 3 :] + places[: again % 3]
        for at, place in enumerate(order):
            say = "Let me understand how this fits together." if at == 0 else ""
            found.append(turn(say, read(place)))
        found.append(
            turn("And where it is used.", grep(("discount", "total", "Cart", "rounded", "percent")[again]))
        )
    return found


WAITS = [
    Fresh(
        "a question on a terminal that nobody sees",
        True,
        "a program asks for a name and waits; nothing has been printed or computed for half an hour",
        "Make a new front end with create-shop-app.",
        [turn("", read("README.md")), turn("I'll make the project.", sh("create-shop-app web", 900))],
        ("claude-code", "gemini"),
        since=2,
        programs={"create-shop-app": _CREATE},
        stretch=200,
        slow=(2,),
        cut=14,
    ),
    Fresh(
        "a host key that has to be believed",
        True,
        "ssh waits for a yes that nobody will give",
        "Deploy to deploy.internal.",
        [turn("I'll copy the build.", sh("tar cf - shop | ssh deploy.internal tar xf -", 900))],
        ("scripted", "copilot"),
        since=1,
        programs={"ssh": _SSH},
        stretch=200,
        slow=(1,),
        cut=14,
    ),
    Fresh(
        "a tail that follows a silent log",
        True,
        "the log gets no line any more, and the agent follows it since half an hour",
        "Why do receipts fail? See the log.",
        [
            turn("", read("receipts.log"), think=8.0),
            turn("I'll watch the log.", sh("tail -f receipts.log", 900)),
        ],
        ("opencode", "copilot"),
        since=2,
        files={"receipts.log": "09:12:01 ready\n"},
        stretch=200,
        slow=(2,),
        cut=14,
    ),
    Fresh(
        "a model that never answers",
        True,
        "the provider took the request and has said nothing for half an hour, and no tool runs",
        "A discount makes carts dearer. Make the tests pass.",
        [
            turn("", sh(TEST)),
            turn("", read("shop/cart.py")),
            after(Fault(hang=True), turn("")),
        ],
        ("claude-code", "codex"),
        since=3,
        stretch=150,
        slow=(3,),
        cut=16,
    ),
    Fresh(
        "a server that the tool ends again",
        True,
        "eight times it starts a server that never returns, and eight times the tool ends it",
        "See whether the page of the cart loads.",
        _servers(),
        ("claude-code", "opencode"),
        since=5,
        stretch=40,
    ),
    Fresh(
        "the silence of a server is waited out",
        True,
        "a server prints nothing when it is ready, so waiting for its words has no end",
        "See whether the page of the cart loads.",
        _silent_server(),
        ("codex", "copilot"),
        since=9,
    ),
    Fresh(
        "a port that never opens",
        True,
        "the program has crashed at its start; its log is never read",
        "Start the API and call /health.",
        _port(),
        ("codex", "scripted"),
        since=12,
        files={"tools/api.py": "import no_such_module\n"},
        stretch=30,
    ),
    Fresh(
        "no runner for the build",
        True,
        "two hours of looking at a build that waits for a runner that does not exist",
        "See the build through.",
        [
            turn("Still queued. I'll wait." if at % 3 else "", sh("sleep 0.5; gh run view 8842"), think=0.2)
            for at in range(34)
        ],
        ("claude-code",),
        since=25,
        programs={"gh": _GH},
        stretch=200,
    ),
    Fresh(
        "a plan of a plan",
        True,
        "twelve plans, and no line of code was changed",
        "A discount makes carts dearer. Make the tests pass.",
        [
            turn(say, write("PLAN.md" if at % 2 else f"docs/plan-{at}.md", text))
            for at, (say, text) in enumerate(_PLANS)
        ],
        ("codex", "copilot"),
        since=7,
    ),
    Fresh(
        "a list that is only ever tidied",
        True,
        "fifteen forms of the same list of work, of which nothing is begun",
        "A discount makes carts dearer. Make the tests pass.",
        _lists(),
        ("opencode", "gemini"),
        since=8,
    ),
    Fresh(
        "a small project read five times",
        True,
        "six files are read over and over, and not one is changed",
        "A discount makes carts dearer. Make the tests pass.",
        _wanders(),
        ("claude-code", "codex"),
        since=22,
    ),
    Fresh(
        "a helper that goes round in a circle",
        True,
        "the subagent repeats one search that finds nothing, and its parent waits",
        "Where are vouchers applied?",
        [turn("I'll let a helper look.", sub("Find vouchers", "Find where vouchers are applied."))],
        ("claude-code", "opencode"),
        since=8,
        subs=[turn("", grep("apply_voucher")) for _ in range(20)],
    ),
    Fresh(
        "the same errand for one helper after another",
        True,
        "ten helpers were given the same task, each came back with nothing",
        "Where are vouchers applied?",
        [
            turn(
                "The helper found nothing useful. I'll ask another." if at else "",
                sub("Find vouchers", "Find where vouchers are applied."),
            )
            for at in range(10)
        ],
        ("opencode",),
        since=6,
        subs=[turn("", grep("voucher")), turn("I found no place where vouchers are applied.")],
    ),
    Fresh(
        "asked to wait, it waits",
        True,
        "it sleeps and sleeps for a person who was never asked anything",
        "Change the discount once Anna has agreed.",
        [
            turn(
                ("I'll wait for Anna's answer.", "No answer yet. Waiting.", "")[at % 3],
                sh(f"sleep {0.4 + at % 3 / 10}"),
            )
            for at in range(24)
        ],
        ("gemini",),
        since=12,
        stretch=60,
    ),
]
