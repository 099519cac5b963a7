"""Agents that run much, or for long, and have a reason to."""

from __future__ import annotations

from scenarios_fresh.project import COMMIT, TEST
from scenarios_fresh.scenario import Fresh, Turn, edit, read, sh, turn, write

_BUSY = (
    "import sys, time\nend = time.time() + float(sys.argv[1])\n"
    "while time.time() < end:\n    sum(range(1000))\n"
)
_QUIET_MAKE = "all:\n\t@python3 tools/compile.py 15\n\t@echo 'LD shop.bin'\n"
_LOUD = """import sys, time
for n in range(int(sys.argv[1])):
    end = time.time() + 0.35
    while time.time() < end:
        sum(range(1000))
    print(f'[{n + 1}/{sys.argv[1]}] Building CXX object src/CMakeFiles/core.dir/unit{n}.cc.o', flush=True)
"""


def _bisected() -> list[Turn]:
    found = [turn("", sh("git bisect start && git bisect bad HEAD && git bisect good v1"))]
    for at in range(6):
        found += [
            turn("" if at else "Good or bad?", sh("python3 check.py; echo exit $?")),
            turn("", sh("python3 check.py && git bisect good || git bisect bad")),
        ]
    return [*found, turn("", sh("git bisect log | tail -3; git bisect reset"))]


_HISTORY = """
git tag v1
for n in $(seq 1 40); do echo "x = $n" > shop/version.py; git add -A; git commit -qm "Change $n"; done
"""
_CHECK = """import pathlib, sys
place = pathlib.Path('shop/version.py')
n = int(place.read_text().split()[-1]) if place.exists() else 0
print('latency', 12 if n < 23 else 480, 'ms')
sys.exit(n >= 23)
"""

_BENCH = """import sys, time
start = time.perf_counter()
n = sum(i * i for i in range(int(sys.argv[1]) * 1000))
print(f'rows={sys.argv[1]} workers={sys.argv[2]} {time.perf_counter() - start:.4f} s')
"""


def _bench() -> list[Turn]:
    found = [turn("I'll measure all sizes with 1, 2 and 4 workers.", read("bench.py"))]
    for rows in (10, 50, 200, 800):
        found += [turn("", sh(f"python3 bench.py {rows} {workers}")) for workers in (1, 2, 4)]
    return [
        *found,
        turn("The table.", write("BENCH.md", "| rows | 1 | 2 | 4 |\n|---|---|---|---|\n")),
        turn("", sh(COMMIT + "'Measure'")),
    ]


def _variance() -> list[Turn]:
    """The very same command ten times, since the task wants ten measurements."""
    found = [turn("Ten runs of the same, to see how much they differ.", read("bench.py"))]
    found += [turn(f"Run {n} of 10.", sh("python3 bench.py 300 1")) for n in range(1, 11)]
    return [
        *found,
        turn(
            "The spread is small. I'll write it down.",
            write("BENCH.md", "10 runs: median 0.021 s, spread 8 %.\n"),
        ),
    ]


def _flaky() -> list[Turn]:
    test = "python -B -m pytest -q -p no:cacheprovider tests/test_tick.py 2>&1 | tail -6"
    return [
        turn("", sh(test)),
        turn("It passed this time? Once more.", sh(test)),
        turn("And again, to see how often.", sh(f"for i in 1 2 3 4; do {test}; done")),
        turn("It depends on the clock.", read("tests/test_tick.py")),
        turn("The clock has to be given.", sh("sed -i 's/time.time_ns() % 3/0/' tests/test_tick.py")),
        turn("", sh(f"for i in 1 2 3 4; do {test}; done")),
        turn("", sh(COMMIT + "'Give the test its clock'")),
    ]


_TICK = "import time\n\n\ndef test_a_tick_is_even():\n    assert time.time_ns() % 3 != 1\n"

_FETCH = """import sys, time
for n in range(1, 41):
    with open('model.bin', 'ab') as file:
        file.write(b'x' * 2_000_000)
        file.flush()
    print(f'\\rmodel.bin  {n * 25 // 10:3d}%  {n * 2} MB / 80 MB', end='', flush=True)
    time.sleep(0.25)
print()
"""

_C = {
    "Makefile": "app: main.c\n\tgcc -O2 -Wall -Werror -o app main.c\n",
    "main.c": '#include <stdio.h>\nint main(void) { int n; printf("%d\\n", twice(3)) }\n',
}


