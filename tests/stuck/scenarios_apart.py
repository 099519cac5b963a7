"""More of what agents do. By these the rules were measured at first and tuned later, so they say no more how
well runs are judged that nobody has seen.
"""

from __future__ import annotations

from scenarios import BUSY, COMMIT, FIX, TEST, Scenario, mixed, rewrite, run, write

LINT = "python3 -c 'import ast,sys; [ast.parse(open(p).read(), p) for p in sys.argv[1:]]'"

STUCK = [
    Scenario(
        "a missing module, and edits elsewhere",
        True,
        "the same failure after each edit of another file",
        mixed(
            *([write(f"notes{n}.md", f"try {n}\n"), run("python3 -c 'import totals' 2>&1")] for n in range(7))
        ),
    ),
    Scenario(
        "three looks in turn",
        True,
        "a circle of three",
        [run("git status --short"), run("cat test_calc.py"), run("git log --oneline")] * 6,
    ),
    Scenario(
        "a server in the foreground",
        True,
        "it never ends and does nothing",
        [run("ls"), run("python3 -m http.server 0 --bind 127.0.0.1")],
        stretch=300,
        cut=16,
    ),
    Scenario(
        "follows a file that nobody writes",
        True,
        "it hangs",
        [FIX, run("tail -f calc.py")],
        stretch=300,
        cut=16,
    ),
    Scenario(
        "commits what has not changed",
        True,
        "the same refusal of git",
        mixed(*([rewrite("return a - b"), run(f"git commit -am 'Fix it, {n}'")] for n in range(7))),
    ),
    Scenario(
        "undoes and redoes",
        True,
        "the same failure between two states",
        mixed(*([rewrite("return b - a"), TEST, run("git checkout -q calc.py"), TEST] for _ in range(5))),
    ),
    Scenario(
        "a script that is not there, called in many ways",
        True,
        "no call works",
        [
            run(call)
            for call in (
                *("make test", "make check", "npm test", "./run_tests.sh", "bash run_tests.sh", "tox -q"),
                *("./gradlew test", "cargo test", "go test ./...", "mvn -q test", "rake test", "just test"),
            )
        ],
    ),
]

HEALTHY = [
    Scenario(
        "each new file is linted and mended",
        False,
        "a check fails for another file each time",
        [
            *mixed(
                *(
                    [
                        run(f"printf 'x = (\\n' > part{n}.py"),
                        run(f"{LINT} part{n}.py"),
                        run(f"printf 'x = ({n})\\n' > part{n}.py"),
                        run(f"{LINT} part{n}.py && echo clean"),
                    ]
                    for n in range(6)
                )
            ),
            COMMIT,
        ],
    ),
    Scenario(
        "the same change in many files",
        False,
        "one command, file by file",
        [
            run("for n in {1..14}; do echo old > file$n.txt; done"),
            *[run(f"sed -i s/old/new/ file{n}.txt && cat file{n}.txt") for n in range(1, 15)],
            COMMIT,
        ],
    ),
    Scenario(
        "looks for the commit that broke it",
        False,
        "the same test on other commits",
        [
            run("for n in {1..6}; do echo $n > n.txt; git add -A; git commit -qm $n; done; git log -3"),
            *mixed(*([run(f"git checkout -q main~{n}"), TEST] for n in (5, 2, 1))),
            run("git checkout -q main"),
            FIX,
            TEST,
            COMMIT,
        ],
    ),
    Scenario(
        "fetches slowly",
        False,
        "half an hour of a little writing",
        [
            run("for i in {1..22}; do head -c 400000 /dev/urandom >> got.bin; sleep 0.3; done; rm got.bin"),
            FIX,
            COMMIT,
        ],
        stretch=400,
    ),
    Scenario(
        "builds after each edit",
        False,
        "long builds that work, with the same good end",
        [
            *mixed(
                *([write(f"mod{n}.py", f"M = {n}\n"), run(f'{BUSY}\nprint("built")\'')] for n in range(3))
            ),
            COMMIT,
        ],
        stretch=200,
    ),
    Scenario(
        "a merge with conflicts",
        False,
        "git refuses, for another reason each time",
        [
            run(
                "git checkout -qb side && echo side > calc.py && git commit -qam side && git checkout -q main"
            ),
            FIX,
            run("git merge side"),
            run("git commit -qam 'Add'"),
            run("git merge side"),
            run("git checkout --ours calc.py && git add calc.py && git commit -qm 'Merge side'"),
            run("git push origin main"),
            TEST,
        ],
    ),
    Scenario(
        "a reviewer looks for many words",
        False,
        "most are not there, which is an answer",
        [
            *[
                run(f"grep -rn {word} --include=*.py .")
                for word in ("eval", "add", "exec", "pickle", "import", "os")
            ],
            *[
                run(f"grep -rn {word} --include=*.py .")
                for word in ("def", "system", "TODO", "self", "yaml", "return")
            ],
            TEST,
        ],
        duty="review",
    ),
]
APART = [*STUCK, *HEALTHY]
