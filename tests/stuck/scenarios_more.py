"""More by which the rules are tuned: being stuck in ways that no two calls in a row give away, and work that
looks like it for a while.
"""

from __future__ import annotations

from scenarios import BUSY, COMMIT, FIX, TEST, Scenario, failing, mixed, rewrite, run, write

MOST = ("scripted", "claude-code", "codex", "gemini")
FEW = ("scripted", "claude-code", "opencode")
PIPED = run("python3 -B -m unittest 2>&1 | tail -4")
ASK = "import sys; sys.exit('error: 401 Unauthorized: the token has expired, asking ' + sys.argv[1][:3])"
LINES = "\\n".join(f"def part{n}(): return {n}" for n in range(40))


def lint(count: int) -> list[dict]:
    """A linter that finds so many errors, after something was mended."""
    text = "".join(f"part{n}.py: error: name is not defined\\n" for n in range(count))
    body = f"import sys\\nprint('''{text}Found {count} errors''')\\nsys.exit({int(count > 0)})\\n"
    return [write("lint.py", body.replace("\\n", "\n")), run("python3 lint.py")]


STUCK = [
    Scenario(
        "five looks in turn",
        True,
        "a circle of five",
        [
            run("git status --short"),
            run("cat calc.py"),
            run("ls -la | wc -l"),
            run("cat test_calc.py"),
            run("git log --oneline"),
        ]
        * 4,
        by=MOST,
    ),
    Scenario(
        "a circle with other numbers",
        True,
        "the same looks, spelled anew each time",
        mixed(
            *(
                [run(f"head -{n} calc.py"), run(f"tail -{n} test_calc.py"), run(f"git log --oneline -{n}")]
                for n in range(20, 29)
            )
        ),
        by=MOST,
    ),
    Scenario(
        "one error for every question",
        True,
        "the token has expired, whatever is asked for",
        [
            run(f'python3 -c "{ASK}" "{what}"')
            for what in (
                "notes of today",
                "notes for the release",
                "noted bugs",
                "notes",
                "not done",
                "nothing",
            )
        ],
        by=("scripted", "claude-code", "opencode", "codex"),
    ),
    Scenario(
        "tests through a pipe, and edits that do not help",
        True,
        "the same failure, which the exit code does not tell",
        mixed(*([rewrite(f"return a - b  # try {n}"), PIPED] for n in range(7))),
        by=("scripted", "claude-code", "codex", "acp"),
    ),
    Scenario(
        "three failures take turns",
        True,
        "none of them is new",
        mixed(
            *(
                [rewrite(f"return {body}  # {n}"), TEST]
                for n in range(4)
                for body in ("a - b", "nothing", "a.b")
            )
        ),
        by=MOST,
    ),
    Scenario(
        "reads one file in pieces, again and again",
        True,
        "all of it is known",
        [
            run("cat test_calc.py"),
            *[run(f"sed -n '{a},{b}p' test_calc.py") for a in range(1, 6) for b in range(5, 9)],
        ],
        by=MOST,
    ),
    Scenario(
        "a hook refuses every commit",
        True,
        "the same refusal after each edit",
        [
            run(
                "printf '#!/bin/sh\\necho \"error: add.py has no licence header\" >&2\\nexit 1\\n'"
                " > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit"
            ),
            *mixed(*([rewrite(f"return a + b  # {n}"), run(f"git commit -am 'Add, {n}'")] for n in range(7))),
        ],
        by=("scripted", "claude-code", "codex", "acp"),
    ),
    Scenario(
        "a program fails, and other files are written",
        True,
        "the same failure of what is no test",
        [
            write("main.py", "import json\nprint(json.load(open('settings.json'))['port'])\n"),
            *mixed(
                *([write(f"config{n}.json", f'{{"port": {n}}}\n'), run("python3 main.py")] for n in range(7))
            ),
        ],
        by=("scripted", "claude-code", "opencode", "gemini"),
    ),
    Scenario(
        "waits for a file that nobody makes",
        True,
        "it hangs in a loop",
        [run("ls"), run("while [ ! -f built.txt ]; do sleep 0.5; done; cat built.txt")],
        stretch=300,
        cut=14,
        by=("scripted", "claude-code", "codex", "acp"),
    ),
    Scenario(
        "promises",
        True,
        "it says what it will do, each time something else",
        [
            {"say": "I'll now look at the failing test."},
            {"say": "Let me open calc.py and find the bug."},
            {"say": "Now I will write the corrected function."},
            {"say": "Next, I'm going to run the whole suite."},
            {"say": "Let me commit this and summarise."},
            {"say": "I will begin with the implementation."},
            {"say": "Let's get going with the tests."},
        ],
        by=("scripted",),
    ),
    Scenario(
        "the same in other words",
        True,
        "it only talks",
        [
            {"say": f"{word} the bug is in the add function of calc.py, which subtracts."}
            for word in ("So", "Indeed", "As said,", "Again,", "Clearly", "Right,")
        ],
        by=("scripted",),
    ),
    Scenario(
        "a question in the air",
        True,
        "it asked nobody, and waits",
        [TEST, {"say": "Should add() accept strings too, or numbers alone?"}, {"sleep": 30}],
        stretch=400,
        cut=3,
        by=("scripted",),
    ),
    Scenario(
        "writes the same file again",
        True,
        "what was written is there already",
        mixed(
            *([write("calc.py", "def add(a, b):\n    return a - b\n"), run("cat calc.py")] for _ in range(6))
        ),
        by=("scripted", "claude-code", "gemini"),  # Codex does not tell what it writes
    ),
]

