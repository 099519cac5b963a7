"""Agents that check after each change, and see that they get on."""

from __future__ import annotations

from scenarios_fresh.project import COMMIT, TEST
from scenarios_fresh.scenario import Fresh, Turn, edit, read, sh, todo, turn, write

_CASES = (
    ("nothing for none", "slug('') == ''", "    return text"),
    ("lower case", "slug('Tea') == 'tea'", "    return text.lower()"),
    ("dashes", "slug('green tea') == 'green-tea'", "    return text.lower().replace(' ', '-')"),
    ("edges", "slug(' tea ') == 'tea'", "    return text.strip().lower().replace(' ', '-')"),
    ("runs of blanks", "slug('a  b') == 'a-b'", "    return '-'.join(text.lower().split())"),
    ("signs", "slug('tea!') == 'tea'", "    return '-'.join(re.findall('[a-z]+', text.lower()))"),
    ("digits", "slug('tea 2') == 'tea-2'", "    return '-'.join(re.findall('[a-z0-9]+', text.lower()))"),
    (
        "umlauts",
        "slug('Tüte') == 'tute'",
        "    return '-'.join(re.findall('[a-z0-9]+', plain(text).lower()))",
    ),
    (
        "length",
        "len(slug('a' * 99)) == 40",
        "    return '-'.join(re.findall('[a-z0-9]+', plain(text).lower()))[:40]",
    ),
)

_SLUG = """import re
import unicodedata


def plain(text):
    return unicodedata.normalize('NFD', text).encode('ascii', 'ignore').decode()


def slug(text):
    raise NotImplementedError
"""


def _driven_by_tests() -> list[Turn]:
    """Test, red, code, green, nine times with one command."""
    found, before = (
        [
            turn("", read("shop/slug.py")),
            turn("", write("tests/test_slug.py", "from shop.slug import slug\n")),
        ],
        "    raise NotImplementedError",
    )
    for number, (about, _, body) in enumerate(_CASES):
        text = "from shop.slug import slug\n" + "".join(
            f"\n\ndef test_{at}():\n    assert {each[1]}\n" for at, each in enumerate(_CASES[: number + 1])
        )
        found += [
            turn(f"A test for {about}.", sh(f"cat > tests/test_slug.py <<'EOF'\n{text}EOF")),
            turn("Red first.", sh(TEST)),
            turn("", edit("shop/slug.py", before, body)),
            turn("Green?", sh(TEST)),
        ]
        before = body
    return [*found, turn("", sh(COMMIT + "'Make slugs'"))]


_COUNT = """#!/bin/sh
n=$(cat $(git ls-files '*.ts') | grep -c ': any')
grep -n ': any' $(git ls-files '*.ts') | head -6 \\
  | sed "s/:\\([0-9]*\\):.*/(\\1,7): error TS7006: Parameter implicitly has an 'any' type./"
[ "$n" = 0 ] && echo 'no errors' && exit 0
echo "Found $n errors."; exit 2
"""

_TS = {
    f"web/{name}.ts": "".join(
        f"export function {name}{n}(value: any) {{ return value; }}\n" for n in range(4)
    )
    for name in ("cart", "price", "order", "user")
}


def _fewer() -> list[Turn]:
    """Sixteen errors, one edit each, the checker after every second one."""
    found = [turn("How many are there?", sh("tsc --noEmit"))]
    for name in ("cart", "price", "order", "user"):
        found.append(turn("", read(f"web/{name}.ts")))
        for n in range(4):
            one = edit(f"web/{name}.ts", f"{name}{n}(value: any)", f"{name}{n}(value: string)")
            found.append(turn("", one))
            if n % 2:
                found.append(turn("", sh("tsc --noEmit")))
    return [*found, turn("", sh(COMMIT + "'Give parameters their types'"))]


def _up_and_down() -> list[Turn]:
    """A change of one type makes more errors first, then fewer."""
    counts = (3, 11, 9, 9, 6, 4, 1, 0)
    found = []
    for at, count in enumerate(counts):
        place = ("money", "cart", "orders", "mail", "money", "cart", "orders", "mail")[at]
        words = (
            "I'll make amounts a type of their own.",
            "More places use it than I thought; one by one.",
            "",
        )
        found += [
            turn(
                words[min(at, 2)],
                sh(f"printf '\\nAMOUNT_{at} = {count}\\n' >> shop/{place}.py && echo {count} > .count"),
            ),
            turn("", sh("typecheck")),
        ]
    return found


