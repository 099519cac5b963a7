"""Agents that look again and again at what stays the same."""

from __future__ import annotations

from scenarios_fresh.project import COMMIT, TEST
from scenarios_fresh.scenario import Fresh, Turn, edit, fetch, grep, read, sh, turn


def _nothings() -> list[Turn]:
    """What it means to do is never what it calls."""
    calls = [
        "echo 'waiting for the build'",
        "true",
        "echo step 1",
        "echo marker2",
        ":",
        "echo continuing",
        "echo ok",
    ]
    calls += [
        "echo 'checking the build output'",
        "echo marker3",
        "true",
        "echo next",
        "echo marker4",
        "echo go",
    ]
    calls += [
        "echo 'now reading the result'",
        "echo marker5",
        ":",
        "echo proceeding",
        "echo marker6",
        "echo done",
    ]
    start = [
        turn(
            "I'll start the build in the background.",
            sh("(sleep 1; echo built > build.log) >/dev/null 2>&1 &"),
        )
    ]
    words = (
        "Now I'll read the result of the build.",
        "I will call the tool that reads the build's output.",
        "",
    )
    return start + [turn(words[at % 3], sh(call), think=0.3) for at, call in enumerate(calls)]


def _assured() -> list[Turn]:
    """All is done, and looked at once more, and once more."""
    found = [
        turn("", read("shop/cart.py")),
        turn("", edit("shop/cart.py", "(100 + Decimal(percent))", "(100 - Decimal(percent))")),
        turn("", sh(TEST)),
        turn("All green. I'll commit.", sh(COMMIT + "'Take the discount off'")),
    ]
    looks = (
        "git status",
        "git log --oneline -3",
        TEST,
        "git show --stat HEAD",
        "git status --short",
        "git diff HEAD~1 --stat",
        "python -B -m pytest -p no:cacheprovider 2>&1 | tail -5",
    )
    words = (
        "Let me verify that everything is in place.",
        "Everything looks good. Let me double-check once more.",
        "The work is complete. One final verification.",
        "To be absolutely sure, I'll check again.",
    )
    return found + [turn(words[at % 4], sh(looks[at % 7])) for at in range(24)]


def _paths() -> list[Turn]:
    """The same six places, three times over, and never a list of what is there."""
    places = (
        "src/app/config.ts",
        "src/config.ts",
        "app/config.ts",
        "config/index.ts",
        "src/lib/config.ts",
        "config.ts",
    )
    found = []
    for again in range(3):
        for place in places:
            say = "" if again else f"The configuration should be in {place}."
            found.append(turn(say or "Let me check there again.", read(place)))
    return found


def _reruns() -> list[Turn]:
    """A failing test is run in every manner that there is, and nothing is changed."""
    flags = (
        "",
        " -x",
        " -v",
        " --tb=long",
        " --lf",
        " -k discount",
        " -s",
        " --tb=short",
        " -vv",
        " -rA",
        " -l",
        " --co -q",
    )
    words = (
        "Let me run the tests.",
        "Let me see more of that failure.",
        "I'll run it again to see the details.",
    )
    command = "python -B -m pytest -p no:cacheprovider tests/test_cart.py{} 2>&1 | tail -30"
    return [turn(words[min(at, 2)], sh(command.format(flag))) for at, flag in enumerate([*flags, *flags[:4]])]


def _logs() -> list[Turn]:
    """The tool cuts what it shows, so it is asked for the same once more."""
    ways = (
        "cat",
        "cat",
        "head -c 200000",
        "tail -c 200000",
        "less",
        "cat",
        "more",
        "strings",
        "cat",
        "nl",
        "cat",
        "fold",
        "cat",
    )
    words = (
        "The output was truncated. Let me get the full file.",
        "I still don't see the middle. Again.",
        "",
    )
    return [
        turn(words[at % 3] if at else "I'll read the log.", sh(f"{way} server.log"))
        for at, way in enumerate(ways)
    ]


def _pages_of_docs() -> list[Turn]:
    ways = (
        "api",
        "api/v2",
        "docs",
        "docs/api",
        "reference",
        "api.html",
        "index.html",
        "v2/docs",
        "api/v2/payments",
        "docs/v2",
        "api",
    )
    return [
        turn(
            "I need the API's documentation." if not at else "That failed too; another address.",
            fetch(f"http://127.0.0.1:9/{way}"),
        )
        for at, way in enumerate(ways)
    ]


def _greps() -> list[Turn]:
    names = ("applyVoucher", "apply_voucher", "ApplyVoucher", "voucher")
    return [turn("" if again else f"Where is `{name}`?", grep(name)) for again in range(6) for name in names]


LOOKS = [
    Fresh(
        "commands that do nothing",
        True,
        "it says that it will read the result and only ever runs echo and true",
        "Build the project and tell me how it went.",
        _nothings(),
        ("claude-code", "codex"),
        since=9,
    ),
    Fresh(
        "sure, and surer, and surer still",
        True,
        "the work was committed long ago; it goes on looking at the same unchanged things",
        "A discount makes carts dearer. Mend it and commit.",
        _assured(),
        ("gemini", "copilot"),
        since=16,
    ),
    Fresh(
        "guesses where a file may be",
        True,
        "six wrong paths are tried in turn, over and over, without a look at what there is",
        "Turn on the flag newCheckout in the configuration.",
        _paths(),
        ("codex", "copilot"),
        since=10,
    ),
    Fresh(
        "one failing test in every manner",
        True,
        "sixteen runs of the same failing test with no change between them",
        "A discount makes carts dearer. Make the tests pass.",
        _reruns(),
        ("gemini", "opencode"),
        since=9,
    ),
    Fresh(
        "a log too long to be shown",
        True,
        "the same file is printed as a whole thirteen times, and cut each time",
        "Why did the server stop last night? See server.log.",
        _logs(),
        ("codex",),
        since=8,
        setup="python3 -c 'for n in range(9000): print(n, \"GET /cart\", n * 7919 % 1000)' > server.log",
    ),
    Fresh(
        "documentation that can't be reached",
        True,
        "eleven addresses of a host that answers none",
        "Use version 2 of the payment API.",
        _pages_of_docs(),
        ("claude-code",),
        since=8,
    ),
    Fresh(
        "four searches round and round",
        True,
        "the same four searches, which find nothing, six times",
        "Let vouchers apply twice.",
        _greps(),
        ("copilot", "claude-code"),
        since=11,
    ),
]
