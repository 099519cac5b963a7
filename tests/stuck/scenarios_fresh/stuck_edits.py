"""Agents that change things and get nowhere by it."""

from __future__ import annotations

from itertools import pairwise

from scenarios_fresh.project import TEST
from scenarios_fresh.scenario import Fresh, Turn, edit, grep, read, sh, turn, write

_DISCOUNT = "rounded(self.total() * (100 + Decimal(percent)) / 100)"
_GUESSES = (
    ("I see it: the amount is rounded too early. I'll fix the rounding.", "ROUND_HALF_UP", "ROUND_HALF_EVEN"),
    ("Still failing. It must be banker's rounding after all.", "ROUND_HALF_EVEN", "ROUND_DOWN"),
    ("Not it. Perhaps a cent is too fine.", "Decimal('0.01')", "Decimal('0.001')"),
    ("Let me use a string constant as the documentation does.", "Decimal('0.001')", 'Decimal("0.01")'),
    ("The tax must be leaking in.", "(1 + rate)", "(Decimal(1) + rate)"),
    ("Let me round up instead.", "ROUND_DOWN", "ROUND_UP"),
    ("Hmm. Maybe the ceiling is right.", "ROUND_UP", "ROUND_CEILING"),
    ("The floor then.", "ROUND_CEILING", "ROUND_FLOOR"),
    ("The context's precision could be the cause.", "def rounded", "PRECISION = 28\n\n\ndef rounded"),
    ("I'll raise the precision.", "PRECISION = 28", "PRECISION = 50"),
    ("Now back to half up with more precision.", "ROUND_FLOOR", "ROUND_HALF_UP"),
)


def _guesses() -> list[Turn]:
    found = [turn("I'll run the tests first.", sh(TEST)), turn("", read("shop/money.py"))]
    for say, old, new in _GUESSES:
        change = edit("shop/money.py", old, new)
        found += [turn(say, change, think=0.6), turn("", sh(TEST))]
    return found


_MISSES = (
    "    def total(self):\n        return sum(price * count for _, price, count in self.lines)",
    "    def total(self) -> Decimal:\n"
    "        return rounded(sum(price * count for _, price, count in self.lines))",
    "    def total(self):\n        return round(sum(price * count for _, price, count in self.lines), 2)",
    "def total(self):\n"
    "    return rounded(sum((price * count for _, price, count in self.lines), Decimal(0)))",
    "    def total(self):\n\n        return rounded(sum((p * c for _, p, c in self.lines), Decimal(0)))",
    "\tdef total(self):\n"
    "\t\treturn rounded(sum((price * count for _, price, count in self.lines), Decimal(0)))",
    "    def total(self):\n        return rounded(sum([price * count for _, price, count in self.lines]))",
    "    def total(self):\n        return rounded(sum((price * count for _, price, count in self.lines)))",
    "    def total( self ):\n"
    "        return rounded(sum((price * count for _, price, count in self.lines), 0))",
    "    def total(self):\n        return sum((price * count for _, price, count in self.lines), Decimal(0))",
)
_WORDS = (
    "I'll change how the total is summed.",
    "The string wasn't found. Let me try with the exact text.",
    "Let me adjust the whitespace.",
    "I need to match the indentation exactly.",
    "Let me try once more with the precise content.",
)


def _misses() -> list[Turn]:
    found = [turn("Let me look at the cart.", read("shop/cart.py"))]
    for at, miss in enumerate(_MISSES):
        change = edit("shop/cart.py", miss, "    def total(self):\n        return self.sum_of_lines()")
        found.append(turn(_WORDS[at % 5], change))
        if at % 3 == 2:
            found.append(turn("I'll read the file again to be sure.", read("shop/cart.py", 1, 20 + at)))
    return found


_LINT = """#!/bin/sh
# an import that nobody uses, and a name that nobody imported
if grep -q '^from datetime import datetime' shop/mail.py; then
  grep -q 'datetime.now' shop/mail.py && exit 0
  echo "shop/mail.py:1:22: F401 'datetime.datetime' imported but unused"; echo "Found 1 error."; exit 1
fi
echo "tests/test_mail.py:4:1: F821 undefined name 'datetime' in shop.mail"; echo "Found 1 error."; exit 1
"""


def _imports() -> list[Turn]:
    found = [turn("I'll see what the linter says.", sh("lint")), turn("", read("shop/mail.py"))]
    for _ in range(8):
        found += [
            turn(
                "`datetime` is undefined. I'll import it.",
                edit("shop/mail.py", "def receipt(", "from datetime import datetime\n\n\ndef receipt("),
            ),
            turn("", sh("lint")),
            turn(
                "The import isn't used. I'll remove it.",
                edit("shop/mail.py", "from datetime import datetime\n\n\ndef receipt(", "def receipt("),
            ),
            turn("", sh("lint")),
        ]
    return found


