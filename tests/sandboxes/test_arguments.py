"""Which room becomes which arguments."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from fleet.adapters.sandboxes.arguments import System, arguments
from fleet.ports.sandbox import Bind, Room

SYSTEM = System((Bind("/usr"), Bind("/var/copy", "/etc")), (("usr/bin", "/bin"),))
HOME, ROOT = "/home/you", "/home/you/shop"
WORKSPACE = f"{ROOT}/.fleet/workspaces/w1"
PARTS = st.sampled_from(["home", "you", "shop", ".fleet", "workspaces", "w1", "w2", ".ssh", "usr", "secret"])
PATHS = st.lists(PARTS, max_size=6).map(lambda parts: "/" + "/".join(parts))
BINDS = st.builds(Bind, PATHS, st.one_of(st.just(""), PATHS), st.booleans())


def room(*binds: Bind, **more) -> Room:
    given_ = {"home": HOME, "path": "/usr/bin", "hidden": (ROOT, f"{ROOT}/.fleet"), "binds": binds}
    return Room(WORKSPACE, **{**given_, **more})


def mounts(words: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """(kind, source, at), in their order."""
    found = []
    for at, word in enumerate(words):
        if word in ("--ro-bind-try", "--bind-try"):
            found.append((word, words[at + 1], words[at + 2]))
        elif word in ("--tmpfs", "--remount-ro"):
            found.append((word, "", words[at + 1]))
    return found


def within(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def test_the_workspace_can_be_written_to():
    assert ("--bind-try", WORKSPACE, WORKSPACE) in mounts(arguments(room(), SYSTEM))


def test_what_is_bound_can_be_read_alone_unless_it_says_more():
    found = mounts(arguments(room(Bind("/data"), Bind("/cache", writable=True)), SYSTEM))
    assert ("--ro-bind-try", "/data", "/data") in found
    assert ("--bind-try", "/cache", "/cache") in found


def test_something_can_stand_in_for_another_thing():
    found = mounts(arguments(room(Bind("/runs/r1/0", f"{HOME}/.tool.json", writable=True)), SYSTEM))
    assert ("--bind-try", "/runs/r1/0", f"{HOME}/.tool.json") in found


def test_what_lies_in_a_folder_that_is_there_already_is_not_bound_again():
    found = mounts(arguments(room(Bind("/data"), Bind("/data/a")), SYSTEM, [Bind("/data/b/c")]))
    assert [source for _, source, _ in found if within(source, "/data")] == ["/data"]


def test_it_has_no_capability_no_process_of_others_and_ends_with_its_shim():
    words = arguments(room(), SYSTEM)
    assert {"--unshare-pid", "--unshare-ipc", "--unshare-user", "--die-with-parent"} <= set(words)
    assert words[words.index("--cap-drop") + 1] == "ALL"


def test_nothing_can_be_written_where_nothing_is_kept():
    kept = [at for kind, _, at in mounts(arguments(room(), SYSTEM)) if kind == "--remount-ro"]
    assert kept == [ROOT, f"{ROOT}/.fleet", "/"]


@given(st.lists(BINDS, max_size=8), st.lists(BINDS, max_size=4))
def test_no_bind_shows_the_home_or_what_is_hidden_as_a_whole(binds, programs):
    found = mounts(arguments(room(*binds), SYSTEM, programs))
    for _, source, at in found:
        for kept in (HOME, ROOT, f"{ROOT}/.fleet"):
            assert not source or not within(kept, source)
            assert not source or not within(kept, at)


@given(st.lists(BINDS, max_size=8))
def test_an_outer_place_is_made_before_what_lies_in_it(binds):
    found = [at for kind, _, at in mounts(arguments(room(*binds), SYSTEM)) if kind != "--remount-ro"]
    own = found[len(SYSTEM.paths) :]
    empty = [at for at in own if own.count(at) and at in ("/tmp", "/var/tmp", HOME, ROOT, f"{ROOT}/.fleet")]
    assert empty == sorted(empty, key=lambda at: len(PurePosixPath(at).parts))
    rest = own[len(empty) :]
    assert rest == sorted(rest, key=lambda at: len(PurePosixPath(at).parts))


@given(st.lists(BINDS, max_size=8))
def test_the_workspace_is_never_left_out_or_covered(binds):
    found = mounts(arguments(room(*binds), SYSTEM))
    mine = found.index(("--bind-try", WORKSPACE, WORKSPACE))
    later = [at for kind, _, at in found[mine + 1 :] if kind != "--remount-ro"]
    assert not any(within(WORKSPACE, at) for at in later)
