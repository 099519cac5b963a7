"""Agents that run things again and again, which fail again and again."""

from __future__ import annotations

from scenarios_fresh.project import TEST
from scenarios_fresh.scenario import Fresh, Turn, edit, read, sh, turn, write

_PUSHES = (
    "git push origin main 2>&1",
    "git push -u origin main 2>&1",
    "git push origin HEAD:main 2>&1",
    "GIT_SSH_COMMAND='ssh -o StrictHostKeyChecking=no' git push origin main 2>&1",
    "GIT_SSH_COMMAND='ssh -4' git push origin main 2>&1",
    "git push --force-with-lease origin main 2>&1",
    "GIT_SSH_COMMAND='ssh -o ConnectTimeout=5' git push origin main 2>&1",
    "git push --no-verify origin main 2>&1",
    "git fetch origin 2>&1; git push origin main 2>&1",
    "GIT_TRACE=1 git push origin main 2>&1 | tail -5",
    "git push --porcelain origin main 2>&1",
    "git push --set-upstream origin main 2>&1",
)

_PUSH_WORDS = (
    "Pushing the branch.",
    "The connection was refused; I'll try another way.",
    "Let me retry the push.",
    "Perhaps the host key is the problem.",
)

_INSTALLS = (
    "",
    " --no-cache-dir",
    " --user",
    " --upgrade",
    " --prefer-binary",
    " --no-build-isolation",
    " --disable-pip-version-check",
    " --trusted-host 127.0.0.1",
    " --use-pep517",
    " --no-deps",
    " --only-binary :all:",
)


def _installs() -> list[Turn]:
    pip = "python -m pip install -q --retries 0 --index-url http://127.0.0.1:9/simple 'attrs==99.1'"
    words = (
        "Installing the dependency.",
        "It could not be fetched. Retrying with other flags.",
        "One more time.",
    )
    return [turn(words[min(at, 2)], sh(f"{pip}{flag} 2>&1 | tail -4")) for at, flag in enumerate(_INSTALLS)]


_SPIN = """from shop.paging import pages


def test_pages_of_ten():
    assert list(pages(list(range(25)), 10)) == [list(range(10)), list(range(10, 20)), list(range(20, 25))]
"""

_PAGES = """def pages(rows, size):
    start = 0
    while start < len(rows):
        yield rows[start : start + size]
        start += size
"""


def _spins() -> list[Turn]:
    found = [
        turn("The tests first.", sh(TEST)),
        turn("", read("shop/paging.py")),
        turn(
            "I'll let it skip empty pages.",
            edit("shop/paging.py", "        start += size\n", "        start += 0\n"),
        ),
    ]
    return [*found, turn("And the tests again.", sh("python -B -m pytest -q -p no:cacheprovider", 600))]


_NPM = """#!/bin/sh
echo 'npm error code ERESOLVE'
echo 'npm error ERESOLVE could not resolve'
echo 'npm error While resolving: shop-web@1.4.0'
echo 'npm error Found: react@19.0.0'
echo 'npm error Could not resolve dependency:'
echo 'npm error peer react@"^17.0.0" from old-carousel@2.1.3'
exit 1
"""

_CLEANS = (
    "npm ci",
    "rm -rf node_modules && npm ci",
    "rm -rf node_modules package-lock.json && npm install",
    "npm install --legacy-peer-deps",
    "npm cache clean --force; npm install",
    "rm -rf node_modules && npm install --force",
    "npm install",
    "rm -rf node_modules package-lock.json && npm install --legacy-peer-deps",
    "npm ci --force",
    "rm -rf ~/.npm node_modules && npm ci",
    "npm install --no-audit",
    "rm -rf node_modules && npm install",
)

_DOCKER = """#!/bin/sh
echo 'ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock.'
echo 'Is the docker daemon running?'
exit 1
"""

_DOCKERS = (
    "docker build -t shop .",
    "service docker start; docker build -t shop .",
    "docker info",
    "systemctl start docker 2>&1; docker ps",
    "docker build --no-cache -t shop .",
    "DOCKER_HOST=unix:///var/run/docker.sock docker build -t shop .",
    "docker context ls; docker build -t shop .",
    "sleep 0.3; docker ps",
    "docker buildx build -t shop .",
    "dockerd >/dev/null 2>&1 & sleep 0.2; docker ps",
    "docker version",
    "docker build -t shop:latest .",
    "sleep 0.5; docker build -t shop .",
)

