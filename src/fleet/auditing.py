"""What belongs to the audit, put together: the log, the key, and the shelves in git.

Beside `fleet.wiring`, and loaded as late: most verbs need none of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet.config.place import Place
from fleet.model.errors import FleetError
from fleet.ports.log import Verification

if TYPE_CHECKING:
    from fleet.adapters.git.shelf import GitShelf
    from fleet.adapters.logs.redact import Stub
    from fleet.adapters.seals.key import PublicKey
    from fleet.adapters.seals.proof import Proven
    from fleet.adapters.seals.sealer import Sealer
    from fleet.model.event import Event
    from fleet.model.fleet import Fleet
    from fleet.ports.seal import Filed, Shelf


CUT = "Its newest checkpoints are gone: .fleet/sealed says that more of it was signed."


def open_shelf(place: Place) -> GitShelf:
    """Where the checkpoints of this project's log lie: in the repository that fleet.yaml is in."""
    from fleet.adapters.git.project import find_project
    from fleet.adapters.git.shelf import GitShelf

    return GitShelf(find_project(place.root).git_dir)


def open_seals(place: Place, fleet: Fleet) -> Sealer:
    """What the watcher seals with; the key is made when there is none. Attestations lie where the merges
    happen.
    """
    from fleet.adapters.git.shelf import GitShelf
    from fleet.adapters.seals.key import make_key
    from fleet.adapters.seals.sealer import Sealer
    from fleet.config.remote import url_of

    own = open_shelf(place)
    mirrors: dict[str, Shelf] = {
        each.name: GitShelf(place.mirror(each.name), url_of(place.root, fleet, each)) for each in fleet.repos
    }
    return Sealer(make_key(place.seal_key), own, mirrors or {"": own}, place.sealed, push=fleet.audit_push)


def public_key(place: Place, stated: str = "") -> PublicKey | None:
    """The key to believe: the stated one (a word, or a file with it), else the project's own, else the one
    that lies beside the newest checkpoint. None where there is none.
    """
    from fleet.adapters.seals.key import parse_public, read_key

    if stated:
        return key_from(stated)
    own = read_key(place.seal_key)
    if own is not None:
        return own.public
    beside = open_shelf(place).key()
    try:
        return parse_public(beside) if beside else None
    except ValueError:
        return None


