"""What agents do in the samples: stuck in the ways that are known, and well in the ways that look like it."""

from __future__ import annotations

from dataclasses import dataclass, field

TEST = {"run": "python3 -B -m unittest 2>&1"}  # a compiled file of the same second would be taken for new
EVERY = ("scripted", "claude-code", "opencode", "codex", "gemini", "acp")
# Gemini ends by itself after the same call five times, and runs no command with $(…) in it.
# opencode works on something of its own for a minute when it is driven by ACP: how that looks is kept apart.
NOT_ACP = tuple(name for name in EVERY if name != "acp")
NOT_GEMINI = tuple(name for name in EVERY if name != "gemini")
FIX = {"run": "printf 'def add(a, b):\\n    return a + b\\n' > calc.py"}
COMMIT = {"run": "git add -A && git commit -qm 'Add'"}
BUSY = "python3 -c 'import time; end = time.time() + 5\nwhile time.time() < end: pass'"


@dataclass(frozen=True)
class Scenario:
    """Steps as a scripted agent plays them. `stretch` multiplies times; the recording ends after `cut`
    seconds (0: at the agent's own end).
    """

    name: str
    stuck: bool
    why: str
    steps: list[dict] = field(default_factory=list)
    stretch: int = 20
    cut: float = 0
    by: tuple[str, ...] = EVERY
    duty: str = "change"
    cost_limit: int = 0


def run(command: str) -> dict:
    return {"run": command}


def rewrite(body: str) -> dict:
    return run(f"printf 'def add(a, b):\\n    {body}\\n' > calc.py")


def write(path: str, content: str) -> dict:
    return {"write": {"path": path, "content": content}}


def failing(count: int) -> dict:
    """A test file of which so many tests fail."""
    bodies = "".join(
        f"    def test_{n}(self):\\n        self.assertEqual({n}, {n if n >= count else n + 1})\\n"
        for n in range(6)
    )
    text = f"import unittest\\nclass Many(unittest.TestCase):\\n{bodies}"
    return run(f"printf '{text}' > test_many.py")


def mixed(*pairs: list[dict]) -> list[dict]:
    return [step for pair in pairs for step in pair]


STUCK = [
    Scenario("the same failing tests, nothing changed", True, "same call, same result", [TEST] * 7),
    Scenario(
        "edits that do not help",
        True,
        "tests fail the same way after each edit",
        mixed(
            *(
                [rewrite(f"return a - b  # {word}"), TEST]
                for word in ("one", "two", "three", "four", "five", "six")
            )
        ),
    ),
    Scenario(
        "to and fro between two edits",
        True,
        "the same two edits again and again",
        [rewrite("return a - b"), TEST, rewrite("return b - a"), TEST] * 4,
    ),
    Scenario("reads the same two files in turn", True, "a circle", [run("cat calc.py"), run("ls -1")] * 6),
    Scenario(
        "an edit that never applies",
        True,
        "the same failure of a tool",
        [{"edit": {"path": "calc.py", "find": f"return a * b{' ' * n}", "replace": "x"}} for n in range(7)],
    ),
    Scenario(
        "one command fails in many spellings",
        True,
        "the same failure",
        [run(f"pytst --tries {n} calc.py") for n in range(8)],
    ),
    Scenario(
        "everything fails",
        True,
        "no call works",
        [run(f"cat /nowhere/file{n}.txt /etc/none{n}") for n in range(4)]
        + [run(f"{word} /nowhere/at/all") for word in ("ls", "stat", "cd", "head", "wc", "file", "rmdir")],
    ),
    Scenario(
        "a command waits for input",
        True,
        "it hangs",
        [run("ls"), run("sleep 30")],
        stretch=300,
        cut=14,
        by=NOT_ACP,
    ),
    Scenario(
        "the agent hangs by itself",
        True,
        "nothing is under way",
        [run("ls"), {"say": "Let me think."}, {"sleep": 30}],
        stretch=400,
        cut=4,
        by=("scripted",),
    ),
    Scenario(
        "the same words", True, "it only talks", [{"say": "I will now fix the bug."}] * 6, by=("scripted",)
    ),
    Scenario(
        "whack-a-mole",
        True,
        "two failures take turns",
        mixed(
            *([rewrite(f"return a - b  # {n}"), TEST, rewrite(f"return ab  # {n}"), TEST] for n in range(7))
        ),
        by=("scripted", "claude-code"),
    ),
    Scenario(
        "looks at everything, changes nothing",
        True,
        "no file changed in two hours",
        [run(f"grep -c . calc.py | sed s/^/{n}/") for n in range(70)],
        stretch=12000,
        by=("scripted",),
    ),
    Scenario(
        "spends and changes nothing",
        True,
        "cost rises",
        mixed(*([{"spend": {"cost": 0.5, "tokens": 9000}}, run(f"echo {n}; cat calc.py")] for n in range(9))),
        by=("scripted",),
        cost_limit=5_000_000,
    ),
    Scenario(
        "polls what never comes",
        True,
        "the same look for ever",
        [run("sleep 0.1; cat /project/ready 2>/dev/null || echo 'not yet'")] * 20,
        by=NOT_GEMINI,
    ),
]