def _compiled() -> list[Turn]:
    """A build that fails four times, each time further on."""
    body = '#include <stdio.h>\n{}int main(void) {{ {}printf("%d\\n", twice(3)); return 0; }}\n'
    steps = (
        ("A semicolon is missing.", body.format("", "int n; ")),
        ("`twice` isn't declared.", body.format("int twice(int);\n", "int n; ")),
        ("An unused variable.", body.format("int twice(int);\n", "")),
        ("Now it has to be defined.", body.format("int twice(int n) { return 2 * n; }\n", "")),
    )
    found = [turn("", sh("make 2>&1")), turn("", read("main.c"))]
    for say, text in steps:
        found += [turn(say, sh(f"cat > main.c <<'EOF'\n{text}EOF")), turn("", sh("make 2>&1"))]
    return [*found, turn("", sh("./app")), turn("", sh(COMMIT + "'Define twice'"))]


def _mirrored() -> list[Turn]:
    pip = "python -m pip install -q --no-index {} vendored-lib 2>&1 | tail -2"
    return [
        turn("", sh(pip.format("--find-links /nowhere"))),
        turn("Perhaps it was a moment's trouble.", sh(pip.format("--find-links /nowhere"))),
        turn("No. What do we have here?", sh("ls vendor")),
        turn(
            "There is a copy in the repository.",
            sh("ls vendor/vendored_lib && cp -r vendor/vendored_lib shop/"),
        ),
        turn("", sh("python3 -c 'import shop.vendored_lib; print(\"ok\")'")),
        turn("", sh(TEST)),
        turn("", sh(COMMIT + "'Use the copy of the library'")),
    ]


def _batches() -> list[Turn]:
    found = [turn("The backfill takes twenty batches.", read("tools/backfill.py"))]
    found += [turn("", sh(f"python3 tools/backfill.py --batch {n} --of 20")) for n in range(1, 21)]
    return [*found, turn("All twenty are in.", sh("cat done.txt | wc -l"))]


_BACKFILL = """import sys, time
n = int(sys.argv[2])
time.sleep(0.15)
open('done.txt', 'a').write(f'{n}\\n')
print(f'batch {n}: {900 + n * 37 % 100} rows written, 0 failed')
"""


def _applied() -> list[Turn]:
    """Fifteen migrations are applied in their order."""
    names = (
        "users",
        "carts",
        "orders",
        "prices",
        "stock",
        "gifts",
        "taxes",
        "labels",
        "audit",
        "media",
        "roles",
        "tags",
    )
    found = [turn("", sh("ls migrations"))]
    for at, name in enumerate(names):
        found.append(turn("", sh(f"python3 manage.py migrate {at:04}_{name}")))
    return [*found, turn("", sh("python3 manage.py showmigrations"))]


_MANAGE = """import pathlib, sys
state = pathlib.Path('applied.txt')
if sys.argv[1] == 'migrate':
    with state.open('a') as file:
        file.write(sys.argv[2] + '\\n')
    print(f'Applying {sys.argv[2]}... OK')
else:
    print(state.read_text())
"""


def _fuzzed() -> list[Turn]:
    return [
        turn("I'll fuzz the parser for an hour.", sh("python3 tools/fuzz.py 14", 600)),
        turn(
            "No crash. The corpus is kept.",
            sh("echo 812 > corpus.txt && git add -A && git commit -qm 'Keep the corpus'"),
        ),
    ]


_FUZZ = """import sys, time
end, n = time.time() + float(sys.argv[1]), 0
while time.time() < end:
    sum(range(2000))
    n += 1
    if n % 20_000 == 0:
        print(f'#{n} pulse cov: {300 + n // 9000} exec/s: 4100', flush=True)
print(f'#{n} done, no crash')
"""


def _grid() -> list[Turn]:
    """A search over settings: each run prints its loss, and which comes next depends on it."""
    found = [turn("A coarse grid first.", read("train.py"))]
    for rate in ("0.1", "0.03", "0.01", "0.003"):
        found += [turn("", sh(f"python3 train.py --lr {rate} --depth {depth}")) for depth in (2, 4)]
    found += [
        turn("0.01 is best; finer around it.", sh(f"python3 train.py --lr {rate} --depth 4"))
        for rate in ("0.008", "0.012", "0.015")
    ]
    return [
        *found,
        turn("", edit("train.py", "LR = 0.1", "LR = 0.012")),
        turn("", sh(COMMIT + "'Learn at the better rate'")),
    ]


