"""What a line for a shell is about: what kind of act it is, whether it only looks, and whether doing it again
is no wonder.
"""

from __future__ import annotations

import re

from fleet.model.acts import ActKind

_TEST = re.compile(
    r"\b(?:pytest|unittest|nosetests|tox|nox|jest|vitest|mocha|ava|karma|playwright test|cypress|rspec"
    r"|minitest|phpunit|ctest|gotestsum|busted|bats|exunit|mix test|flutter test|deno test|bun test"
    r"|node --test"
    r"|(?:npm|pnpm|yarn|cargo|go|gradle|gradlew|mvn|mvnw|dotnet|bazel|zig|swift|sbt|lein|stack|cabal|rake|rails"
    r"|make|just|task|composer|poetry run|uv run|hatch|meson|ninja|python\d?(?:\.\d+)? -m)\b[^|;&\n]{0,60}"
    r"\b(?:tests?|check|verify|spec))\b"
)
_TEST_FILE = re.compile(
    r"(?:^|[\s/])(?:run[-_]?tests?|tests?|test_\w+|\w+_test)(?:\.(?:sh|py|js|ts|rb|pl))?(?:\s|$)"
)
_BUILD = re.compile(
    r"\b(?:make|ninja|cmake|cargo (?:build|check|clippy)|go (?:build|vet)|tsc|webpack|vite build|gradle|mvn"
    r"|javac|gcc|g\+\+|clang|rustc|docker build|(?:npm|pnpm|yarn)(?: run)? (?:build|lint)|ruff|mypy"
    r"|eslint|pyright|flake8|pylint|msbuild|dotnet build|bazel build|py_compile|compileall)\b"
)
_COMMIT = re.compile(r"\bgit\s+(?:-\S+\s+)*(?:commit|merge|rebase|cherry-pick|revert|am)\b")
_REPORT = re.compile(r"\bfleet agent (?:done|review|ask|emit|propose)\b")
_WRITES = re.compile(
    r"(?:^|[^0-9&>-])>{1,2}\s*(?!/dev/null|&)[\w./$\"'~-]"  # a redirection into a file
    r"|\b(?:sed -i|perl -p?i|tee|mv|cp|rm|mkdir|touch|git (?:apply|checkout|restore|reset|stash|mv|rm)|patch"
    r"|ruff format|prettier --write|black|gofmt -w|npm i(?:nstall)?|pip install|cargo add)\b"
)
_MOVES = re.compile(r"\bgit\s+(?:-\S+\s+)*(?:bisect|switch|checkout(?!\s+(?:--|\S*\.\w+\b|\.)))")
_LOOKS = re.compile(
    r"(?:cat|head|tail|ls|[ef]?grep|rg|ag|ack|find|fd|tree|wc|stat|file|nl|awk|sort|uniq|cut|jq|du|pwd|which"
    r"|type|command -v|diff|cmp|test|\[|env|printenv|sed -n|cd|echo|printf|true|:"
    r"|git (?:-\S+ )*(?:status|log|diff|show|blame|branch|grep|ls-files|rev-parse|describe|remote))(?:\s|$)"
)
_POLLS = re.compile(
    r"(?:sleep|wait|watch|curl|wget|nc|ping|ps|pgrep|jobs|lsof|ss|netstat|tail -f|glab"
    r"|kubectl(?![^|;&\n]* (?:delete|apply|create|scale|patch|exec|rollout (?:restart|undo))\b)"
    r"|systemctl(?![^|;&\n]* (?:(?:re)?start|stop|reload|kill)\b)"
    r"|squeue|qstat|nvidia-smi|gh (?:run|pr|api)|docker (?:ps|logs|inspect))\b"
)
_PUSHES = re.compile(r"\bgit\s+(?:-\S+\s+)*push\b")
_POLL_WORDS = re.compile(r"\b(?:status|healthz?|ready|pending|progress|poll|until|is_?up)\b", re.IGNORECASE)
_POLL_TOOLS = re.compile(
    r"wait|poll|status|bashoutput|taskoutput|write_stdin|read_?(?:output|bash)", re.IGNORECASE
)
_GIT = re.compile(r"\bgit\b[^|;&\n]*")
_NEXT = re.compile(r"&&|\|\||[;|\n]|\b(?:do|then|else)\b")
_BEFORE = re.compile(
    r"^(?:\s|\w+=\S*\s|sudo\s|time\s|nice\s|exec\s|!\s|\(|\{\s|done\b|fi\b|while\b|until\b|if\b)+"
)


def kind_of_command(command: str) -> ActKind:
    """What kind of act this line for a shell is."""
    if _REPORT.search(command):
        return "report"
    if _COMMIT.search(command):
        return "commit"
    if only_looks(command):
        return "run"
    if _TEST.search(command) or _TEST_FILE.search(command):
        return "test"
    if _BUILD.search(command):
        return "build"
    return "edit" if _WRITES.search(command) else "run"


def only_looks(command: str) -> bool:
    """Whether all that it does is to look at files and history."""
    return not _WRITES.search(command) and all(_LOOKS.match(part) for part in parts(command))


def writes(command: str) -> bool:
    """Whether it changes files, beside whatever else it does."""
    return bool(_WRITES.search(command)) or "apply_patch" in command


def command_polls(command: str) -> bool:
    """Whether it looks if something is there by now, so that doing it again is no wonder."""
    if kind_of_command(command) == "commit" or _PUSHES.search(command):
        return False  # a pause before it does not make it a look
    if any(_POLLS.match(part) for part in parts(command)):
        return True
    return bool(_POLL_WORDS.search(_GIT.sub("", command))) and not _TEST.search(command)


def tool_polls(tool: str) -> bool:
    """The same of a tool that is no shell."""
    return bool(_POLL_TOOLS.search(tool))


def moves(command: str) -> bool:
    """Whether it goes to another commit or branch, so that a failure that is there too is news."""
    return bool(_MOVES.search(command))


def parts(command: str) -> list[str]:
    """Its single commands, each from its program on, as far as one can tell without being a shell."""
    return [part for each in _NEXT.split(command) if (part := _BEFORE.sub("", each).strip())]
