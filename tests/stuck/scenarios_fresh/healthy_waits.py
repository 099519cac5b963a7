"""Agents that read much, think long, wait for what comes, or have others work for them."""

from __future__ import annotations

from fleet.testing.model_script import Fault
from scenarios_fresh.project import COMMIT, TEST
from scenarios_fresh.scenario import Fresh, Turn, after, edit, grep, read, sh, sub, todo, turn, write

_BIG = {
    f"core/{layer}/{part}.py": f'"""The {part} of the {layer}."""\n\nfrom core.base import Part\n\n\n'
    f"class {part.title()}(Part):\n    layer = {layer!r}\n\n"
    f"    def run(self, value):\n        return self.pass_on(value, {part!r})\n"
    for layer in ("web", "domain", "store", "queue")
    for part in ("reader", "writer", "router", "cache", "limits", "clock", "auth")
} | {"core/base.py": "class Part:\n    def pass_on(self, value, name):\n        return (name, value)\n"}


def _grand_tour() -> list[Turn]:
    """Twenty-eight files, each read once, before the first change."""
    found = [turn("I have to know the code first.", sh("git ls-files core"))]
    for at, path in enumerate(_BIG):
        found.append(turn("Next layer." if at % 7 == 0 else "", read(path)))
    found += [
        turn(
            "Now I see: pass_on is where to count.",
            edit(
                "core/base.py",
                "        return (name, value)",
                "        self.count = getattr(self, 'count', 0) + 1\n        return (name, value)",
            ),
        ),
        turn("", sh(TEST)),
    ]
    return [*found, turn("", sh(COMMIT + "'Count what is passed on'"))]


_LONG = "".join(
    f"{n:05} GET /cart/{n * 7919 % 997} {200 if n != 1043 else 500} {n % 13} ms\n" for n in range(1400)
)


def _in_parts() -> list[Turn]:
    """One long file, a part at a time, none twice."""
    found = [turn("The file is long; in parts.", sh("wc -l access.log"))]
    found += [turn("", read("access.log", 1 + 100 * n, 100)) for n in range(13)]
    return [
        *found,
        turn("Line 1044 is the one.", write("FINDING.md", "A 500 at line 1044: /cart/ with 3 ms.\n")),
    ]


def _reviewed() -> list[Turn]:
    found = [turn("", sh("git log --oneline | head -20"))]
    for at, path in enumerate(list(_BIG)[:18]):
        found.append(
            turn("Fine so far." if at % 5 == 4 else "", sh(f"git diff main~1 main -- {path} | head -40"))
        )
        if at % 6 == 5:
            found.append(turn("", read(path)))
    return [*found, turn("I found two things: the cache is never emptied, and limits are read at each call.")]


_CI = """#!/bin/sh
n=$(cat "$HOME/.n" 2>/dev/null || echo 0); n=$((n + 1)); echo $n > "$HOME/.n"
i=0; for job in lint unit build e2e package; do
  i=$((i + 1))
  if [ $n -gt $i ]; then echo "✓ $job"
  elif [ $n = $i ]; then echo "* $job (in progress)"
  else echo "  $job (queued)"; fi
done
[ $n -gt 5 ] && echo 'Run 8842 completed with success'
exit 0
"""

_CANARY = """#!/bin/sh
n=$(cat "$HOME/.n" 2>/dev/null || echo 0); n=$((n + 1)); echo $n > "$HOME/.n"
echo "canary at $((n * 20)) %  errors 0.0$((n % 3)) %  p95 $((180 + n)) ms"
"""


def _thoughtful() -> list[Turn]:
    return [
        turn("", read("shop/cart.py")),
        turn(
            "Carts, prices and orders depend on each other; I had to think that through.",
            grep("rounded"),
            think=5.0,
        ),
        turn("", read("shop/money.py")),
        turn(
            "The rounding belongs to the end.",
            edit(
                "shop/money.py",
                "    return amount.quantize(CENT, rounding=decimal.ROUND_HALF_UP)",
                "    return Decimal(amount).quantize(CENT, rounding=decimal.ROUND_HALF_UP)",
            ),
            think=6.0,
        ),
        turn("", sh(TEST), think=0.5),
        turn(
            "I weighed two ways to take the discount off.",
            sh("sed -i 's/100 + Decimal/100 - Decimal/' shop/cart.py"),
            think=5.0,
        ),
        turn("", sh(TEST)),
        turn("", sh(COMMIT + "'Take the discount off'")),
    ]


