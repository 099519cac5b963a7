"""A GitHub on this machine: its REST API with real git behind it, for gh and for tests; no account.

    with GitHub(tmp_path) as hub:
        hub.repo("acme/shop", permissions={"bob": "write"})
        number = hub.open_issue("acme/shop", "carol", "It breaks")
        environment = os.environ | hub.environment("bob")
        subprocess.run(["gh", "api", f"repos/acme/shop/issues/{number}"], env=environment)

A login's token is `token-LOGIN` (or `gho_LOGIN`, whose scopes newer gh shows). Repositories are bare
ones, to be pushed to and fetched from with plain git.
From a shell: `python -m fleet.testing.github --help`.

To read on: `hub` (the whole), `moves` (what people do), `faults` (what goes wrong), `door` (from request to
answer), `endpoints/` (a file per subject), `shapes/` (documents), `follow` (what a push brings about).
"""

from fleet.testing.github.door import Request
from fleet.testing.github.faults import Fault
from fleet.testing.github.hub import GitHub
from fleet.testing.github.wire import Refusal

__all__ = ["Fault", "GitHub", "Refusal", "Request"]
