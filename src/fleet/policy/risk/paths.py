"""What a file is, by its path."""

from __future__ import annotations

import re
from functools import lru_cache

_TEST = re.compile(
    r"(?i)(^|/)(tests?|specs?|__tests__|testing|testdata|fixtures|e2e|t)/|(^|/)(test_|conftest)[^/]*$"
    r"|[._-](test|tests|spec|specs)\.[a-z]+$|(^|/)[^/]*(Test|Tests|Spec)\.[a-z]+$"
)
_CODE = re.compile(
    r"(?i)\.(py|pyx|js|mjs|cjs|jsx|ts|tsx|vue|svelte|go|rs|java|kt|kts|scala|groovy|clj|rb|php|c|cc|cpp|cxx|h|hh"
    r"|hpp|m|mm|cs|fs|swift|dart|ex|exs|erl|hs|ml|lua|pl|pm|r|jl|zig|nim|d|sh|bash|zsh|fish|ps1|sql|y|l|jq)$"
)
_DOCS = re.compile(
    r"(?i)(^|/)(docs?|documentation|man|examples?)/|\.(md|rst|txt|adoc|1|html?)$|(^|/)(LICEN[CS]E|CHANGE|README)"
)
_LOCK = re.compile(
    r"(?i)(^|/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?|poetry\.lock"
    r"|uv\.lock|Pipfile\.lock|go\.sum|Cargo\.lock|Gemfile\.lock|composer\.lock|mix\.lock|flake\.lock"
    r"|gradle\.lockfile|packages\.lock\.json|Package\.resolved)$"
)
_DEPENDENCIES = re.compile(
    r"(?i)(^|/)(package\.json|requirements[^/]*\.(txt|in)|pyproject\.toml|setup\.(py|cfg)|Pipfile|go\.mod"
    r"|Cargo\.toml|Gemfile|[^/]*\.gemspec|composer\.json|pom\.xml|build\.gradle(\.kts)?|mix\.exs|\.gitmodules"
    r"|[^/]*\.csproj|Package\.swift|libs\.versions\.toml)$"
)
_INFRASTRUCTURE = re.compile(
    r"(?i)(^|/)(Dockerfile[^/]*|[^/]*\.dockerfile|(docker-)?compose[^/]*\.ya?ml|Makefile|Procfile|Vagrantfile"
    r"|nginx[^/]*\.conf)$|(^|/)(terraform|helm|charts?|k8s|kubernetes|deploy(ment)?s?|ansible|infra(structure)?)/"
    r"|\.(tf|tfvars)$"
)
_MIGRATION = re.compile(
    r"(?i)(^|/)(migrations?|migrate|alembic|schema)(/|\.)|\.sql$|(^|/)schema\.(rb|prisma)$"
)
_AUTH = re.compile(
    r"(?i)(^|/|_|-|\.)(auth(n|z|entication|orization)?|oauth2?|login|logout|sessions?|passw(or)?ds?|secrets?"
    r"|crypto?|credentials?|tokens?|permissions?|acl|rbac|saml|sso|jwt|csrf|tls|ssl)(/|_|-|\.|s?$)"
)


@lru_cache(maxsize=100_000)
def is_test(path: str) -> bool:
    """Whether the file tests other code."""
    return _TEST.search(path) is not None


@lru_cache(maxsize=100_000)
def is_code(path: str) -> bool:
    """Whether it is a program that is run, and no test of one."""
    return _CODE.search(path) is not None and not is_test(path)


def is_docs(path: str) -> bool:
    """Whether people read it and no machine does."""
    return _DOCS.search(path) is not None and not _LOCK.search(path) and not is_code(path)


def is_lock(path: str) -> bool:
    """Whether a tool wrote it, to say which versions of dependencies exactly."""
    return _LOCK.search(path) is not None


def is_dependencies(path: str) -> bool:
    """Whether people say in it what the code depends on."""
    return _DEPENDENCIES.search(path) is not None


def is_infrastructure(path: str) -> bool:
    """Whether it says how the code is built, run or deployed."""
    return _INFRASTRUCTURE.search(path) is not None


def is_migration(path: str) -> bool:
    """Whether it changes what a database looks like."""
    return _MIGRATION.search(path) is not None


def is_auth(path: str) -> bool:
    """Whether it has to do with who may do what, by its name."""
    return _AUTH.search(path) is not None and not is_docs(path)