_TYPECHECK = """#!/bin/sh
n=$(cat .count)
i=0
while [ $i -lt $n ]; do
  echo "shop/cart.py:$((12 + i * 3)): error: Argument $i has incompatible type Decimal; expected Amount"
  i=$((i + 1))
done
[ $n = 0 ] && echo 'Success: no issues found in 6 source files' && exit 0
echo "Found $n errors in 4 files (checked 6 source files)"; exit 1
"""

_BROKEN = {
    f"tests/test_case_{n}.py": "from shop.flags import FLAGS\n\n\n"
    f"def test_flag_{n}():\n    assert FLAGS['f{n}'] == {n * 3}\n"
    for n in range(8)
} | {"shop/flags.py": "FLAGS = {\n" + "".join(f"    'f{n}': 0,\n" for n in range(1, 8)) + "    'f0': 0,\n}\n"}


def _one_after_another() -> list[Turn]:
    """The same command; each time another test is the first to fail."""
    found = [turn("", read("shop/flags.py"))]
    for n in range(1, 8):
        found += [
            turn("", sh("python -B -m pytest -x -q -p no:cacheprovider tests/ -k flag 2>&1 | tail -12")),
            turn(f"The flag f{n}.", edit("shop/flags.py", f"'f{n}': 0", f"'f{n}': {n * 3}")),
        ]
    return [
        *found,
        turn("", sh("python -B -m pytest -q -p no:cacheprovider tests/ -k flag 2>&1 | tail -12")),
        turn("", sh(COMMIT + "'Set the flags'")),
    ]


def _snapshots() -> list[Turn]:
    """Thirty outdated snapshots are mended group by group: the suite fails each time, with fewer."""
    found = [turn("", sh("jest"))]
    for at, group in enumerate(("header", "footer", "cart", "checkout", "account", "search")):
        found += [
            turn(
                f"The snapshots of the {group}: the change is intended.",
                sh(f"echo {group} >> .updated && git diff --stat"),
            ),
            turn("", sh("jest")),
        ]
        if at == 2:
            found.append(turn("", todo("x header", "x footer", "x cart", "> checkout", "account", "search")))
    return found


_JEST = """#!/bin/sh
done=$(cat .updated 2>/dev/null | wc -l); left=$((30 - done * 5))
if [ $left -gt 0 ]; then
  echo " › $left snapshots failed."
  echo "Test Suites: $((6 - done)) failed, $done passed, 6 total"
  exit 1
fi
echo 'Test Suites: 6 passed, 6 total'; echo 'Snapshots:   30 passed, 30 total'
"""

COUNTS = [
    Fresh(
        "nine tests, nine times red and green",
        False,
        "one command, but a new test and new code each time",
        "Write slug() by tests.",
        _driven_by_tests(),
        ("claude-code", "codex"),
        files={"shop/slug.py": _SLUG},
    ),
    Fresh(
        "sixteen errors of types become none",
        False,
        "the count goes down with every second edit",
        "Get rid of implicit any.",
        _fewer(),
        ("opencode",),
        files=_TS,
        programs={"tsc": _COUNT},
    ),
    Fresh(
        "errors that grow before they shrink",
        False,
        "a new type is carried through; the errors go from 3 to 11 to none",
        "Give amounts a type.",
        _up_and_down(),
        ("codex", "acp"),
        files={".count": "3\n"},
        programs={"typecheck": _TYPECHECK},
    ),
    Fresh(
        "one failing test after another",
        False,
        "the same command shows another failure each time",
        "Set the flags that the tests want.",
        _one_after_another(),
        ("codex", "opencode"),
        files=_BROKEN,
    ),
    Fresh(
        "thirty snapshots, six groups",
        False,
        "the suite fails each time, with fewer snapshots",
        "Update the snapshots, a group at a time.",
        _snapshots(),
        ("claude-code",),
        programs={"jest": _JEST},
    ),
]
