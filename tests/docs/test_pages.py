"""What the pages say is there: links lead somewhere, files and functions exist, examples are accepted."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from fleet.config.load import load_fleet
from fleet.surfaces.cli.verbs import GROUPS, shown_verbs

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
LIFE = ROOT / "docs" / "life-of-an-issue.md"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path):
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme():
    reached, look = set(), [ROOT / "README.md"]
    while look:
        page = look.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8")))
        look += [(page.parent / link).resolve() for link in links if link and "://" not in link]
    assert [name_of(page) for page in PAGES if page not in reached] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_are_there(page: Path):
    named = re.findall(r"`((?:src|tests|bench|docs)/[\w./-]+)`", page.read_text(encoding="utf-8"))
    assert [each for each in named if not (ROOT / each).exists()] == []


# ---------------------------------------------------------------- the life of an issue


def functions_named() -> list[tuple[str, str]]:
    """Each function in code marks, with the files that its paragraph names."""
    found = []
    for paragraph in LIFE.read_text(encoding="utf-8").split("\n\n"):
        marked = re.findall(r"`([^`\n]+)`", paragraph)
        files = " ".join(each for each in marked if each.startswith("src/"))
        names = [each for each in marked if re.fullmatch(r"[A-Za-z_]+(?:\.[a-z_]+)?", each)]
        found += [(name, files) for name in names if files]
    return found


def defined_in(path: Path) -> set[str]:
    """Functions, classes and constants of a file, methods as Class.method and alone."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = [
                each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            found |= {f"{node.name}.{method}" for method in methods}
    return found


NOT_FUNCTIONS = {"rounds"}  # words in code marks that are keys of fleet.yaml


@pytest.mark.parametrize(("name", "files"), functions_named())
def test_functions_that_the_life_of_an_issue_names_are_there(name: str, files: str):
    everywhere = {each for path in files.split() for each in defined_in(ROOT / path)}
    assert name in everywhere | NOT_FUNCTIONS


def test_the_life_of_an_issue_names_every_rule_of_the_story():
    text = LIFE.read_text(encoding="utf-8")
    story = """triggers_to_route jobs_to_queue runs_to_admit exits_to_collect runs_to_end changes_to_check
    changes_to_assess jobs_to_send_back jobs_to_land approvals_to_ask changes_to_merge instances_to_finish"""
    assert [rule for rule in story.split() if f"`{rule}`" not in text] == []


# ---------------------------------------------------------------- examples


def examples() -> list[tuple[str, str]]:
    """Every block of YAML that is a whole fleet.yaml: it names agents."""
    found = []
    for page in PAGES:
        blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        found += [(f"{name_of(page)}-{at}", text) for at, text in enumerate(blocks) if "agents:" in text]
    return found


@pytest.mark.parametrize("text", [text for _, text in examples()], ids=[name for name, _ in examples()])
def test_a_fleet_yaml_in_the_docs_is_accepted(text: str, tmp_path: Path):
    (tmp_path / "fleet.yaml").write_text(text, encoding="utf-8")
    assert load_fleet(tmp_path / "fleet.yaml").agents


def commands() -> list[tuple[str, str]]:
    """Every command line of fleet that stands in a page, with the page's name."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = re.findall(r"^    (fleet [a-z].*)$", text, re.MULTILINE) + re.findall(
            r"`(fleet [a-z][^`\n]*)`", text
        )
        found += [(name_of(page), line) for line in lines]
    return found


def test_every_verb_in_the_docs_is_one():
    known = {verb.name for _, verbs in GROUPS for verb in verbs} | {"VERB"}
    unknown = []
    for page, line in commands():
        words = shlex.split(line.split("   ")[0].replace("'", "").replace('"', "").replace("…", "x"))
        if words[1] not in known:
            unknown.append(f"{page}: {line}")
    assert unknown == []


def test_verbs_that_are_documented_outside_the_reference_have_a_file():
    planned = {verb.name for _, verbs in GROUPS for verb in verbs} - set(shown_verbs())
    named = {line.split()[1] for _, line in commands()}
    assert named & planned == set()