_CONFLICT = """
git checkout -q -b feature && sed -i 's/percent/rate/g' shop/cart.py && git commit -qam 'Say rate'
git checkout -q main && sed -i 's/percent/share/g' shop/cart.py && git commit -qam 'Say share'
sed -i 's/discount(10)/discount(rate=10)/' tests/test_cart.py
printf '\\n\\ndef test_a_share():\\n    assert Cart().discount(share=0) == 0\\n' >> tests/test_cart.py
git commit -qam 'Test both'
"""


def _sides() -> list[Turn]:
    found = [turn("I'll merge the branch.", sh("git merge feature 2>&1"))]
    for _ in range(7):
        found += [
            turn(
                "There's a conflict in the cart. Ours is newer.",
                sh("git checkout --ours shop/cart.py && " + TEST),
            ),
            turn(
                "A test wants `rate`. So theirs is right.",
                sh("git checkout --theirs shop/cart.py && " + TEST),
            ),
        ]
    return found


def _redone() -> list[Turn]:
    found = [turn("", sh(TEST)), turn("", read("shop/cart.py"))]
    for _ in range(7):
        found += [
            turn(
                "The discount should be taken off before rounding.",
                edit("shop/cart.py", _DISCOUNT, "self.total() + rounded(Decimal(percent) / 100)"),
            ),
            turn("", sh(TEST)),
            turn(
                "That broke something else. I'll go back and think again.", sh("git checkout -- shop/cart.py")
            ),
            turn("", read("shop/cart.py")),
        ]
    return found


_WRONG = "def receipt(order):\n    return 'Thank you for your order.'\n"


def _sorry() -> list[Turn]:
    words = (
        "I'll write the receipt with its lines.",
        "I apologize for the confusion. The lines are still missing; let me write the file properly.",
        "You're absolutely right, I'm sorry. Here is the corrected version.",
        "My apologies, I made the same mistake. Let me fix that now.",
    )
    order = "{'lines': [{'name': 'tea', 'price': 2}]}"
    check = f'python -B -c "from shop.mail import receipt; print(receipt({order}))"'
    found = [turn("", read("shop/mail.py"))]
    for at in range(9):
        found += [turn(words[at % 4], write("shop/mail.py", _WRONG)), turn("", sh(check))]
    return found


def _same() -> list[Turn]:
    found = [turn("", read("shop/mail.py")), turn("", grep("Thank you"))]
    line = "    return '\\n'.join(['Thank you for your order.', *lines])"
    for at in range(10):
        say = (
            "I'll update the greeting.",
            "It is not changed yet. Updating the greeting.",
            "Applying the change.",
        )[at % 3]
        found.append(turn(say, edit("shop/mail.py", line, line)))
        if at % 4 == 3:
            found.append(turn("", sh("git diff --stat")))
    return found


def _longer() -> list[Turn]:
    found = [turn("", sh(TEST)), turn("", read("tests/test_slow.py"))]
    seconds = ["0.1", "0.2", "0.25", "0.3", "0.35", "0.4", "0.45", "0.5", "0.55"]
    for old, new in pairwise(seconds):
        found += [
            turn(
                f"It needs a little longer. I'll wait up to {new} s.",
                edit("tests/test_slow.py", f"SECONDS = {old}\n", f"SECONDS = {new}\n"),
            ),
            turn("", sh(TEST)),
        ]
    return found


_SLOW = """import threading

SECONDS = 0.1


def test_the_worker_says_that_it_is_ready():
    ready = threading.Event()
    worker = threading.Thread(target=lambda: None)  # it never says so
    worker.start()
    assert ready.wait(SECONDS), 'the worker is not ready'
"""


def _seesaw() -> list[Turn]:
    """What mends the one breaks the other, and the other way round."""
    found = [turn("", sh(TEST)), turn("", read("shop/orders.py"))]
    plain, padded = "f'{number}.json'", "f'{number:04}.json'"
    for _ in range(7):
        found += [
            turn(
                "File names have to be padded so that they sort.",
                sh(f'sed -i "s/{plain}/{padded}/" shop/orders.py'),
            ),
            turn("", sh(TEST)),
            turn(
                "Now the other test fails: names must not be padded.",
                sh(f'sed -i "s/{padded}/{plain}/" shop/orders.py'),
            ),
            turn("", sh(TEST)),
        ]
    return found


_BOTH = """from shop import orders


def test_names_sort(tmp_path):
    orders.save(tmp_path, 7, {})
    assert [each.name for each in tmp_path.iterdir()] == ['0007.json']


def test_names_are_plain(tmp_path):
    orders.save(tmp_path, 8, {})
    assert [each.name for each in tmp_path.iterdir()] == ['8.json']
"""

