"""`fleet completion`: the scripts that make a shell complete fleet's words, and the answers they ask for.

The scripts call `fleet completion answer -- WORD…` with the words typed so far, the unfinished one last, and
get one candidate a line: the word, a tab, its help. Verbs are answered from the table; only the options of a
verb that is already named need its file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from fleet.model.errors import UsageError
from fleet.surfaces.cli.root import load
from fleet.surfaces.cli.verbs import shown_verbs

_BASH = r"""
_fleet() {
    local word help
    COMPREPLY=()
    while IFS=$'\t' read -r word help; do
        COMPREPLY+=("$word")
    done < <(fleet completion answer -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _fleet fleet
"""

_ZSH = r"""
#compdef fleet
_fleet() {
    local -a found
    local word help
    while IFS=$'\t' read -r word help; do
        found+=("${word//:/\\:}:${help}")
    done < <(fleet completion answer -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( $#found )); then _describe 'fleet' found; else _files; fi
}
compdef _fleet fleet
"""

_FISH = r"""
function __fleet_words
    set -l typed (commandline -opc) (commandline -ct)
    fleet completion answer -- $typed[2..-1] 2>/dev/null
end
complete -c fleet -n 'test (count (commandline -opc)) -le 1' -f
complete -c fleet -a '(__fleet_words)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}

WORDS = {
    "bash": 'eval "$(fleet completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(fleet completion zsh)" in ~/.zshrc, after compinit',
    "fish": "fleet completion fish > ~/.config/fish/completions/fleet.fish",
}

_HELP = """Usage: fleet completion bash|zsh|fish

Prints the script that lets the shell complete fleet's verbs and options:

"""


def main(argv: Sequence[str]) -> int:
    """Print the script for a shell, or answer one question of such a script."""
    if argv and argv[0] == "answer":
        words = list(argv[1:])
        for word, about in candidates(words[1:] if words[:1] == ["--"] else words):
            sys.stdout.write(f"{word}\t{about}\n")
        return 0
    if len(argv) == 1 and argv[0] in ("-h", "--help"):
        sys.stdout.write(_HELP + "".join(f"  {shell:<5} {how}\n" for shell, how in WORDS.items()))
        return 0
    if len(argv) != 1 or argv[0] not in _SCRIPTS:
        raise UsageError("Which shell?", do="fleet completion bash, zsh or fish")
    sys.stdout.write(_SCRIPTS[argv[0]].lstrip())
    return 0


def candidates(words: Sequence[str]) -> list[tuple[str, str]]:
    """The words that could stand where the last (unfinished) one does, each with its one-line help."""
    *done, current = words or [""]
    if not done or done == ["help"]:
        found = [(verb.name, verb.help) for verb in shown_verbs().values()]
        found += [("--help", "show the verbs"), ("--version", "show the version")] if current else []
    else:
        found = _within_verb(done, current)
    return [(word, about) for word, about in found if word.startswith(current)]


def _within_verb(done: Sequence[str], current: str) -> list[tuple[str, str]]:
    verb = shown_verbs().get(done[0])
    if verb is None:
        return []
    target = load(verb)
    if verb.raw:
        words: dict[str, str] = getattr(sys.modules[target.__module__], "WORDS", {})
        return list(words.items()) if len(done) == 1 else []
    from typer.main import get_command

    command: Any = get_command(target)
    before = ""
    for word in done[1:]:
        if _takes_value(command, before):
            before = ""
            continue
        command = getattr(command, "commands", {}).get(word, command)
        before = word
    if _takes_value(command, before):
        return _choices(p for p in command.params if before in p.opts)
    if current.startswith("-"):
        return [*_options(command), ("--help", "show what there is to know")]
    subcommands = getattr(command, "commands", {})
    if subcommands:
        return [(name, sub.get_short_help_str(70)) for name, sub in subcommands.items() if not sub.hidden]
    return _choices(p for p in command.params if p.param_type_name == "argument")


def _options(command: Any) -> list[tuple[str, str]]:
    """Every spelling of every option that is not hidden."""
    shown = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    return [(spelling, _one_line(p.help)) for p in shown for spelling in (*p.opts, *p.secondary_opts)]


def _takes_value(command: Any, word: str) -> bool:
    """Whether the word is an option of the command whose value comes as the next word."""
    options = [p for p in command.params if p.param_type_name == "option" and word in p.opts]
    return any(not p.is_flag and not p.count for p in options)


def _choices(parameters: Iterable[Any]) -> list[tuple[str, str]]:
    kinds = (p.type_descriptor for p in parameters)  # what click calls its type
    return [(str(choice), "") for kind in kinds for choice in kind.choices or ()]


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