_TRAIN = """import sys
LR = 0.1
lr, depth = float(sys.argv[2]), int(sys.argv[4])
end = __import__('time').time() + 0.5
while __import__('time').time() < end:
    sum(range(1000))
print(f'lr={lr} depth={depth} loss={abs(lr - 0.0118) * 9 + 0.31 / depth:.4f}')
"""

COMMANDS = [
    Fresh(
        "a build that is silent and busy for an hour",
        False,
        "the compiler keeps a processor busy; it ends well",
        "Make a release build.",
        [
            turn("", read("Makefile")),
            turn("This takes about an hour.", sh("make", 600)),
            turn("", sh("git tag v2")),
        ],
        ("claude-code", "scripted", "acp"),
        files={"Makefile": _QUIET_MAKE, "tools/compile.py": _BUSY},
        stretch=240,
        slow=(2,),
    ),
    Fresh(
        "a build that tells every unit",
        False,
        "forty units, each named when it is done",
        "Build the core.",
        [turn("", sh("python3 tools/cmake.py 40", 600)), turn("", sh("git status --short"))],
        ("codex", "gemini"),
        files={"tools/cmake.py": _LOUD},
        stretch=120,
        slow=(1,),
    ),
    Fresh(
        "a fault is bisected",
        False,
        "the same check, on another commit each time",
        "Since when is it slow?",
        _bisected(),
        ("claude-code",),
        files={"check.py": _CHECK},
        setup=_HISTORY,
        duty="report",
    ),
    Fresh(
        "sizes and workers are measured",
        False,
        "twelve runs with other parameters each",
        "Measure with 1, 2 and 4 workers.",
        _bench(),
        ("copilot",),
        files={"bench.py": _BENCH},
    ),
    Fresh(
        "ten runs to see the spread",
        False,
        "the task wants the same command ten times",
        "Run the benchmark ten times and tell the spread.",
        _variance(),
        ("claude-code", "opencode"),
        files={"bench.py": _BENCH},
    ),
    Fresh(
        "a flaky test is caught",
        False,
        "rerun a few times to see how often it fails, then mended",
        "tests/test_tick.py is flaky. Mend it.",
        _flaky(),
        ("copilot", "acp"),
        files={"tests/test_tick.py": _TICK},
    ),
    Fresh(
        "a download that shows its progress",
        False,
        "bytes arrive all the time",
        "Get the model.",
        [turn("", sh("python3 tools/get.py", 600)), turn("", sh("ls -l model.bin; rm model.bin"))],
        ("opencode", "scripted"),
        files={"tools/get.py": _FETCH},
        stretch=120,
        slow=(1,),
    ),
    Fresh(
        "a build that fails further on each time",
        False,
        "four faults, another one each time, then it builds",
        "Make it build.",
        _compiled(),
        ("codex",),
        files=_C,
    ),
    Fresh(
        "an install that fails twice",
        False,
        "after the second failure it finds another way",
        "Use vendored-lib.",
        _mirrored(),
        ("gemini",),
        files={"vendor/vendored_lib/__init__.py": "x = 1\n"},
    ),
    Fresh(
        "twenty batches",
        False,
        "each command names the next batch",
        "Backfill the orders.",
        _batches(),
        ("codex", "acp"),
        files={"tools/backfill.py": _BACKFILL},
        duty="report",
    ),
    Fresh(
        "a dozen migrations",
        False,
        "each is applied once, in order",
        "Apply the migrations one by one.",
        _applied(),
        ("copilot",),
        files={"manage.py": _MANAGE, "migrations/0000_users.py": ""},
        duty="report",
    ),
    Fresh(
        "an hour of fuzzing",
        False,
        "busy, with a pulse now and then",
        "Fuzz the parser for an hour.",
        _fuzzed(),
        ("scripted", "opencode"),
        files={"tools/fuzz.py": _FUZZ},
        stretch=240,
        slow=(1,),
    ),
    Fresh(
        "a search over learning rates",
        False,
        "every run has settings of its own and leads to the next",
        "Find a better learning rate.",
        _grid(),
        ("claude-code", "codex"),
        files={"train.py": _TRAIN},
    ),
]
