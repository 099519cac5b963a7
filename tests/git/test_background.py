"""What the history says of a change, and that the kept history says the same as the whole."""

from __future__ import annotations

from tests.git.conftest import Desk, commit, user_git, write

from fleet.adapters.git.past import PastStore
from fleet.model.touched import Touched


def _by_bob(desk: Desk, files: dict[str, str | None], message: str) -> None:
    write(desk.root, files)
    user_git(desk.root, "add", "-A")
    user_git(desk.root, "commit", "-qm", message, "--author", "Bob <bob@example.org>")


def _file(desk: Desk, head: str, path: str) -> Touched:
    found = desk.repository.background(desk.repository.base_sha(), head)
    return next(each for each in found.files if each.path == path)


def test_a_file_has_its_commits_authors_fixes_and_lines(desk: Desk) -> None:
    commit(desk.root, {"lib/a.py": "1\n2\n"})
    _by_bob(desk, {"lib/a.py": "1\n2\n3\n"}, "Fix a crash")
    found = _file(desk, desk.change({"lib/a.py": "1\n2\n3\n4\n"}), "lib/a.py")
    assert (found.added, found.commits, found.authors, found.fixes, found.lines) == (1, 2, 2, 1, 3)


def test_a_new_file_has_no_history(desk: Desk) -> None:
    found = _file(desk, desk.change({"new.py": "1\n"}), "new.py")
    assert (found.commits, found.authors, found.lines) == (0, 0, 0)


def test_a_file_keeps_its_history_when_it_is_renamed(desk: Desk) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    commit(desk.root, {"old.py": text})
    commit(desk.root, {"old.py": None, "new.py": text})
    found = _file(desk, desk.change({"new.py": f"{text}more\n"}), "new.py")
    assert (found.commits, found.lines) == (2, 20)


def test_the_past_is_of_all_files_and_of_the_author(desk: Desk) -> None:
    commit(desk.root, {"lib/a.py": "1\n", "lib/b.py": "1\n"})
    _by_bob(desk, {"lib/b.py": "2\n"}, "Say two")
    head = desk.change({"lib/a.py": "9\n", "lib/b.py": "9\n"})
    past = desk.repository.background(desk.repository.base_sha(), head).past
    assert (past.developers, past.last_changes, past.commits) == (2, 2, 3)


def test_what_is_new_is_read_and_no_more(desk: Desk) -> None:
    commit(desk.root, {"a.py": "1\n"})
    first = desk.change({"a.py": "2\n"})
    assert _file(desk, first, "a.py").commits == 1
    commit(desk.root, {"a.py": "3\n"}, "Say three")
    kept = desk.repository.background(desk.repository.base_sha(), first)
    fresh = _fresh(desk, first)
    assert (list(kept.files), kept.past) == fresh


def test_a_base_that_was_rewritten_is_read_anew(desk: Desk) -> None:
    commit(desk.root, {"a.py": "1\n"})
    head = desk.change({"a.py": "2\n"})
    assert _file(desk, head, "a.py").commits == 1
    user_git(desk.root, "commit", "-q", "--amend", "-m", "Say it otherwise")
    kept = desk.repository.background(desk.repository.base_sha(), head)
    assert (list(kept.files), kept.past) == _fresh(desk, head)


def test_a_broken_history_is_made_anew(desk: Desk) -> None:
    head = desk.change({"src/app": "two\n"})
    before = desk.repository.background(desk.repository.base_sha(), head)
    (kept,) = desk.root.parent.rglob("past.db")
    kept.write_bytes(b"this is no database" * 100)
    assert desk.repository.background(desk.repository.base_sha(), head) == before


def test_what_is_merged_is_looked_at_as_it_was_then(desk: Desk) -> None:
    start = commit(desk.root, {"a.py": "1\n"})
    head = commit(desk.root, {"a.py": "2\n"})
    commit(desk.root, {"a.py": "3\n"})
    assert [each.commits for each in desk.repository.background(start, head).files] == [1]


def _fresh(desk: Desk, head: str) -> object:
    repository = desk.repository
    base = repository.base_sha()
    (newest,) = repository.log(1, head=head, base=base)
    git_dir = desk.root / ".git"
    return PastStore(None).look(
        git_dir, base, repository.stat(base, head), newest.author.email, newest.when_ms
    )
