"""Asking for words, or for a yes: a box above the screen that one can always leave with Esc."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from fleet.surfaces.tui.look import Line, wrapped
from fleet.surfaces.tui.words import Words

_WIDE = 74
_ABOUT = 9


class Answer(NamedTuple):
    """What a person wrote, and which of the choices they made."""

    words: str
    choice: int = 0


class Ask(ModalScreen[Answer | None]):
    """Asks `title`, with `about` below. Tab goes through `choices`; `needed`: blank words are refused."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("tab", "choose", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        about: str = "",
        *,
        label: str = "",
        choices: Sequence[str] = (),
        needed: bool = False,
        words: str = "",
    ) -> None:
        super().__init__()
        self._title, self._about, self._label = title, about, label
        self._choices, self._needed, self._words = choices, needed, words
        self._choice = 0
        self._missing = False

    def compose(self) -> ComposeResult:
        """The question, the field, and what the keys do."""
        with Vertical(id="box"):
            yield Words(id="question")
            yield Input(value=self._words, id="field")
            yield Words(id="hint")

    def on_mount(self) -> None:
        """Draw, and listen to the keys."""
        self._draw()
        self.query_one(Input).focus()

    def on_resize(self) -> None:
        """Draw it for this width."""
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self._missing = self._needed and not event.value.strip()
        if self._missing:
            self._draw()
        else:
            self.dismiss(Answer(event.value.strip(), self._choice))

    def action_choose(self) -> None:
        """The next choice."""
        if self._choices:
            self._choice = (self._choice + 1) % len(self._choices)
            self._draw()

    def action_leave(self) -> None:
        """Leave it."""
        self.dismiss(None)

    def _draw(self) -> None:
        room = min(_WIDE, self.app.size.width - 6)
        lines: list[Line] = [((part, "bold"),) for part in wrapped(self._title, room)]
        lines += [((part, ""),) for part in wrapped(self._about, room)[:_ABOUT]] if self._about else []
        lines += [
            ((f"{'(•)' if at == self._choice else '( )'} {each}", "" if at == self._choice else "dim"),)
            for at, each in enumerate(self._choices)
        ]
        label = f"{self._label} is needed" if self._missing else self._label
        lines.append(((label, "bad bold" if self._missing else "dim"),))
        question = self.query_one("#question", Words)
        question.styles.height = len(lines)
        question.show(lines)
        hint: Line = (("enter ", "key"), ("does it   ", "dim"), ("esc ", "key"), ("leaves it   ", "dim"))
        if self._choices:
            hint = (*hint, ("tab ", "key"), ("the other way", "dim"))
        self.query_one("#hint", Words).show([hint])