_TWO_STYLES = """#!/bin/sh
case "$0" in
*fmt) sed -i "s/'/\\"/g" shop/mail.py; echo "1 file reformatted";;
*style) if grep -q '"' shop/mail.py; then
  echo 'shop/mail.py:3:17: Q000 Double quotes found but single quotes preferred'
  sed -i "s/\\"/'/g" shop/mail.py; echo 'Found 1 error (1 fixed).'; exit 1; fi; echo 'All checks passed!';;
*hook) if grep -q "'" shop/mail.py; then
  echo 'would reformat shop/mail.py'; echo '1 file would be reformatted'; exit 1; fi
  echo 'shop/mail.py:3:17: Q000 Double quotes found but single quotes preferred'; exit 1;;
esac
"""


def _styles() -> list[Turn]:
    found = []
    for at in range(9):
        found += [
            turn(
                ("The formatter first.", "Formatting again.", "Once more the formatter.")[at % 3], sh("fmt")
            ),
            turn("", sh("style")),
            turn("And the commit's hook.", sh("hook")),
        ]
    return found


_MAKE = "all:\n\tgcc -O2 -Wall -o app main.c\n"
_MAIN = (
    '#include <stdio.h>\n#include "vendor/codec.h"\n\n'
    'int main(void) { printf("%d\\n", codec()); return 0; }\n'
)


def _flags() -> list[Turn]:
    found = [turn("I'll build it.", sh("make 2>&1")), turn("", read("Makefile"))]
    flags = [
        "-I.",
        "-I..",
        "-Ivendor",
        "-I./vendor",
        "-isystem .",
        "-I$(PWD)",
        "-I/usr/include",
        "-iquote .",
        "-I vendor/include",
    ]
    for flag in flags:
        line = f"all:\\n\\tgcc -O2 -Wall {flag} -o app main.c\\n"
        found += [
            turn(f"The header isn't found; `{flag}` should do it.", sh(f"printf '{line}' > Makefile")),
            turn("", sh("make 2>&1")),
        ]
    return found


EDITS = [
    Fresh(
        "roundings are tried for a wrong sign",
        True,
        "eleven edits in a file that is not at fault, each followed by the very same failure",
        "A discount makes carts dearer. Make the tests pass.",
        _guesses(),
        ("claude-code", "codex"),
        since=14,
    ),
    Fresh(
        "a text to replace that never stood there",
        True,
        "the edit fails for the same reason every time, and reading the file changes nothing",
        "Let the cart's total use sum_of_lines.",
        _misses(),
        ("claude-code", "gemini", "copilot"),
        since=9,
    ),
    Fresh(
        "an import put in and taken out",
        True,
        "two edits that undo each other, round after round",
        "Make the linter content.",
        _imports(),
        ("opencode",),
        since=15,
        programs={"lint": _LINT},
    ),
    Fresh(
        "ours or theirs",
        True,
        "the two sides of a conflict are taken in turn, each failing a test that the other passes",
        "Merge the branch feature.",
        _sides(),
        ("codex",),
        since=8,
        setup=_CONFLICT,
    ),
    Fresh(
        "a change made and thrown away",
        True,
        "the same change is made, fails, is thrown away, and is made again",
        "A discount makes carts dearer. Make the tests pass.",
        _redone(),
        ("claude-code", "copilot"),
        since=14,
    ),
    Fresh(
        "an apology and the same file",
        True,
        "it says sorry and writes what it wrote before, which shows the same output",
        "Receipts lack the lines of the order. Mend that.",
        _sorry(),
        ("opencode", "scripted"),
        since=10,
    ),
    Fresh(
        "a replacement by itself",
        True,
        "every edit is refused, as there is nothing to change in it",
        "Say 'Thanks a lot' in receipts.",
        _same(),
        ("copilot", "opencode"),
        since=9,
    ),
    Fresh(
        "waiting longer for what never comes",
        True,
        "only the seconds grow; the test fails in the same way each time",
        "tests/test_slow.py fails. Mend it.",
        _longer(),
        ("acp", "claude-code"),
        since=13,
        files={"tests/test_slow.py": _SLOW},
    ),
    Fresh(
        "two tests that can't both pass",
        True,
        "it goes to and fro between two states, of which each fails one test",
        "Make the tests pass.",
        _seesaw(),
        ("codex", "opencode"),
        since=14,
        files={"tests/test_names.py": _BOTH},
    ),
    Fresh(
        "two formatters that disagree",
        True,
        "each tool undoes what the other did",
        "Format the code so that the commit's hook passes.",
        _styles(),
        ("codex", "acp"),
        since=12,
        programs={"fmt": _TWO_STYLES, "style": _TWO_STYLES, "hook": _TWO_STYLES},
    ),
    Fresh(
        "flags for a header that isn't there",
        True,
        "nine flags for the same missing file, and nobody looks whether it exists",
        "Make it build.",
        _flags(),
        ("codex", "scripted"),
        since=14,
        files={"Makefile": _MAKE, "main.c": _MAIN},
    ),
]
