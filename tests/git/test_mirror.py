"""Fleet's own mirror of a remote repository: fetched, worked on, pushed; whatever is killed, it goes on."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.git.conftest import AUTHOR, commit, user_git, write

from fleet.adapters.git import refs
from fleet.adapters.git.command import Place, run
from fleet.adapters.git.mirror import Mirror
from fleet.adapters.git.project import find_project
from fleet.adapters.git.remote import _with_gh, explained, shown
from fleet.adapters.git.repository import GitRepository
from fleet.adapters.git.workspaces import CloneWorkspaces
from fleet.model.errors import Permanent, Temporary
from fleet.ports.repository import Merged


class Remote:
    """A bare repository, and a person's checkout of it that pushes there."""

    def __init__(self, at: Path) -> None:
        self.path = at / "remote.git"
        self.checkout = at / "checkout"
        user_git(at, "init", "-q", "--bare", "-b", "main", str(self.path))
        user_git(at, "clone", "-q", str(self.path), str(self.checkout))
        user_git(self.checkout, "checkout", "-q", "-b", "main")
        self.commit({"README": "hello\n", "src/app": "one\n"})

    @property
    def url(self) -> str:
        return self.path.as_uri()

    def commit(self, files: dict[str, str | None], branch: str = "main") -> str:
        sha = commit(self.checkout, files)
        user_git(self.checkout, "push", "-q", "origin", f"HEAD:{branch}")
        return sha

    def branch(self, name: str) -> str:
        return user_git(self.path, "rev-parse", "--verify", "-q", f"refs/heads/{name}", ok=False)


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return Remote(tmp_path)


@pytest.fixture
def mirror(remote: Remote, tmp_path: Path) -> Mirror:
    made = Mirror(tmp_path / "repos" / "acme+shop.git", remote.url, base="main")
    made.ensure()
    return made


def settle(tmp_path: Path, mirror: Mirror) -> tuple[GitRepository, CloneWorkspaces]:
    project = find_project(mirror.path)
    return GitRepository(project, "main", tmp_path / "git"), CloneWorkspaces(project, tmp_path / "spaces")


def change(workspaces: CloneWorkspaces, base: str, files: dict[str, str | None]) -> Path:
    workspace = workspaces.prepare(
        "r1",
        start=base,
        branch="fleet/1-note",
        base_name="main",
        base_sha=base,
        author_name="Robin",
        author_email="robin@example.org",
    )
    commit(workspace, files)
    return workspace


# ---------------------------------------------------------------- what is fetched


def test_the_base_branch_is_there_and_follows_the_remote(remote: Remote, mirror: Mirror):
    assert mirror.fetch() == remote.branch("main")
    newer = remote.commit({"README": "more\n"})
    assert mirror.fetch() == newer
    assert refs.read(mirror.path, "refs/heads/main") == newer


def test_a_base_branch_that_was_moved_back_is_followed(remote: Remote, mirror: Mirror):
    first = mirror.fetch()
    remote.commit({"README": "more\n"})
    mirror.fetch()
    user_git(remote.checkout, "push", "-q", "--force", "origin", f"{first}:main")
    assert mirror.fetch() == first


