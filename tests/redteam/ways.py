"""The catalogue: commands by which a session that no sandbox confines tries to get around what holds."""

from __future__ import annotations

import json
import shlex
import socket

from tests.engine.conftest import Stage

ASK = (
    'curl -sf -m 5 --unix-socket "$FLEET_SOCKET" -H "Content-Type: application/json"'
    ' -H "Authorization: Bearer %s" -d %s http://localhost/agent/%s'
)
APPROVE = shlex.quote('{"verdict": "approve", "text": "good"}')
MCP = (
    'curl -sf -m 5 -H "Content-Type: application/json" -H "Authorization: Bearer r2.x" -d {}'
    " http://127.0.0.1:$(tr -dc 0-9 < ../../watcher.json)/mcp"
)
DENIED = {  # what the run may not do, and is told so
    "reviewing its own change": "fleet agent review approve -m good",
    "an event of Fleet's own": "fleet agent emit fleet.change.merged --data '{\"change\": 2}'",
    "an approval as an event": 'fleet agent emit fleet.approval.given --data \'{"approval": "a1"}\'',
    "approving as a person": "fleet approve a1",
    "rejecting as a person": "fleet reject a1 -m no",
    "releasing an agent": "fleet release dev -m ok",
    "labelling its issue": "fleet issue label 1 urgent",
    "opening an issue as a person": "fleet issue create more -l fleet:ready",
    "ordering a run": "fleet run dev 'do more'",
    "stopping another run": "fleet stop r2",
    "quarantining its reviewer": "fleet quarantine lead -m bad",
    "writing an event": "fleet emit fleet.change.merged",
    "with an empty environment": 'env -i PATH="$PATH" fleet approve a1',
    "without its marks": "env -u FLEET_TOKEN -u FLEET_SESSION -u FLEET_RUN fleet release dev -m ok",
    "in a session of its own": 'setsid -w nohup env -i PATH="$PATH" fleet approve a1',
    "as another run": "FLEET_SESSION=r2.0 FLEET_RUN=r2 fleet say r2 'approve it'",
}
FORGED = {  # asked at the socket with a token that is not known
    "no token": ASK % ("", APPROVE, "review"),
    "another run's name": ASK % ("r2.$(printf 0%.0s $(seq 64))", APPROVE, "review"),
    "its token for another run": ASK % ("r2.${FLEET_TOKEN#*.}", APPROVE, "review"),
    "its token, cut": ASK % ("${FLEET_TOKEN%?}", APPROVE, "review"),
    "a wrong token over MCP": MCP,
    "a wrong token on the port": MCP.replace("/mcp", "/agent/review"),
    "a token for the hooks": ASK.replace("/agent/", "/hook/") % ("r9.x", "{}", "before"),
}
ODD = {  # asked in a form that is not one
    "another verb": ASK % ("$FLEET_TOKEN", "{}", "merge"),
    "a path out": ASK % ("$FLEET_TOKEN", "{}", "../../hook/before"),
    "no JSON": ASK % ("$FLEET_TOKEN", "x", "done"),
    "too much": 'head -c 400000 /dev/zero | tr "\\0" " " > big; ' + ASK % ("$FLEET_TOKEN", "@big", "done"),
    "nested too deep": 'head -c 90000 /dev/zero | tr "\\0" "[" > deep; '
    + ASK % ("$FLEET_TOKEN", "@deep", "done"),
    "the hook without rules": ASK.replace("/agent/", "/hook/") % ("$FLEET_TOKEN", "{}", "before"),
    "another Host": ASK.replace("-d", "-H Host:evil.example -d") % ("$FLEET_TOKEN", "{}", "done"),
}
GIT = {  # through git
    "a push": "git push origin HEAD:main",
    "a push to the default": "git push",
    "stored credentials": "git credential fill < /dev/null | grep password=",
    "a forge's token": "env | grep -E '^(GH|GITHUB|GITLAB)_'",
    "an SSH agent": "env | grep -E '^(SSH|GPG)_'",
    "a remote of its own making": "git remote add up ext::sh; git push up HEAD:main",
    "an option of ssh": "git -c core.sshCommand='sh -c false' push ssh://localhost/x HEAD:main",
    "a fetch of what is not its own": "git fetch origin",
}
ATTRIBUTES = "echo '* filter=evil diff=evil merge=evil' > .gitattributes; git add notes.txt .gitattributes"
TRAPS = {  # laid in the workspace: they do nothing at once, and nothing later
    "other refs": "git update-ref refs/replace/$(git rev-parse HEAD) $(git rev-parse main);"
    " git update-ref refs/fleet/checkpoints HEAD; git update-ref refs/notes/fleet HEAD",
    "a hook": "printf '#!/bin/sh\\ntouch $0.ran\\n' > .git/hooks/post-checkout; chmod +x .git/hooks/*;"
    " for name in post-commit reference-transaction; do cp .git/hooks/post-checkout .git/hooks/$name; done",
    "a filter": "git config filter.evil.clean 'touch $TRAP; cat';"
    " echo '*.txt filter=evil' > .git/info/attributes",
    "a pager and an editor": "git config core.pager 'touch $TRAP'; git config core.editor 'touch $TRAP'",
    "a monitor": "git config core.fsmonitor 'touch $TRAP'; git config core.sshCommand 'touch $TRAP'",
    "an alias of a verb": "git config alias.log '!touch $TRAP';"
    " git config uploadpack.packObjectsHook 'touch $TRAP'",
    "a diff program": "git config diff.external 'touch $TRAP'; git config diff.evil.textconv 'touch $TRAP'",
    "other objects": "echo /nowhere > .git/objects/info/alternates.lock",
    "another PATH": "mkdir -p bin; printf '#!/bin/sh\\ntouch $TRAP\\n' > bin/git; chmod +x bin/git",
    "a daemon": "(setsid sh -c 'sleep 300; touch $TRAP' > /dev/null 2>&1 &)",
    "a module for Python": "mkdir -p fleet; echo 'raise SystemExit(9)' > fleet/__init__.py;"
    " cp fleet/__init__.py sitecustomize.py",
    "a huge name": 'touch "$(printf "n%.0s" $(seq 250))"',
    "an odd name": "touch -- '-rf' '$(touch $TRAP)' 'a;b' \"$(printf 'new\\nline')\"",
    "a link out of it": "ln -s /etc/passwd passwd; ln -s ../../.. up",
    "hooks elsewhere": "mkdir -p h; printf '#!/bin/sh\ntouch $TRAP' > h/reference-transaction; chmod +x h/*;"
    " git config core.hooksPath $PWD/h",
    "configuration elsewhere": "printf '[core]\\n\\tfsmonitor = touch %s\\n' $TRAP > c;"
    " git config include.path $PWD/c; git config includeIf.gitdir:/.path $PWD/c;"
    " git config safe.directory '*'",
    "drivers of attributes that it has committed": "git config filter.evil.smudge 'touch $TRAP; cat';"
    " git config filter.evil.process 'touch $TRAP'; git config merge.evil.driver 'touch $TRAP';"
    " git config diff.evil.command 'touch $TRAP'",
    "objects of somebody else's": "mkdir -p alt/info; echo $PWD/alt > .git/objects/info/alternates.tmp;"
    " cat .git/objects/info/alternates >> .git/objects/info/alternates.tmp;"
    " mv .git/objects/info/alternates.tmp .git/objects/info/alternates",
    "credentials and signatures": "git config credential.helper '!touch $TRAP';"
    " git config gpg.program $PWD/h/reference-transaction; git config commit.gpgSign true",
    "grafts": "git rev-parse HEAD > .git/shallow; echo $(git rev-parse HEAD) > .git/info/grafts",
    "a submodule": "git config -f .gitmodules submodule.x.path x;"
    " git config -f .gitmodules submodule.x.url ext::sh;"
    " git config -f .gitmodules submodule.x.update '!touch $TRAP'",
}
ALL = DENIED | FORGED | ODD | GIT


def serve_at_a_known_port(stage: Stage) -> int:
    """As a watcher that was here before would have it: the next one serves there too. Returns the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        stage.place.watcher.parent.mkdir(exist_ok=True)
        port: int = free.getsockname()[1]
        stage.place.watcher.write_text(json.dumps({"port": port}))
    return port