def key_from(stated: str) -> PublicKey:
    """The public key of this word, or in the file of this name. Raises `FleetError` when it is none."""
    from fleet.adapters.seals.key import parse_public

    try:
        return parse_public(stated)
    except ValueError as no_key:
        try:
            return parse_public(Path(stated).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise FleetError(
                f"{stated[:80]!r} is no public key", why=str(no_key), do="See: fleet audit key"
            ) from None


def theirs(place: Place, remote: str) -> str:
    """The newest checkpoint that lies on a remote. Raises `FleetError` when there is none."""
    note = open_shelf(place).theirs(remote)
    if not note:
        raise FleetError(f"No checkpoint lies on {remote}", do="In fleet.yaml: audit: {push: " + remote + "}")
    return note


def verify(place: Place, *, key: str = "", kept: str = "") -> Verification:
    """Check the log as it lies on the disk, and against every checkpoint. Never raises for what is wrong with
    it.

    `key` is the public key to believe, where it is known from elsewhere. `kept` is a checkpoint that was kept
    elsewhere, which the log has to agree with too: a whole one, or the one line of a message.
    """
    from dataclasses import replace

    from fleet.adapters.logs.verify import verify_log
    from fleet.adapters.seals.sealer import GONE, read_mark
    from fleet.adapters.seals.witness import Witness
    from fleet.ports.seal import Filed

    filed: list[Filed] = []
    trouble = ""
    believed: PublicKey | None = None
    try:
        believed = public_key(place, key)
        filed = open_shelf(place).checkpoints()
    except FleetError as error:
        trouble = f"Its checkpoints cannot be read: {error}" if place.sealed.exists() else ""
    if not filed and not trouble and read_mark(place.sealed):
        trouble = f"Its checkpoints are gone: {GONE}."
    witness, whole = None, kept if _is_signed(kept, believed) else ""
    if believed is not None and (filed or whole):
        shown = [*filed, Filed("(elsewhere)", whole, b"")] if whole else filed
        witness = Witness(_in_order(shown), believed)
        cut = filed and witness.sealed < read_mark(place.sealed)
        trouble = trouble or witness.problem or (CUT if cut else "")
    elif filed:
        trouble = trouble or "There are checkpoints, and no key to check them with."
    found = verify_log(place.log, witness)
    if found.ok and trouble:
        return Verification(False, found.events, found.head, 0, trouble)
    if found.ok and kept and (said := _contradicted(place, kept, found, believed)):
        return Verification(False, 0, found.head, 0, said)
    if witness is None:
        said = _unsigned(place) if found.ok else ""
        return replace(found, ok=False, problem=said) if said else found
    return replace(found, checkpoints=len(witness.checkpoints), sealed=witness.sealed)


def _unsigned(place: Place) -> str:
    """What is wrong with a log that no checkpoint is of: "" where none has to be. Each merge is signed."""
    import json

    from fleet.adapters.logs.verify import bodies
    from fleet.model import events

    merges = (seq for seq, body in bodies(place.log, events.CHANGE_ATTESTED) if _was_signed(json.loads(body)))
    first = next(merges, 0)
    return f"All its checkpoints are gone: event {first} says that a merge was signed." if first else ""


def _was_signed(event: Mapping[str, Any]) -> bool:
    return bool((event.get("data") or {}).get("digest"))


def holds_checkpoint(text: str) -> bool:
    """Whether there is a checkpoint in this text, in one line or whole, whoever signed it."""
    from fleet.adapters.seals.kept import kept_in

    return bool(kept_in(text))


def _is_signed(note: str, key: PublicKey | None) -> bool:
    """Whether it is a whole checkpoint, signed by this key."""
    from fleet.adapters.seals import checkpoint

    try:
        return key is not None and bool(checkpoint.read(note, key))
    except ValueError:
        return False


def _contradicted(place: Place, kept: str, found: Verification, key: PublicKey | None) -> str:
    """What of the log is other than checkpoints say that were kept elsewhere, whoever signed them."""
    from fleet.adapters.logs.verify import hash_of
    from fleet.adapters.seals.kept import contradiction, kept_in

    lines = kept_in(kept)
    if not lines:
        return "What you kept is no checkpoint that this Fleet knows."
    is_whole = _is_signed(kept, key)
    said = (
        contradiction(
            each,
            found.events,
            lambda seq: hash_of(place.log, seq),
            key,
            signed=is_whole or (key is not None and each.is_signed_by(key)),
        )
        for each in lines
    )
    return next((each for each in said if each), "")


def _in_order(filed: list[Filed]) -> list[Filed]:
    """A checkpoint that was kept elsewhere stands where its size puts it; one that is there already is left
    out.
    """
    *ours, last = filed
    if last.name[:1] != "(":
        return filed
    if any(each.note == last.note for each in ours):
        return ours

    def size(each: Filed) -> int:
        lines = each.note.splitlines()
        return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else 0

    return sorted(filed, key=size)


def prove(place: Place, seq: int) -> dict[str, Any]:
    """The proof that the record `seq` is in the log. Raises `FleetError` when it can't be given."""
    from fleet.adapters.logs.verify import body_of, hashes
    from fleet.adapters.seals.proof import prove as proof_of

    key = public_key(place)
    newest = open_shelf(place).newest()
    if key is None or newest is None:
        raise FleetError("No checkpoint of this log was signed yet", do="Run: fleet watcher start")
    try:
        return proof_of(seq, body_of(place.log, seq), hashes(place.log), newest.note, key)
    except ValueError as error:
        raise FleetError(
            f"Event {seq} cannot be proven",
            why=f"{error} (the newest checkpoint is {newest.name[:12]})",
            do="A running watcher signs what is new within a minute; see also: fleet audit verify",
        ) from error


def check_proof(text: str, stated: str = "") -> tuple[Proven, PublicKey]:
    """What a proof proves, by the stated key or by the one that it names itself. Raises `FleetError` when it
    proves nothing.
    """
    from fleet.adapters.seals.proof import check

    try:
        proof = json.loads(text)
        key = key_from(stated or str(proof["key"]))
        return check(proof, key), key
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FleetError("The proof does not hold", why=str(error)) from error


def redact(place: Place, seq: int, data: Mapping[str, Any]) -> tuple[Stub, Callable[[], None]]:
    """What would be left of the event `seq` with this data, and what puts it there once the log says so."""
    from fleet.adapters.logs.redact import put_stub, stub_of

    stub = stub_of(place.log, seq, data)

    def put() -> None:
        put_stub(place.log, stub)
        place.snapshot.unlink(missing_ok=True)  # it may hold what was taken away

    return stub, put


@dataclass(slots=True)
class Attested:
    """What there is to say of the attestation of a commit: where it was found, what it states, what of it
    holds, and what does not.
    """

    commit: str
    where: str = ""
    key: str = ""
    statement: dict[str, Any] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def attested(place: Place, name: str, stated: str = "") -> Attested:
    """Find the attestation of a commit and check all that can be checked here: without a log, its signature
    and its subject. Raises `FleetError` when there is no such commit, or no attestation of it.
    """
    from fleet.adapters.seals.envelope import unwrap

    commit, text = _attached(place, name)
    logged = _logged(place, commit) if place.log.exists() else None
    if text is None and logged is None:
        raise FleetError(
            f"{commit[:12]} has no attestation",
            why="it is no merge of Fleet's, or was made before there was a key",
            do="In a clone, fetch them: git fetch origin refs/notes/fleet:refs/notes/fleet",
        )
    found = Attested(commit, where="refs/notes/fleet" if text is not None else "the log alone")
    key = public_key(place, stated)
    try:
        envelope = json.loads(text) if text is not None else logged.data.get("envelope") if logged else None
        if key is None:
            raise ValueError("there is no key to check it with; give one with --key")
        found.key = key.word
        found.statement = unwrap(envelope, key)
        found.held.append(f"signed by {key.name}")
        subject = found.statement["subject"][0]["digest"]["gitCommit"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        found.problems.append(str(error))
        return found
    if subject == commit:
        found.held.append("about this commit")
    else:
        found.problems.append(f"it is about another commit, {str(subject)[:12]}")
    if text is None:
        found.problems.append("it does not lie beside the commit any more (refs/notes/fleet)")
    if place.log.exists():
        _check_in_log(place, found, logged, envelope)
    return found


def _attached(place: Place, name: str) -> tuple[str, str | None]:
    """The commit of this name and the text beside it, in the repository here or in a mirror of Fleet's."""
    from fleet.adapters.git.shelf import GitShelf

    shelves = [open_shelf(place), *(GitShelf(each) for each in sorted(place.mirrors.glob("*.git")))]
    trouble: FleetError | None = None
    commit = ""
    for shelf in shelves:
        try:
            commit = shelf.commit(name)
        except FleetError as error:
            trouble = trouble or error
            continue
        text = shelf.attached(commit)
        if text is not None:
            return commit, text
    if not commit and trouble is not None:
        raise trouble
    return commit, None


def _logged(place: Place, commit: str) -> Event | None:
    """The newest event in which this commit was attested."""
    from contextlib import closing

    from fleet.adapters.logs.sqlite import SqliteLog
    from fleet.model.events import CHANGE_ATTESTED

    with closing(SqliteLog(place.log, create=False)) as log:
        return next(
            (
                event
                for event in log.latest(CHANGE_ATTESTED)
                if event.data.get("commit") == commit and event.data.get("envelope")
            ),
            None,
        )


def _check_in_log(place: Place, found: Attested, logged: Event | None, envelope: Any) -> None:
    """Whether the log has it, in what was signed, and the events that it names as it names them."""
    from fleet.adapters.logs.verify import hashes

    if logged is None:
        found.problems.append("the log does not have it")
        return
    if logged.data.get("envelope") != envelope:
        found.problems.append(f"the log has another one (event {logged.seq})")
        return
    checked = verify(place)
    if not checked.ok:
        found.problems.append(f"the log does not hold: {checked.problem}")
        return
    signed = f"signed up to {checked.sealed}" if checked.sealed >= logged.seq else "not signed yet"
    found.held.append(f"in the log as event {logged.seq}, which is {signed}")
    named = {each["sequence"]: each["hash"] for each in found.statement["predicate"]["log"]["events"]}
    wrong = [seq for seq, each in enumerate(hashes(place.log), 1) if named.get(seq, each.hex()) != each.hex()]
    if wrong or max(named, default=0) > checked.events:
        found.problems.append(f"the log has another event {(*wrong, checked.events + 1)[0]} than it names")
    else:
        found.held.append(f"the {len(named)} events that it names are in the log as it names them")