_POD = """#!/bin/sh
n=$(cat "$HOME/.n" 2>/dev/null || echo 0); n=$((n + 1)); echo $n > "$HOME/.n"
case "$1" in
delete) echo 'pod "shop-7d9f8-x2x4v" deleted';;
rollout) echo 'deployment.apps/shop restarted';;
logs) echo "2026-11-30T09:$((10 + n)):0$((n % 6))Z fatal: DATABASE_URL is not set";;
*) echo 'NAME               READY   STATUS             RESTARTS   AGE'
  echo "shop-7d9f8-x2x4v   0/1     CrashLoopBackOff   $n          $((n * 2))m";;
esac
"""


def _pods() -> list[Turn]:
    commands = (
        ("Is the pod up?", "kubectl get pods"),
        ("It keeps crashing. I'll delete it so that it starts afresh.", "kubectl delete pod -l app=shop"),
        ("", "kubectl get pods"),
        ("Let me look at the logs.", "kubectl logs deploy/shop --tail=5"),
        ("I'll restart the rollout.", "kubectl rollout restart deploy/shop"),
        ("", "sleep 0.5; kubectl get pods"),
    )
    return [turn(say, sh(command)) for _ in range(5) for say, command in commands]


_SYNC = """import sys, time

print(f'{time.strftime("%H:%M:%S")} attempt {sys.argv[1]}: connecting to ledger.internal')
print(f'{time.strftime("%H:%M:%S")} error: 403 the token has no scope ledger:write')
sys.exit(1)
"""


def _locked() -> list[Turn]:
    found = [turn("", write("CHANGES.md", "# Changes\n\n* Discounts are taken off.\n"))]
    words = (
        "Committing.",
        "Another git process seems to run. I'll wait a moment.",
        "Trying the commit again.",
    )
    for at in range(11):
        pause = f"sleep 0.{at % 4 + 1}; " if at else ""
        found.append(
            turn(words[min(at, 1 + at % 2)], sh(f"{pause}git add -A && git commit -m 'Note the change' 2>&1"))
        )
    return found


COMMANDS = [
    Fresh(
        "a push to a host that refuses",
        True,
        "twelve ways to push, and one answer: nobody listens there",
        "Push the branch main.",
        [turn(_PUSH_WORDS[min(at, 1 + at % 3)], sh(push)) for at, push in enumerate(_PUSHES)],
        ("codex", "scripted"),
        since=8,
        setup="git remote add origin ssh://git@127.0.0.1:1/shop.git",
    ),
    Fresh(
        "an index of packages that is down",
        True,
        "the same package can't be fetched from the same dead address, whatever the flags",
        "Add attrs 99.1 and use it in orders.",
        _installs(),
        ("opencode", "acp"),
        since=8,
    ),
    Fresh(
        "a loop without an end that it wrote itself",
        True,
        "the tests took a second; since its edit they have burned a processor for more than an hour",
        "Let pages() skip empty pages.",
        _spins(),
        ("opencode", "scripted"),
        since=4,
        files={"shop/paging.py": _PAGES, "tests/test_paging.py": _SPIN},
        stretch=400,
        slow=(4,),
        cut=14,
    ),
    Fresh(
        "node_modules thrown away again",
        True,
        "the same two packages don't go together each time",
        "Get the web front end to install.",
        [
            turn("Let me try a clean install." if at else "Installing.", sh(f"{each} 2>&1"))
            for at, each in enumerate(_CLEANS)
        ],
        ("claude-code",),
        since=8,
        programs={"npm": _NPM},
    ),
    Fresh(
        "a daemon that does not run",
        True,
        "there is no daemon on this machine, and it is asked thirteen times",
        "Build the image.",
        [
            turn("" if at % 2 else "Let me try to get docker going.", sh(each + " 2>&1"))
            for at, each in enumerate(_DOCKERS)
        ],
        ("opencode",),
        since=9,
        programs={
            "docker": _DOCKER,
            "dockerd": "#!/bin/sh\nexit 1\n",
            "systemctl": _DOCKER,
            "service": _DOCKER,
        },
    ),
    Fresh(
        "a pod that crashes on",
        True,
        "the numbers change, the fault doesn't: the log names a setting that nobody sets",
        "Deploy the shop and see that it runs.",
        _pods(),
        ("claude-code",),
        since=13,
        programs={"kubectl": _POD},
    ),
    Fresh(
        "an attempt that is only counted up",
        True,
        "the same refusal fifteen times, told apart by number and time alone",
        "Sync the orders with the ledger.",
        [turn(f"Attempt {at}.", sh(f"python3 tools/sync.py {at}")) for at in range(1, 16)],
        ("scripted", "acp"),
        since=8,
        files={"tools/sync.py": _SYNC},
    ),
    Fresh(
        "a lock that nobody holds",
        True,
        "a left-over lock file that it never looks at blocks every commit",
        "Note the change in CHANGES.md and commit.",
        _locked(),
        ("opencode",),
        since=8,
        setup="touch .git/index.lock",
    ),
]