def _limited() -> list[Turn]:
    limit = Fault(status=429, message="rate limit exceeded", retry_after=2, times=2)
    return [
        turn("", sh(TEST)),
        after(limit, turn("", read("shop/cart.py"))),
        turn("", edit("shop/cart.py", "(100 + Decimal(percent))", "(100 - Decimal(percent))")),
        after(limit, turn("", sh(TEST))),
        turn("", sh(COMMIT + "'Take the discount off'")),
    ]


def _overloaded() -> list[Turn]:
    bad = Fault(status=529, message="overloaded", times=2)
    return [
        turn("", read("shop/mail.py")),
        after(
            bad, turn("", edit("shop/mail.py", "Thank you for your order.", "Thanks a lot for your order."))
        ),
        turn("", sh(TEST)),
        turn("", sh(COMMIT + "'Thank more'")),
    ]


_AREAS = ("carts", "money", "orders", "mail")


def _helped() -> list[Turn]:
    found = [turn("Four helpers, one for each part.", todo(*(f"> look at {area}" for area in _AREAS)))]
    found += [
        turn("", sub(f"Look at {area}", f"Read the code about {area} and say what is wrong with it."))
        for area in _AREAS
    ]
    return [
        *found,
        turn("", write("FINDINGS.md", "# Findings\n\n* The discount has the wrong sign.\n")),
        turn("", sh(COMMIT + "'Write down what was found'")),
    ]


_HELPERS = [
    turn("", read("shop/cart.py")),
    turn("", read("shop/money.py")),
    turn("", grep("percent")),
    turn("", sh(TEST)),
    turn("The discount is added where it should be taken off."),
]


def _served() -> list[Turn]:
    return [
        turn("", sh("(sleep 2.5; echo ready > .ready) >/dev/null 2>&1 & echo started")),
        turn("Is it up?", sh("test -e .ready && echo up || echo 'connection refused'")),
        turn("A moment more.", sh("sleep 0.6; test -e .ready && echo up || echo 'connection refused'")),
        turn("", sh("sleep 0.8; test -e .ready && echo up || echo 'connection refused'")),
        turn("", sh("sleep 1.5; test -e .ready && echo up || echo 'connection refused'")),
        turn("It answers. Now the page.", sh("echo '<h1>Cart</h1>' > page.html && cat page.html")),
        turn("", sh(TEST)),
        turn("", sh("git add -A && git commit -qm 'Add the page'")),
    ]


def _remote() -> list[Turn]:
    """A deployment on other machines: nothing is computed here, and it takes nine minutes."""
    return [
        turn("", sh("git log -1 --oneline")),
        turn("This takes eight to ten minutes.", sh("deploy production", 600)),
        turn("", sh("deploy status")),
        turn("Deployed."),
    ]


_DEPLOY = """#!/bin/sh
[ "$1" = status ] && echo 'production: v2, 12 of 12 machines' && exit 0
echo 'rolling out v2 to 12 machines'; sleep 9; echo 'done in 9m 02s'
"""


def _inquiry() -> list[Turn]:
    words = (
        "voucher",
        "percent",
        "discount",
        "total",
        "rounded",
        "Decimal",
        "receipt",
        "lines",
        "Path",
        "save",
        "numbers",
        "json",
    )
    found = [turn("Who uses what?" if not at else "", grep(word)) for at, word in enumerate(words)]
    found += [
        turn("Now a plan.", write("docs/plan.md", "# Plan\n\n1. The sign of the discount.\n2. A test.\n")),
        turn("", read("shop/cart.py")),
        turn("", edit("shop/cart.py", "(100 + Decimal(percent))", "(100 - Decimal(percent))")),
        turn("", sh(TEST)),
    ]
    return [*found, turn("", sh(COMMIT + "'Take the discount off'"))]