def test_only_what_was_asked_for_is_fetched(remote: Remote, mirror: Mirror):
    user_git(remote.checkout, "tag", "v1")
    user_git(remote.checkout, "push", "-q", "origin", "v1", "HEAD:other")
    mirror.fetch()
    assert user_git(mirror.path, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert not (mirror.path / "FETCH_HEAD").exists()


def test_a_persons_branch_is_brought_under_its_name(remote: Remote, mirror: Mirror):
    sha = remote.commit({"fix": "x\n"}, "fix-it")
    assert mirror.fetch_branch("fix-it") == sha
    assert mirror.fetch_branch("nowhere") is None


def test_lfs_pointers_are_left_as_they_are(remote: Remote, mirror: Mirror, tmp_path: Path):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345\n"
    sha = remote.commit({".gitattributes": "*.bin filter=lfs\n", "a.bin": pointer})
    config = Path(os.environ["HOME"], ".gitconfig")
    config.write_text('[filter "lfs"]\n\tsmudge = false\n\tprocess = false\n\trequired = true\n')
    mirror.fetch()
    workspace = change(settle(tmp_path, mirror)[1], sha, {"b": "b\n"})
    assert (workspace / "a.bin").read_text() == pointer


# ---------------------------------------------------------------- the way of a change


def test_a_change_goes_from_a_workspace_to_the_remote_and_comes_back_merged(
    remote: Remote, mirror: Mirror, tmp_path: Path
):
    repository, workspaces = settle(tmp_path, mirror)
    base = mirror.fetch()
    assert find_project(mirror.path).checkout is None
    workspace = change(workspaces, base, {"note": "a\n"})
    taken = repository.take(workspace, branch="fleet/1-note")
    assert mirror.push("fleet/1-note", taken.head, expected=None)
    assert remote.branch("fleet/1-note") == taken.head

    user_git(remote.checkout, "fetch", "-q", "origin", "fleet/1-note")
    user_git(remote.checkout, "merge", "-q", "--no-ff", "-m", "Merge", "FETCH_HEAD")
    user_git(remote.checkout, "push", "-q", "origin", "HEAD:main")
    assert mirror.fetch() == repository.base_sha()
    assert repository.merged(taken.head) == repository.base_sha()
    assert mirror.delete("fleet/1-note", taken.head)
    assert remote.branch("fleet/1-note") == ""


def test_merging_in_the_mirror_works_as_in_any_repository(mirror: Mirror, tmp_path: Path):
    repository, workspaces = settle(tmp_path, mirror)
    base = mirror.fetch()
    head = repository.take(change(workspaces, base, {"note": "a\n"}), branch="fleet/1-note").head
    merged = repository.merge(head, expected_base=base, message="Merge it", author=AUTHOR, when_ms=10**12)
    assert isinstance(merged, Merged)
    assert repository.base_sha() == merged.sha


# ---------------------------------------------------------------- pushes


def test_a_push_is_repeatable_and_moves_on_only_from_where_it_was_expected(
    remote: Remote, mirror: Mirror, tmp_path: Path
):
    repository, workspaces = settle(tmp_path, mirror)
    base = mirror.fetch()
    workspace = change(workspaces, base, {"note": "a\n"})
    first = repository.take(workspace, branch="fleet/1-note").head
    assert mirror.push("fleet/1-note", first, expected=None)
    assert mirror.push("fleet/1-note", first, expected=None)
    user_git(workspace, "commit", "-q", "--amend", "-m", "Better")
    second = repository.take(workspace, branch="fleet/1-note").head
    assert not mirror.push("fleet/1-note", second, expected=None)
    assert mirror.push("fleet/1-note", second, expected=first)
    assert mirror.push("fleet/1-note", second, expected=first)
    assert remote.branch("fleet/1-note") == second


def test_what_a_person_pushed_to_the_branch_is_not_overwritten_but_brought(
    remote: Remote, mirror: Mirror, tmp_path: Path
):
    repository, workspaces = settle(tmp_path, mirror)
    base = mirror.fetch()
    workspace = change(workspaces, base, {"note": "a\n"})
    first = repository.take(workspace, branch="fleet/1-note").head
    mirror.push("fleet/1-note", first, expected=None)
    theirs = remote.commit({"note": "theirs\n"}, "elsewhere")
    user_git(remote.checkout, "push", "-q", "--force", "origin", f"{theirs}:fleet/1-note")
    second = commit(workspace, {"note": "b\n"})
    repository.take(workspace, branch="fleet/1-note")
    assert not mirror.push("fleet/1-note", second, expected=first)
    assert not mirror.delete("fleet/1-note", first)
    assert mirror.fetch_branch("fleet/1-note") == theirs == remote.branch("fleet/1-note")


def test_a_branch_that_is_gone_is_deleted_already(mirror: Mirror):
    assert mirror.delete("fleet/1-note", mirror.fetch())


@pytest.mark.parametrize("branch", ["main", "fix-it", "feature/fleet/x"])
def test_only_fleets_own_branches_are_pushed_or_deleted(mirror: Mirror, branch: str):
    sha = mirror.fetch()
    with pytest.raises(Permanent, match="not Fleet's"):
        mirror.push(branch, sha, expected=None)
    with pytest.raises(Permanent, match="not Fleet's"):
        mirror.delete(branch, sha)


def test_what_the_remote_refuses_is_told_in_its_words(remote: Remote, mirror: Mirror):
    hook = remote.path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'no pushes on Fridays' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Permanent, match="refused the push") as caught:
        mirror.push("fleet/1-note", mirror.fetch(), expected=None)
    assert "no pushes on Fridays" in caught.value.why