HEALTHY = [
    Scenario("a quick fix", False, "test, fix, test, commit", [TEST, run("cat calc.py"), FIX, TEST, COMMIT]),
    Scenario(
        "three tries at one bug",
        False,
        "it fails the same way three times and is fixed",
        [TEST, rewrite("return a - (b)"), TEST, rewrite("return (a) - b"), TEST, FIX, TEST, COMMIT],
    ),
    Scenario(
        "failures become fewer",
        False,
        "progress",
        [FIX, *mixed(*([failing(n), TEST] for n in (6, 5, 4, 3, 2, 1, 0))), COMMIT],
    ),
    Scenario(
        "a quiet build that uses the processor",
        False,
        "half an hour of work without a word",
        [run(BUSY), FIX, TEST, COMMIT],
        stretch=400,
    ),
    Scenario(
        "a build that reads and writes",
        False,
        "half an hour of little processor time and many files",
        [run("for i in $(seq 25); do head -c 3000000 /dev/zero | wc -c; sleep 0.2; done"), FIX, COMMIT],
        stretch=400,
        by=NOT_GEMINI,
    ),
    Scenario(
        "waits for something to be ready",
        False,
        "it polls, and then it is there",
        [*[run("sleep 0.1; cat /project/ready 2>/dev/null || echo 'not yet'")] * 8, FIX, TEST, COMMIT],
        by=NOT_GEMINI,
    ),
    Scenario(
        "reads a lot before it writes",
        False,
        "different files",
        [
            *[run(f"sed -n '{n}p' calc.py test_calc.py; echo part {n}") for n in range(1, 26)],
            FIX,
            TEST,
            COMMIT,
        ],
    ),
    Scenario(
        "the same check after each edit",
        False,
        "it passes each time",
        [
            *mixed(
                *(
                    [write(f"part{n}.py", f"N = {n}\n"), run("python3 -m compileall -q . && echo ok")]
                    for n in range(8)
                )
            ),
            COMMIT,
        ],
    ),
    Scenario(
        "other errors each time",
        False,
        "compile errors are fixed one by one",
        [
            *mixed(
                *(
                    [
                        rewrite(f"return a +{word}"),
                        run("python3 calc.py 2>&1; python3 -c 'import calc; calc.add(1, 2)'"),
                    ]
                    for word in (" b b", " c", " (b", " b]", " None", " 'x'", " a.b", " [b]", " b()")
                )
            ),
            FIX,
            TEST,
            COMMIT,
        ],
    ),
    Scenario(
        "looks where git stands",
        False,
        "git status between the steps",
        mixed(*([write(f"note{n}.txt", f"{n}\n"), COMMIT, run("git status --short")] for n in range(7))),
    ),
    Scenario(
        "a reviewer",
        False,
        "it reads, tries and judges",
        [
            run("git log --oneline -3"),
            run("cat calc.py"),
            run("cat test_calc.py"),
            TEST,
            run("git diff HEAD"),
            TEST,
        ],
        duty="review",
    ),
    Scenario(
        "a reviewer reads for long",
        False,
        "no file has to change",
        [run(f"grep -n . calc.py | sed s/^/{n}/") for n in range(60)],
        duty="review",
        stretch=800,
        by=("scripted",),
    ),
    Scenario(
        "a long quiet thought",
        False,
        "seven minutes until the next step",
        [TEST, {"sleep": 1.2}, FIX, {"sleep": 1.1}, TEST, COMMIT],
        stretch=350,
        by=("scripted",),
    ),
    Scenario(
        "a command that fails now and then",
        False,
        "grep finds nothing, which is an answer",
        [
            *mixed(*([run(f"grep -rn name{n} ."), write(f"name{n}.py", f"name{n} = 1\n")] for n in range(9))),
            COMMIT,
        ],
    ),
    Scenario(
        "spends and changes files",
        False,
        "cost rises with the work",
        [
            *mixed(
                *(
                    [{"spend": {"cost": 0.5, "tokens": 9000}}, write(f"p{n}.py", f"N = {n}\n")]
                    for n in range(9)
                )
            ),
            COMMIT,
        ],
        by=("scripted",),
        cost_limit=5_000_000,
    ),
]
SCENARIOS = [*STUCK, *HEALTHY]