def _listed() -> list[Turn]:
    """The list of work is kept up to date between real steps."""
    items = ("read the cart", "mend the discount", "write a test", "thank more", "commit")
    steps = (
        read("shop/cart.py"),
        edit("shop/cart.py", "(100 + Decimal(percent))", "(100 - Decimal(percent))"),
        write(
            "tests/test_none.py",
            "from shop.cart import Cart\n\n\ndef test_none():\n    assert Cart().discount(5) == 0\n",
        ),
        sh("sed -i 's/Thank you/Thanks a lot/' shop/mail.py"),
        sh(COMMIT + "'Mend and thank'"),
    )
    found = []
    for at, step in enumerate(steps):
        listed = [f"x {it}" if n < at else f"> {it}" if n == at else it for n, it in enumerate(items)]
        found += [turn("", todo(*listed)), turn("", step), turn("", sh(TEST))]
    return found


WAITS = [
    Fresh(
        "twenty-eight files before the first change",
        False,
        "it reads each file once and then knows where to change",
        "Count what is passed on.",
        _grand_tour(),
        ("claude-code", "copilot"),
        files=_BIG,
    ),
    Fresh(
        "a long log in parts",
        False,
        "one file, another part each time",
        "Where in access.log is the error?",
        _in_parts(),
        ("opencode", "gemini"),
        files={"access.log": _LONG},
        duty="report",
    ),
    Fresh(
        "a review of eighteen files",
        False,
        "a reviewer changes nothing",
        "Review the last commit.",
        _reviewed(),
        ("claude-code", "gemini"),
        files=_BIG,
        setup="echo >> core/base.py; git commit -qam 'Touch the base'",
        duty="review",
    ),
    Fresh(
        "a build is seen through",
        False,
        "one job after another gets done, then the run succeeds",
        "See the build through.",
        [turn("" if at else "I'll watch it.", sh("sleep 0.6; gh run view 8842")) for at in range(6)],
        ("claude-code", "codex"),
        programs={"gh": _CI},
        stretch=60,
        duty="report",
    ),
    Fresh(
        "a canary grows",
        False,
        "every look shows a larger share",
        "Roll out with care.",
        [turn("", sh("sleep 1.0; canary status")) for _ in range(5)] + [turn("", sh("echo promoted"))],
        ("acp",),
        programs={"canary": _CANARY},
        stretch=120,
        duty="report",
    ),
    Fresh(
        "thoughts of five minutes",
        False,
        "it thinks long, three times, and acts after each",
        "A discount makes carts dearer. Make the tests pass.",
        _thoughtful(),
        ("claude-code", "acp"),
        stretch=60,
    ),
    Fresh(
        "a rate limit that passes",
        False,
        "the provider says when to come back, and it does",
        "A discount makes carts dearer. Make the tests pass.",
        _limited(),
        ("claude-code", "opencode"),
        stretch=40,
    ),
    Fresh(
        "a provider that is overloaded for a moment",
        False,
        "after two refusals all goes on",
        "Thank customers more.",
        _overloaded(),
        ("acp",),
        stretch=30,
    ),
    Fresh(
        "four helpers, each with a part of its own",
        False,
        "every helper has another errand and comes back with something",
        "What is wrong with the shop?",
        _helped(),
        ("claude-code", "opencode"),
        subs=_HELPERS,
        duty="change",
    ),
    Fresh(
        "a server that needs its time",
        False,
        "four looks until it is up, then the work goes on",
        "Start the server and add a page.",
        _served(),
        ("codex",),
    ),
    Fresh(
        "nine minutes of a roll-out elsewhere",
        False,
        "the command said how long it takes, and it ended then",
        "Deploy v2.",
        _remote(),
        ("claude-code", "opencode"),
        programs={"deploy": _DEPLOY},
        stretch=60,
        slow=(2,),
        duty="report",
    ),
    Fresh(
        "twelve searches, then a plan, then a change",
        False,
        "each search is for something else and they end in a change",
        "A discount makes carts dearer. Make the tests pass.",
        _inquiry(),
        ("gemini", "copilot"),
    ),
    Fresh(
        "a list of work that is worked off",
        False,
        "an item is done between every two updates",
        "Mend the discount, test it, thank more.",
        _listed(),
        ("opencode", "gemini"),
    ),
]
