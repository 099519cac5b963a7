"""Spare workspaces of big repositories, made beside the work: nothing waits for them."""

from __future__ import annotations

import logging
import threading

from fleet.model.errors import FleetError
from fleet.ports.repository import Repository
from fleet.ports.workspace import Workspaces

logger = logging.getLogger(__name__)


class Spares:
    """One thread a repository at most. A watcher that ends does not wait: a half-made one is swept later."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def want(self, repo: str, repository: Repository, workspaces: Workspaces) -> None:
        """Have a spare of this repository before long. Returns at once."""
        with self._lock:
            if repo in self._busy:
                return
            self._busy.add(repo)
        work = (repo, repository, workspaces)
        threading.Thread(target=self._stock, args=work, name=f"spare {repo}", daemon=True).start()

    def _stock(self, repo: str, repository: Repository, workspaces: Workspaces) -> None:
        try:
            workspaces.stock(repository.base_sha())
        except FleetError as error:
            logger.warning("%s", error)
        finally:
            with self._lock:
                self._busy.discard(repo)