HEALTHY = [
    Scenario(
        "test by test",
        False,
        "each new test fails at first",
        [
            *mixed(
                *(
                    [
                        write(
                            f"test_n{n}.py",
                            f"import unittest\nfrom n{n} import f\n\n\nclass N{n}(unittest.TestCase):\n"
                            f"    def test_f(self):\n        self.assertEqual(f(), {n})\n",
                        ),
                        run(f"python3 -B -m unittest test_n{n} 2>&1"),
                        write(f"n{n}.py", f"def f():\n    return {n}\n"),
                        run(f"python3 -B -m unittest test_n{n} 2>&1"),
                    ]
                    for n in range(6)
                )
            ),
            COMMIT,
        ],
        by=MOST,
    ),
    Scenario(
        "a large refactoring",
        False,
        "the same command thirty times, and less of the old each time",
        [
            run("for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo 'old(1)' > file$n.txt; done"),
            *mixed(
                *(
                    [run(f"sed -i s/old/new/ file{n}.txt"), run("grep -l old *.txt | wc -l")]
                    for n in range(1, 13)
                )
            ),
            COMMIT,
        ],
        by=("scripted", "claude-code", "opencode", "codex"),
    ),
    Scenario(
        "a failure that is left for later",
        False,
        "one test fails all the time, and more and more pass",
        [
            *mixed(
                *(
                    [
                        write(
                            f"test_part{n}.py",
                            "import unittest\n\n\nclass Part(unittest.TestCase):\n"
                            f"    def test_{n}(self):\n        self.assertEqual({n}, {n})\n",
                        ),
                        TEST,
                    ]
                    for n in range(7)
                )
            ),
            COMMIT,
        ],
        by=MOST,
    ),
    Scenario(
        "watches the build server",
        False,
        "it says the same for a while, and then gets on",
        [
            write(
                "ci",
                "import os, sys\nn = os.path.getsize('n') if os.path.exists('n') else 0\n"
                "open('n', 'a').write('.')\nprint(f'{n // 4} of 4 jobs done')\n",
            ),
            *[run("sleep 0.1; python3 ci")] * 17,
            COMMIT,
        ],
        by=MOST,
    ),
    Scenario(
        "goes back in history",
        False,
        "the bug was there all the time",
        [
            run(
                "for n in 1 2 3 4 5 6 7; do echo $n > n.txt; git add -A; git commit -qm $n; done; git log -8"
            ),
            *mixed(*([run(f"git checkout -q main~{n}"), TEST] for n in (1, 2, 3, 4, 5, 6))),
            run("git checkout -q main"),
            FIX,
            TEST,
            COMMIT,
        ],
        by=MOST,
    ),
    Scenario(
        "looks before each edit",
        False,
        "the same looks, and a change after each",
        [
            *mixed(
                *(
                    [run("cat calc.py"), run("git diff --stat"), rewrite(f"return a + b + {n}")]
                    for n in range(8)
                )
            ),
            FIX,
            TEST,
            COMMIT,
        ],
        by=MOST,
    ),
    Scenario(
        "a reviewer reads a file in pieces",
        False,
        "whoever judges may read twice",
        [
            run(f"printf '{LINES}\\n' > big.py; cat big.py"),
            *[run(f"sed -n '{n},{n + 6}p' big.py") for n in range(1, 36, 3)],
            run("git log --oneline"),
            TEST,
        ],
        duty="review",
        by=("scripted", "claude-code", "gemini", "acp"),
    ),
    Scenario(
        "a long suite through a pipe",
        False,
        "half an hour without a word",
        [FIX, run(f'({BUSY}\nprint("Ran 900 tests")\') 2>&1 | tail -3'), COMMIT],
        stretch=400,
        by=("scripted", "claude-code", "codex", "gemini"),
    ),
    Scenario(
        "fewer and fewer errors",
        False,
        "the same linter, and one error less each time",
        [*mixed(*(lint(count) for count in range(9, -1, -1))), COMMIT],
        by=("scripted", "claude-code", "codex", "acp"),
    ),
    Scenario(
        "other tools are tried",
        False,
        "five are not there, the sixth is",
        [
            *[run(f"{word} test_calc.py") for word in ("pytst", "nosetestz", "py.tst", "trialz", "greenz")],
            TEST,
            FIX,
            TEST,
            COMMIT,
        ],
        by=("scripted", "claude-code", "opencode", "gemini"),
    ),
    Scenario(
        "the same edit in many files",
        False,
        "one after the other",
        [
            run("for n in 1 2 3 4 5 6 7 8 9 10; do echo 'old = 1' > mod$n.py; done"),
            *[
                {"edit": {"path": f"mod{n}.py", "find": "old = 1", "replace": "new = 1"}}
                for n in range(1, 11)
            ],
            run("python3 -m compileall -q . && echo ok"),
            COMMIT,
        ],
        by=("scripted", "acp", "codex"),  # Claude Code changes nothing that it has not read
    ),
    Scenario(
        "many files before it can run",
        False,
        "the same failure until all parts are there",
        [
            write("app.py", "import p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, core\n"),
            *mixed(
                *(
                    [
                        *[write(f"p{n}.py", f"import core\nN = {n}\n") for n in range(m, m + 2)],
                        run("python3 app.py"),
                    ]
                    for m in (0, 2, 4, 6, 8)
                )
            ),
            write("core.py", "VERSION = 1\n"),
            run("python3 app.py && echo ok"),
            COMMIT,
        ],
        by=MOST,
    ),
    Scenario(
        "tells what it does",
        False,
        "a promise before each deed",
        mixed(
            *([{"say": f"I'll now write part {n}."}, write(f"part{n}.py", f"N = {n}\n")] for n in range(8))
        ),
        by=("scripted",),
    ),
    Scenario(
        "fails while the network is away",
        False,
        "three times, and then it is back",
        [
            write(
                "get.py",
                "import os, sys\nn = os.path.getsize('n') if os.path.exists('n') else 0\n"
                "open('n', 'a').write('.')\nsys.exit('error: connection refused' if n < 3 else 0)\n",
            ),
            *[run("sleep 0.1; python3 get.py")] * 4,
            FIX,
            TEST,
            COMMIT,
        ],
        by=FEW,
    ),
    Scenario(
        "tests become fewer that fail, through a pipe",
        False,
        "progress that the exit code does not tell",
        [FIX, *mixed(*([failing(n), PIPED] for n in (6, 5, 4, 3, 2, 1, 0))), COMMIT],
        by=("scripted", "claude-code", "codex", "opencode"),
    ),
]
MORE = [*STUCK, *HEALTHY]
