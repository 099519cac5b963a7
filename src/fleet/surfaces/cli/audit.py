"""`fleet audit`: is the log as it was written, what led to a merge, and all of it for others to read."""

from __future__ import annotations

import json as json_
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.cli.audit_export import export
from fleet.surfaces.cli.options import Json, Reason
from fleet.surfaces.cli.output import clean, print_json, print_note, say
from fleet.surfaces.cli.project import Project, open_project
from fleet.wiring import find_place

if TYPE_CHECKING:
    from fleet.ports.log import Verification

app = typer.Typer(
    help="Verify the event log, prove and attest what is in it, export it.", no_args_is_help=True
)
app.command()(export)

Key = Annotated[
    str, typer.Option("--key", metavar="KEY", help="The public key to believe: the word itself, or a file.")
]


@app.command()
def verify(
    proof: Annotated[
        str, typer.Option("--proof", metavar="FILE", help="Check this proof instead; no log is needed.")
    ] = "",
    key: Key = "",
    checkpoint: Annotated[
        str,
        typer.Option(
            "--checkpoint",
            metavar="FILE|LINE",
            help="A checkpoint that you kept elsewhere: a file (- for stdin), or the line of a message.",
        ),
    ] = "",
    remote: Annotated[
        str,
        typer.Option("--remote", metavar="NAME", help="Compare with what lies there, such as origin."),
    ] = "",
    json: Json = False,
) -> None:
    """Check every record of the log, that none is missing, and all of it against the signed checkpoints. Exit
    code 1 names the first bad one.
    """
    if proof:
        _verify_proof(proof, key, json=json)
        return
    from fleet.auditing import holds_checkpoint, theirs
    from fleet.auditing import verify as verified

    place = find_place()
    elsewhere = (
        (checkpoint if " " in checkpoint.strip() else _text_of(checkpoint))
        if checkpoint
        else theirs(place, remote)
        if remote
        else ""
    )
    if elsewhere and not holds_checkpoint(elsewhere):
        do = "Give the line of a message in quotes, a file that has it, or - for stdin."
        raise UsageError("What you kept is no checkpoint that this Fleet knows", do=do)
    found = verified(place, key=key, kept=elsewhere)
    if json:
        print_json(_document(found))
    if not found.ok:
        raise FleetError(
            f"The event log does not hold: {found.problem}",
            why=f"the {found.events} records before it are as they were written"
            if found.events
            else "how much before it is as it was written, what lies here cannot tell",
            do=f"Keep {place.log} and log.head as they are, and compare them with a copy.",
        )
    if not json:
        head = found.head.hash[:16]
        say(f"The log holds: {found.events} events, none changed, none missing. Head {head}.")
        if found.redacted:
            say(f"The texts of {found.redacted} of them were taken away, as the log says.")
        say(_sealed(found))


@app.command()
def prove(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="An event: its number or its id.")],
) -> None:
    """Print a proof that one event is in the log. It can be checked with the public key alone."""
    from fleet.auditing import prove as proof_of

    with open_project() as project:
        seq = _seq(project, event)
        print_json(proof_of(project.place, seq))


@app.command()
def attest(
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="A merge, as git names it.")],
    key: Key = "",
    json: Json = False,
) -> None:
    """Show what led to a merge, and check that it is signed, about this commit, and in the log."""
    from fleet.auditing import attested
    from fleet.surfaces.cli.audit_words import show_attested

    found = attested(find_place(), commit, key)
    if json:
        print_json(
            {"commit": found.commit, "ok": not found.problems, "problems": found.problems, "key": found.key}
            | {"where": found.where, "statement": found.statement}
        )
    else:
        show_attested(found)
    if found.problems:
        raise FleetError(
            f"The attestation of {found.commit[:12]} does not hold", why="; ".join(found.problems)
        )


@app.command()
def key(json: Json = False) -> None:
    """Print the public key that checkpoints and attestations are checked with."""
    from fleet.auditing import public_key

    found = public_key(find_place())
    if found is None:
        raise FleetError("There is no key yet", do="It is made by: fleet watcher start")
    if json:
        print_json({"name": found.name, "key": found.word})
    else:
        say(found.word)


@app.command()
def redact(
    what: Annotated[
        str, typer.Argument(metavar="RUN|EVENT", help="A run (r7): its transcript. An event: its texts.")
    ],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Take away what a run said and was told, or an event's texts. The log says so, and still verifies."""
    from fleet.surfaces.cli.people_only import people_only

    people_only("audit redact")
    from fleet.surfaces.cli.audit_redact import redact_event, redact_run

    if not reason.strip():
        raise UsageError("There is no reason", do="Say why, for whoever audits this: --reason TEXT.")
    with open_project() as project:
        if what in project.state.runs:
            done = redact_run(project, what, reason.strip())
        else:
            done = redact_event(project, _seq(project, what), reason.strip())
    if json:
        print_json(done)
    else:
        say(str(done["message"]))
        print_note(
            "A running watcher and open pages may show what they had read before until they are restarted."
        )


def _verify_proof(file: str, key: str, *, json: bool) -> None:
    from fleet.auditing import check_proof

    found, believed = check_proof(_text_of(file), key)
    if json:
        event = json_.loads(found.body)
        print_json(
            {"ok": True, "seq": found.seq, "size": found.size, "time": found.time, "key": believed.word}
            | {"event": event}
        )
        return
    say(clean(found.body))
    say(f"This is event {found.seq} of the {found.size} that {believed.name} signed at {found.time}.")
    if not key:
        print_note(
            f"Believed is the key that the proof names itself, {believed.word}: compare it with yours."
        )


def _text_of(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} can't be read", why=str(error)) from error


def _seq(project: Project, text: str) -> int:
    """The number of the event that is meant."""
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    found = next((event.seq for event in project.events() if event.id == text), 0)
    if not found:
        raise FleetError(f"There is no event {clean(text)[:80]!r}", do="See: fleet events")
    return found


def _document(found: Verification) -> dict[str, Any]:
    return {
        "ok": found.ok,
        "events": found.events,
        "head": {"seq": found.head.seq, "hash": found.head.hash},
        "bad_seq": found.bad_seq or None,
        "problem": found.problem,
        "checkpoints": found.checkpoints,
        "sealed": found.sealed,
        "redacted": found.redacted,
    }


def _sealed(found: Verification) -> str:
    if not found.checkpoints:
        return "No checkpoint was signed yet: the first one is made by fleet watcher start."
    later = found.events - found.sealed
    behind = f"; {later} that came later hang on the chain alone" if later > 0 else ""
    count = "1 signed checkpoint" if found.checkpoints == 1 else f"{found.checkpoints} signed checkpoints"
    return f"It agrees with {count}, up to event {found.sealed}{behind}."