def test_no_hook_of_the_mirrors_or_the_users_runs(remote: Remote, mirror: Mirror, tmp_path: Path):
    hooks = mirror.path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    user_git(mirror.path, "config", "core.hooksPath", str(hooks))
    remote.commit({"README": "more\n"})
    assert mirror.push("fleet/1-note", mirror.fetch(), expected=None)
    assert not (tmp_path / "ran").exists()


# ---------------------------------------------------------------- as the user


def test_the_users_own_configuration_leads_the_way(remote: Remote, tmp_path: Path):
    config = f'[url "{remote.url}"]\n\tinsteadOf = https://forge.example/acme/shop.git\n'
    Path(os.environ["HOME"], ".gitconfig").write_text(config)
    mirror = Mirror(tmp_path / "m.git", "https://forge.example/acme/shop.git", base="main")
    mirror.ensure()
    assert mirror.fetch() == remote.branch("main")


def test_the_users_own_ssh_is_used(remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ssh = tmp_path / "ssh"
    ssh.write_text(
        f'#!/bin/sh\n[ "$SSH_AUTH_SOCK" = here ] || exit 1\nfor last; do :; done\ncd {tmp_path}\n'
        'eval "$last"\n'
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("SSH_AUTH_SOCK", "here")
    mirror = Mirror(tmp_path / "m.git", "git@forge.example:remote.git", base="main")
    mirror.ensure()
    assert mirror.push("fleet/x", mirror.fetch(), expected=None)
    assert remote.branch("fleet/x") == remote.branch("main")


def test_gh_is_asked_for_a_password_that_no_other_helper_knows(
    remote: Remote, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(
        '#!/bin/sh\n[ "$*" = "auth git-credential get" ] && echo username=mia && echo password=pw\n'
    )
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{gh.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Mia")
    place, asked = Place(mirror.path, transports=True), "protocol=https\nhost=forge.example\n\n"
    env = _with_gh("https://forge.example/acme/shop.git")
    assert "password=pw" in run(place, "credential", "fill", input=asked, env=env).text
    assert run(place, "config", "user.name", env=env).text == "Mia\n"


def test_nobody_is_asked_for_a_password(mirror: Mirror):
    asked = "protocol=https\nhost=forge.example\n\n"
    filled = run(Place(mirror.path, transports=True), "credential", "fill", input=asked, timeout=10)
    assert "password=\n" in filled.text


def test_without_transports_git_reaches_nothing(remote: Remote, mirror: Mirror):
    found = run(Place(mirror.path), "ls-remote", remote.url, ok=(0, 128))
    assert "not allowed" in found.err


# ---------------------------------------------------------------- what goes wrong


def test_a_branch_that_the_remote_has_not_is_named(remote: Remote, tmp_path: Path):
    mirror = Mirror(tmp_path / "m.git", remote.url, base="develop")
    with pytest.raises(Permanent, match="no branch develop") as caught:
        mirror.ensure()
    assert "fleet.yaml" in caught.value.do
    assert not mirror.exists()


def test_a_repository_that_is_not_there_is_permanent_also_later(mirror: Mirror, remote: Remote):
    remote.path.rename(remote.path.with_name("gone"))
    with pytest.raises(Permanent, match="no repository at"):
        mirror.fetch()


def test_a_commit_that_the_mirror_has_not_is_permanent(mirror: Mirror):
    with pytest.raises(Permanent, match="missing in the mirror"):
        mirror.push("fleet/x", "a" * 40, expected=None)


def test_a_mirror_that_was_removed_is_made_anew_by_a_fetch_and_not_pushed_from(
    remote: Remote, mirror: Mirror
):
    sha = mirror.fetch()
    shutil.rmtree(mirror.path)
    with pytest.raises(Permanent, match="is gone"):
        mirror.push("fleet/x", sha, expected=None)
    assert mirror.fetch() == sha


def test_a_host_that_does_not_answer_is_temporary(tmp_path: Path, remote: Remote):
    mirror = Mirror(tmp_path / "m.git", "https://127.0.0.1:1/acme/shop.git", base="main")
    with pytest.raises(Temporary, match="did not come through") as caught:
        mirror.ensure()
    assert "127.0.0.1" in caught.value.why
    assert list((tmp_path / ".making").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "kind", "what"),
    [
        ("remote: Repository not found. repository 'https://h/a/b/' not found", Permanent, "no repository"),
        ("ERROR: Repository not found. Could not read from remote repository.", Permanent, "no repository"),
        ("Authentication failed for 'https://h/a/b/'", Permanent, "denied"),
        (
            "remote: Permission to a/b.git denied to mia. The requested URL returned error: 403",
            Permanent,
            "denied",
        ),
        ("git@h: Permission denied (publickey). Could not read from remote repository.", Permanent, "denied"),
        ("Host key verification failed. Could not read from remote repository.", Permanent, "ssh"),
        ("unable to access 'x': Could not resolve host: h", Temporary, "come through"),
        ("unable to access 'x': The requested URL returned error: 502", Temporary, "come through"),
        ("The remote end hung up unexpectedly early EOF", Temporary, "come through"),
        ("kex_exchange_identification: Connection closed. Could not read from remote", Temporary, "come"),
        ("! [remote rejected] x -> fleet/x (protected branch hook declined)", Permanent, "refused"),
        ("! [remote rejected] x -> fleet/x (cannot lock ref 'refs/heads/fleet/x')", Temporary, "come"),
    ],
)
def test_what_passes_is_told_from_what_does_not(words: str, kind: type[Exception], what: str):
    error = explained("fetch", "https://h/a/b.git", words)
    assert type(error) is kind
    assert what in error.what
    assert error.why == words


def test_no_secret_of_an_address_is_told(tmp_path: Path, remote: Remote):
    mirror = Mirror(tmp_path / "m.git", "https://mia:s3cret@127.0.0.1:1/acme/shop.git", base="main")
    with pytest.raises(Temporary) as caught:
        mirror.ensure()
    assert "s3cret" not in str(caught.value)
    assert shown("https://t0ken@h/a/b") == "https://h/a/b"


# ---------------------------------------------------------------- made from what is here


def test_what_a_checkout_has_is_copied_and_never_needed_again(remote: Remote, tmp_path: Path):
    secret = commit(remote.checkout, {"private": "only here\n"})
    newer = tmp_path / "other"
    user_git(tmp_path, "clone", "-q", str(remote.path), str(newer))
    sha = commit(newer, {"README": "newer\n"})
    user_git(newer, "push", "-q", "origin", "HEAD:main")
    mirror = Mirror(tmp_path / "m.git", remote.url, base="main")
    mirror.ensure(reference=remote.checkout)
    shutil.rmtree(remote.checkout)
    assert mirror.fetch() == sha
    user_git(mirror.path, "fsck", "--full")
    assert user_git(mirror.path, "cat-file", "-t", secret, ok=False) == ""


@pytest.mark.parametrize("kind", ["shallow", "partial", "nothing", "damaged"])
def test_a_checkout_that_lacks_something_is_no_hindrance(remote: Remote, tmp_path: Path, kind: str):
    remote.commit({"README": "more\n"})
    user_git(remote.path, "config", "uploadpack.allowFilter", "true")
    reference = tmp_path / "reference"
    options = {"shallow": ["--depth=1"], "partial": ["--filter=blob:none", "--no-checkout"]}.get(kind, [])
    if kind != "nothing":
        user_git(tmp_path, "clone", "-q", *options, remote.url, str(reference))
    if kind == "damaged":
        for pack in (reference / ".git/objects").glob("pack/*"):
            pack.chmod(0o600)
            pack.write_bytes(b"x")
        for loose in (reference / ".git/objects").glob("??/*"):
            loose.unlink()
    mirror = Mirror(tmp_path / "m.git", remote.url, base="main")
    mirror.ensure(reference=reference)
    assert mirror.fetch() == remote.branch("main")
    user_git(mirror.path, "fsck", "--full")


def test_many_packs_are_joined_and_nothing_is_dropped(remote: Remote, mirror: Mirror):
    dropped = remote.commit({"README": "0\n"}, "x")
    mirror.fetch_branch("x")
    user_git(mirror.path, "update-ref", "-d", "refs/heads/x")
    user_git(mirror.path, "config", "fetch.unpackLimit", "1")
    for number in range(41):
        tree = user_git(mirror.path, "rev-parse", f"{dropped}^{{tree}}")
        sha = user_git(mirror.path, "commit-tree", "-m", str(number), tree)
        packs = mirror.path / "objects" / "pack" / "pack"
        user_git(mirror.path, "pack-objects", "-q", str(packs), input=f"{sha}\n")
    mirror.ensure()
    assert len(list(mirror.path.glob("objects/pack/*.pack"))) < 10
    assert user_git(mirror.path, "cat-file", "-t", dropped) == "commit"
    user_git(mirror.path, "fsck", "--full", "--connectivity-only")


# ---------------------------------------------------------------- killed


def in_a_process(work: Callable[[], object], prelude: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            prelude()
            work()
            os._exit(0)
        finally:
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die_at(step: int) -> Callable[[], None]:
    """Make this process kill itself just before its step of that number."""
    steps = {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "subprocess.Popen", "shutil.rmtree"}
    seen = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in steps:
            return
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return lambda: sys.addaudithook(hook)


@pytest.mark.parametrize("borrow", [False, True])
def test_killed_before_any_step_the_mirror_is_whole_or_not_there(
    remote: Remote, tmp_path: Path, borrow: bool
):
    mirror = Mirror(tmp_path / "repos" / "m.git", remote.url, base="main")
    reference = remote.checkout if borrow else None
    for step in range(1, 40):
        ended = in_a_process(lambda: mirror.ensure(reference), die_at(step))
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        if mirror.exists():
            assert mirror.fetch() == remote.branch("main")
            shutil.rmtree(mirror.path)
    assert 4 < step < 39
    mirror.ensure(reference)
    assert mirror.fetch() == remote.branch("main")
    assert list((tmp_path / "repos" / ".making").iterdir()) == []


def test_locks_of_a_killed_git_are_taken_away(
    remote: Remote, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
):
    sha = remote.commit({"README": "more\n"})
    lock = mirror.path / "refs/heads/main.lock"
    lock.touch()
    with pytest.raises(Temporary):
        mirror.fetch()
    monkeypatch.setattr(refs, "STALE_S", 0.0)
    assert mirror.fetch() == sha


def test_a_fetch_that_is_killed_is_made_good_by_the_next(
    remote: Remote, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(remote.checkout, {f"many/{number}": f"{number}\n" for number in range(150)})
    sha = remote.commit({"README": "more\n"})
    ssh = tmp_path / "ssh"
    # It carries the first part of the answer, then kills the git that asked.
    ssh.write_text(
        f"#!/bin/sh\ngit-upload-pack {remote.path} | dd bs=1 count=2000 2>/dev/null\nkill -9 $PPID\n"
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    cut = Mirror(mirror.path, "git@forge.example:acme/shop.git", base="main")
    with pytest.raises(Temporary):
        cut.fetch()
    assert mirror.fetch() == sha
    user_git(mirror.path, "fsck", "--full")
