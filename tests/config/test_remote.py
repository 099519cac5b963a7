"""Addresses of repositories: read as git reads them, and found in a checkout."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fleet.config.remote import REPO, parse_address, remotes_of, url_of
from fleet.model.fleet import Fleet, Repo


@pytest.mark.parametrize(
    ("url", "host", "repo"),
    [
        ("https://github.com/acme/shop.git", "github.com", "acme/shop"),
        ("https://github.com/acme/shop", "github.com", "acme/shop"),
        ("https://github.com/acme/shop/", "github.com", "acme/shop"),
        ("https://mia:t0ken@GitHub.com/acme/shop.git", "github.com", "acme/shop"),
        ("https://www.github.com/Acme/my.shop", "github.com", "Acme/my.shop"),
        ("git@github.com:acme/shop.git", "github.com", "acme/shop"),
        ("github.com:acme/shop", "github.com", "acme/shop"),
        ("git@github.com:/acme/shop.git", "github.com", "acme/shop"),
        ("org-123@github.com:acme/shop.git", "github.com", "acme/shop"),
        ("ssh://git@github.com/acme/shop.git", "github.com", "acme/shop"),
        ("ssh://git@ssh.github.com:443/acme/shop.git", "github.com", "acme/shop"),
        ("git+ssh://git@github.com/acme/shop", "github.com", "acme/shop"),
        ("git://github.com/acme/shop.git", "github.com", "acme/shop"),
        ("https://git.acme.example/acme/shop.git", "git.acme.example", "acme/shop"),
        ("https://git.acme.example:8443/acme/shop.git", "git.acme.example:8443", "acme/shop"),
        ("ssh://git@git.acme.example:2222/acme/shop.git", "git.acme.example", "acme/shop"),
    ],
)
def test_an_address_leads_to_a_repository(url: str, host: str, repo: str):
    assert parse_address(url) == (host, repo)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/git/shop.git",
        "../shop",
        "file:///srv/git/acme/shop.git",
        "https://github.com/acme",
        "https://github.com/acme/shop/tree/main",
        "git@github.com:shop.git",
        "C:\\acme\\shop",
        "ext::sh -c x",
        "https://github.com/-acme/shop",
        "git@github.com:acme/..",
    ],
)
def test_another_address_leads_nowhere(url: str):
    assert parse_address(url) is None


@pytest.mark.parametrize(
    "name", ["acme", "acme/", "/shop", "a/b/c", "acme/..", "acme/shop.git", "-a/b", "a b/c"]
)
def test_what_is_no_name_of_a_repository(name: str):
    assert not REPO.fullmatch(name)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    subprocess.run(["git", "init", "-q", str(tmp_path / "shop")], check=True)
    return tmp_path / "shop"


def add(root: Path, **remotes: str) -> None:
    for name, url in remotes.items():
        subprocess.run(["git", "remote", "add", name, url], cwd=root, check=True)


def fleet(*repos: Repo, host: str = "") -> Fleet:
    return Fleet(name="shop", forge="github", repos=repos, host=host)


def test_origin_goes_before_upstream_and_that_before_others(root: Path):
    add(root, backup="/srv/shop.git", fork="git@github.com:mia/shop.git")
    add(root, upstream="https://github.com/acme/shop", origin="https://github.com/mia/shop.git")
    found = [(each.name, each.repo, each.by_ssh) for each in remotes_of(root)]
    assert found == [
        ("origin", "mia/shop", False),
        ("upstream", "acme/shop", False),
        ("fork", "mia/shop", True),
    ]


def test_what_the_users_git_makes_of_an_address_counts(root: Path, tmp_path: Path):
    (tmp_path / ".gitconfig").write_text('[url "git@github.com:"]\n\tinsteadOf = gh:\n')
    add(root, origin="gh:acme/shop")
    (found,) = remotes_of(root)
    assert (found.url, found.host, found.repo) == ("gh:acme/shop", "github.com", "acme/shop")


def test_a_way_around_the_forge_hides_no_repository(root: Path, tmp_path: Path):
    (tmp_path / ".gitconfig").write_text('[url "/srv/cache/"]\n\tinsteadOf = https://github.com/\n')
    add(root, origin="https://github.com/acme/shop")
    assert [each.repo for each in remotes_of(root)] == ["acme/shop"]


def test_an_alias_of_the_users_ssh_leads_to_its_host(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text('#!/bin/sh\n[ "$*" = "-G -- work" ] && echo "hostname ssh.github.com"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}{os.pathsep}{os.environ['PATH']}")
    add(root, origin="git@work:acme/shop.git")
    (found,) = remotes_of(root)
    assert (found.url, found.host) == ("git@work:acme/shop.git", "github.com")


def test_git_finds_a_repository_where_fleet_yaml_says(root: Path):
    add(root, origin="git@github.com:acme/shop.git")
    repo = Repo("acme/shop", "main", "https://elsewhere.example/x.git")
    assert url_of(root, fleet(repo), repo) == "https://elsewhere.example/x.git"


def test_else_by_the_checkouts_own_remote(root: Path):
    add(root, origin="https://github.com/mia/shop", upstream="git@github.com:Acme/shop.git")
    repo = Repo("acme/shop", "main")
    assert url_of(root, fleet(repo), repo) == "git@github.com:Acme/shop.git"


@pytest.mark.parametrize(
    ("origin", "host", "url"),
    [
        ("git@github.com:acme/shop.git", "", "git@github.com:acme/api.git"),
        ("https://github.com/acme/shop.git", "", "https://github.com/acme/api.git"),
        ("/srv/shop.git", "", "https://github.com/acme/api.git"),
        ("git@github.com:acme/api.git", "git.acme.example", "https://git.acme.example/acme/api.git"),
        ("git@git.acme.example:acme/x.git", "git.acme.example", "git@git.acme.example:acme/api.git"),
    ],
)
def test_else_on_the_host_by_the_way_that_the_remotes_take(root: Path, origin: str, host: str, url: str):
    add(root, origin=origin)
    repo = Repo("acme/api", "main")
    assert url_of(root, fleet(repo, host=host), repo) == url


def test_without_a_checkout_it_is_its_https_address(tmp_path: Path):
    repo = Repo("acme/api", "main")
    assert url_of(tmp_path, fleet(repo), repo) == "https://github.com/acme/api.git"
