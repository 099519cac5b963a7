"""Agents that change one thing after another, and get on."""

from __future__ import annotations

from scenarios_fresh.project import COMMIT, TEST
from scenarios_fresh.scenario import Fresh, Turn, edit, grep, read, sh, turn, write

_AREAS = (
    "billing",
    "stock",
    "search",
    "users",
    "returns",
    "gifts",
    "taxes",
    "labels",
    "audit",
    "export",
    "reviews",
    "media",
)

_MODULES = {
    f"shop/{area}.py": f"import logging\n\n\ndef handle_{area}(event):\n    print('{area}', event)\n"
    f"    return {{'area': '{area}', 'event': event}}\n"
    for area in _AREAS
}


def _logging() -> list[Turn]:
    """The same small change in twelve files, each read first."""
    found = [turn("Prints are to become log lines. Where are they?", grep("print("))]
    for at, area in enumerate(_AREAS):
        found += [
            turn(f"Next is {area}." if at else "I'll go file by file.", read(f"shop/{area}.py")),
            turn(
                "",
                edit(
                    f"shop/{area}.py", f"    print('{area}', event)", f"    logging.info('{area} %s', event)"
                ),
            ),
        ]
    return [
        *found,
        turn("None may be left.", grep("print(")),
        turn("", sh(TEST)),
        turn("", sh(COMMIT + "'Log'")),
    ]


def _chapters() -> list[Turn]:
    """One long page, a chapter at a time."""
    names = (
        "Carts",
        "Prices",
        "Discounts",
        "Taxes",
        "Orders",
        "Receipts",
        "Returns",
        "Stock",
        "Search",
        "Export",
        "Limits",
    )
    found = [
        turn("I'll read what there is.", read("README.md")),
        turn("", write("docs/guide.md", "# Guide\n\n<!-- next -->\n")),
    ]
    for name in names:
        text = f"## {name}\n\nHow {name.lower()} work, with an example for each case.\n\n<!-- next -->"
        found.append(
            turn(
                f"Now the chapter on {name.lower()}.", edit("docs/guide.md", "<!-- next -->", text), think=0.7
            )
        )
    return [*found, turn("", sh("grep -c '^## ' docs/guide.md")), turn("", sh(COMMIT + "'Write the guide'"))]


def _second_try() -> list[Turn]:
    """An edit is refused twice, then it is read closely, and all goes well."""
    line = "        return rounded(self.total() * (100 + Decimal(percent)) / 100)"
    return [
        turn("", sh(TEST)),
        turn("", read("shop/cart.py")),
        turn(
            "The sign is wrong.",
            edit(
                "shop/cart.py", "self.total() * (100 + percent) / 100", "self.total() * (100 - percent) / 100"
            ),
        ),
        turn(
            "Not quite the text.",
            edit("shop/cart.py", "(100 + Decimal(percent)) // 100", "(100 - Decimal(percent)) // 100"),
        ),
        turn("I'll look at the line itself.", sh("grep -n 'percent' shop/cart.py | cat -A")),
        turn("", edit("shop/cart.py", line, line.replace("+", "-"))),
        turn("", sh(TEST)),
        turn("Now the receipt should show it.", read("shop/mail.py")),
        turn("", edit("shop/mail.py", "['Thank you for your order.', *lines]", "['Thank you.', *lines]")),
        turn("", sh(TEST)),
        turn("", sh(COMMIT + "'Take the discount off'")),
    ]


def _thought_better() -> list[Turn]:
    """One way is tried, taken back, and another way works."""
    return [
        turn("", sh(TEST)),
        turn("", read("shop/cart.py")),
        turn(
            "I'll let the discount be negative.",
            edit(
                "shop/cart.py",
                "def discount(self, percent):",
                "def discount(self, percent):\n        percent = -percent",
            ),
        ),
        turn("", sh(TEST)),
        turn("It works, but hides the mistake. Back.", sh("git checkout -- shop/cart.py")),
        turn("", read("shop/cart.py")),
        turn(
            "The sign itself is wrong.",
            edit("shop/cart.py", "(100 + Decimal(percent))", "(100 - Decimal(percent))"),
        ),
        turn("", sh(TEST)),
        turn(
            "",
            write(
                "tests/test_more.py",
                "from shop.cart import Cart\n\n\ndef test_none():\n    assert Cart().discount(0) == 0\n",
            ),
        ),
        turn("", sh(TEST)),
        turn("", sh(COMMIT + "'Take the discount off'")),
    ]


def _small_commits() -> list[Turn]:
    """Twelve changes, twelve commits, each in the same words but one."""
    found = []
    for area in _AREAS:
        found += [
            turn("", sh(f"sed -i 's/^import logging$/from shop.log import logging/' shop/{area}.py")),
            turn(
                "",
                sh(
                    f"git add shop/{area}.py && git commit -qm 'Use our log in {area}' "
                    "&& git log --oneline | wc -l"
                ),
            ),
        ]
    return found


def _migrated() -> list[Turn]:
    """One file after another goes through the same program."""
    found = [turn("Which files?", sh("ls web/*.js"))]
    found += [
        turn(
            "" if n else "One at a time, with a look at each.",
            sh(f"node tools/esm.js web/page{n:02}.js && node --check web/page{n:02}.mjs && git add -A"),
        )
        for n in range(18)
    ]
    return [*found, turn("", sh("ls web/*.js 2>/dev/null | wc -l")), turn("", sh(COMMIT + "'Use modules'"))]


_ESM = """const fs = require('fs');
const file = process.argv[2];
const old = /const (\\w+) = require\\('(.*)'\\);/g;
const text = fs.readFileSync(file, 'utf8').replace(old, "import $1 from '$2';");
fs.writeFileSync(file.replace(/js$/, 'mjs'), text.replace('module.exports =', 'export default'));
fs.unlinkSync(file);
console.log(`${file}: rewritten`);
"""

_PAGES = {
    f"web/page{n:02}.js": f"const fs = require('fs');\nmodule.exports = () => fs.existsSync('page{n}');\n"
    for n in range(18)
}

EDITS = [
    Fresh(
        "prints become log lines in twelve files",
        False,
        "a file at a time, each changed once, then committed",
        "Log instead of printing.",
        _logging(),
        ("claude-code", "codex", "copilot"),
        files=_MODULES,
    ),
    Fresh(
        "a guide of eleven chapters",
        False,
        "the same place of one file is edited again and again, and the page grows",
        "Write a guide.",
        _chapters(),
        ("claude-code", "gemini"),
        duty="change",
    ),
    Fresh(
        "two refused edits, then the right one",
        False,
        "it looks closer after the second refusal and goes on",
        "A discount makes carts dearer. Make the tests pass.",
        _second_try(),
        ("copilot", "opencode"),
    ),
    Fresh(
        "one way back and another way on",
        False,
        "a first change is thrown away once, for a better one",
        "A discount makes carts dearer. Make the tests pass.",
        _thought_better(),
        ("codex",),
    ),
    Fresh(
        "twelve commits in a row",
        False,
        "each commits one more file",
        "Use our own log. A commit for each file.",
        _small_commits(),
        ("gemini", "scripted"),
        files={**_MODULES, "shop/log.py": "import logging\n"},
    ),
    Fresh(
        "eighteen pages through one program",
        False,
        "similar commands, each for another file",
        "Make modules of web/*.js.",
        _migrated(),
        ("opencode", "gemini"),
        files={**_PAGES, "tools/esm.js": _ESM},
    ),
]
