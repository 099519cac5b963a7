"""What a line for the shell would run, told without running it: its simple commands, however they are nested.

Only what can be told for certain is told. Everything else (functions, arrays, arithmetic commands, words made
by the shell where the program stands) raises `Unreadable`: whoever asks has to refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

UNKNOWN = "\0"
"""Stands in a word for what only the shell knows: a variable's value, a command's output, a glob."""

_LONGEST = 64_000
_DEEPEST = 12
_BLANK = " \t"
_OPERATORS = ("&>>", "<<<", "<<-", "&&", "||", ";;", "|&", "&>", ">>", ">|", "<<", ">&", "<&", "<>")
_SINGLE = ";&|<>\n()"
_REDIRECTS = (">", ">>", ">|", "&>", "&>>", "<", "<>", ">&", "<&", "<<<")
_SKIPPED = ("if", "then", "elif", "else", "while", "until", "do", "!", "{", "time")
_CLOSING = ("fi", "done", "}")


class Unreadable(Exception):
    """It can't be told what this would run. The text says why."""


@dataclass(slots=True)
class Simple:
    """One simple command: its words without quotes, the variables set for it, and the files it is led to."""

    words: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Token:
    """A word without its quotes, or an operator. `plain`: nothing of it was quoted."""

    text: str
    operator: bool = False
    plain: bool = False


def simple_commands(text: str, depth: int = 0) -> list[Simple]:
    """All simple commands of this text, those in substitutions too. Raises `Unreadable`."""
    if len(text) > _LONGEST or depth > _DEEPEST:
        raise Unreadable("it is too long or nested too deep")
    for sign in text:
        if not sign.isprintable() and sign not in "\n\t":
            raise Unreadable(f"it contains the character U+{ord(sign):04X}")
    return _Reader(text, depth).all()


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, depth: int) -> None:
        self._text, self._at, self._depth = text, 0, depth
        self._found: list[Simple] = []
        self._open: list[str] = []  # kinds of groups that are open
        self._bodies: list[tuple[str, bool, bool]] = []  # here-documents that begin at the next line

    def all(self) -> list[Simple]:
        current = Simple()
        while (token := self._token()) is not None:
            value = token.text
            if not token.operator:
                self._word(current, value, plain=token.plain)
            elif value in _REDIRECTS:
                self._redirect(current, value)
            elif value in ("<<", "<<-"):
                self._here(strip=value == "<<-")
            elif value == "(":
                if current.words or current.sets:
                    raise Unreadable("it defines a function, or has a parenthesis in a word")
                self._open.append("(")
            elif value == ";;":
                raise Unreadable("it has a case statement")
            else:
                self._end(current)
                current = Simple()
                if value == ")" and (not self._open or self._open.pop() != "("):
                    raise Unreadable("a parenthesis is closed that was not opened")
        self._end(current)
        if self._open or self._bodies:
            raise Unreadable("it ends too early")
        return self._found

    def _end(self, current: Simple) -> None:
        if current.words and current.words[0] in _CLOSING and len(current.words) == 1:
            current.words = []
        if current.words or current.sets or current.writes or current.reads:
            self._found.append(current)

    def _word(self, current: Simple, word: str, *, plain: bool) -> None:
        if not current.words:
            name, equals, _ = word.partition("=")
            if equals and name.isascii() and name.removesuffix("+").isidentifier():
                current.sets.append(word)
                return
            if plain and word in ("case", "function", "select", "alias", "coproc", "(("):
                raise Unreadable(f"it has a word of the shell's own language: {word}")
            if plain and word in _SKIPPED and not current.sets:
                return
            if word in ("-p", "--") and not current.sets:
                return  # of `time`, as no program is called so
            if plain and word == "for":
                self._loop()
                return
            if plain and word == "[[":
                self._test()
                return
            if UNKNOWN in word or word.startswith("="):
                raise Unreadable("the shell makes up the program's name")
        current.words.append(word)

    def _loop(self) -> None:
        """`for x in a b c`: the words are data. What is between is passed over up to the end of the line."""
        while (token := self._token()) is not None:
            if token.operator:
                if token.text in (";", "\n"):
                    return
                raise Unreadable("its loop can't be read")
        raise Unreadable("its loop has no end")

    def _test(self) -> None:
        while (token := self._token()) is not None:
            if token.text == "]]" and token.plain:
                return
        raise Unreadable("its test has no end")

    def _redirect(self, current: Simple, operator: str) -> None:
        if (
            current.words
            and current.words[-1].isdigit()
            and self._text[self._at - len(operator) - 1].isdigit()
        ):
            current.words.pop()  # the number of a descriptor
        token = self._token()
        if token is None or token.operator:
            raise Unreadable("a redirection leads nowhere")
        target = token.text
        if operator == "<<<":
            return
        if operator in (">&", "<&") and (target.rstrip("-").isdigit() or target == "-"):
            return
        if operator == "<":
            current.reads.append(target)
        else:
            current.writes.append(target)

    def _here(self, *, strip: bool) -> None:
        start = self._at
        token = self._token()
        if token is None or token.operator:
            raise Unreadable("a here-document has no end word")
        quoted = any(sign in self._text[start : self._at] for sign in "'\"\\")
        self._bodies.append((token.text, quoted, strip))

    def _take_bodies(self) -> None:
        for end, quoted, strip in self._bodies:
            lines = []
            while True:
                if self._at >= len(self._text):
                    raise Unreadable("a here-document has no end")
                stop = self._text.find("\n", self._at)
                stop = len(self._text) if stop < 0 else stop
                line = self._text[self._at : stop]
                self._at = min(len(self._text), stop + 1)
                if (line.lstrip("\t") if strip else line) == end:
                    break
                lines.append(line)
            if not quoted:
                self._expansions("\n".join(lines))
        self._bodies = []

    def _token(self) -> _Token | None:
        text = self._text
        while self._at < len(text):
            if text.startswith("\\\n", self._at):
                self._at += 2
            elif text[self._at] in _BLANK:
                self._at += 1
            elif text[self._at] == "#":
                stop = text.find("\n", self._at)
                self._at = len(text) if stop < 0 else stop
            else:
                break
        if self._at >= len(text):
            return None
        if text[self._at] in "<>" and text.startswith("(", self._at + 1):
            return self._read_word()
        if text.startswith("((", self._at):
            raise Unreadable("it has an arithmetic command")
        for operator in (*_OPERATORS, *_SINGLE):
            if text.startswith(operator, self._at):
                self._at += len(operator)
                if operator == "\n" and self._bodies:
                    self._take_bodies()
                return _Token(operator, operator=True)
        return self._read_word()

    def _read_word(self) -> _Token:
        made: list[str] = []
        plain = True
        text = self._text
        while self._at < len(text):
            sign = text[self._at]
            if sign in _BLANK or (
                sign in _SINGLE and not (sign in "<>" and text[self._at + 1 : self._at + 2] == "(")
            ):
                if sign == "(":
                    raise Unreadable("it has a parenthesis in a word")
                break
            if sign == "\\":
                plain = False
                following = text[self._at + 1 : self._at + 2]
                if not following:
                    raise Unreadable("it ends with a backslash")
                made.append("" if following == "\n" else following)
                self._at += 2
            elif sign == "'":
                plain = False
                stop = text.find("'", self._at + 1)
                if stop < 0:
                    raise Unreadable("a quote is not closed")
                made.append(text[self._at + 1 : stop])
                self._at = stop + 1
            elif sign == '"':
                plain = False
                made.append(self._double())
            elif sign in "$`<>":
                made.append(self._expansion())
            elif sign in "*?[{":
                made.append(UNKNOWN if self._is_pattern(sign) else sign)
                self._at += 1
            elif sign == "~" and not made:
                made.append("~")
                self._at += 1
            else:
                made.append(sign)
                self._at += 1
        return _Token("".join(made), plain=plain)

    def _is_pattern(self, sign: str) -> bool:
        """Whether the shell may make something of this sign. `{}` and a lone `{` or `[` are left alone."""
        return sign in "*?" or self._text[self._at + 1 : self._at + 2] not in ("", " ", "\t", "\n", ";", "}")

    def _double(self) -> str:
        made: list[str] = []
        self._at += 1
        text = self._text
        while self._at < len(text):
            sign = text[self._at]
            if sign == '"':
                self._at += 1
                return "".join(made)
            if sign == "\\" and text[self._at + 1 : self._at + 2] in ("$", "`", '"', "\\", "\n"):
                following = text[self._at + 1]
                made.append("" if following == "\n" else following)
                self._at += 2
            elif sign in "$`":
                made.append(self._expansion(quoted=True))
            else:
                made.append(sign)
                self._at += 1
        raise Unreadable("a quote is not closed")

    def _expansion(self, *, quoted: bool = False) -> str:
        """What begins with $, ` or <( at this place. Commands in it are found; its value is unknown."""
        text, at = self._text, self._at
        following = text[at + 1 : at + 2]
        if text[at] == "`":
            self._backticks()
        elif following in ("(", "{"):
            self._bracketed(following)
        elif following in ("'", "[") and not (quoted and following == "'"):
            raise Unreadable("it has a quote of the form $'…' or arithmetic of the form $[…]")
        elif following == '"' and not quoted:
            self._at += 1
            return self._double()
        elif following and (following.isalnum() or following in "_@*#?$!-"):
            self._at += 2
            while (following.isalpha() or following == "_") and self._is_name():
                self._at += 1
        else:
            self._at += 1
            return text[at]
        return UNKNOWN

    def _is_name(self) -> bool:
        sign = self._text[self._at : self._at + 1]
        return sign.isalnum() or sign == "_"

    def _backticks(self) -> None:
        text, stop = self._text, self._at + 1
        while stop < len(text) and text[stop] != "`":
            stop += 2 if text[stop] == "\\" else 1
        if stop >= len(text):
            raise Unreadable("a backtick is not closed")
        inner = text[self._at + 1 : stop]
        self._at = stop + 1
        self._nested(inner.replace("\\`", "`").replace("\\$", "$").replace("\\\\", "\\"))

    def _bracketed(self, opening: str) -> None:
        text, at = self._text, self._at
        stop = _closing(text, at + 1, opening, ")" if opening == "(" else "}")
        inner = text[at + 2 : stop]
        self._at = stop + 1
        if opening == "{" and inner.rstrip().endswith("@P"):
            raise Unreadable("a variable's value is expanded like a prompt")
        if opening == "{" or (inner.startswith("(") and inner.endswith(")") and text[at] == "$"):
            self._expansions(inner)
        else:
            self._nested(inner)

    def _expansions(self, text: str) -> None:
        """Commands within a text in which the shell expands, but does not split: a value, a here-document."""
        inner = _Reader(text, self._depth + 1)
        if self._depth > _DEEPEST:
            raise Unreadable("it is nested too deep")
        while inner._at < len(text):
            sign = text[inner._at]
            if sign == "\\":
                inner._at += 2
            elif sign in "$`":
                inner._expansion(quoted=True)
            else:
                inner._at += 1
        self._found += inner._found

    def _nested(self, text: str) -> None:
        self._found += simple_commands(text, self._depth + 1)


def _closing(text: str, at: int, opening: str, closing: str) -> int:
    """The place of what closes the bracket at `at`; quotes are passed over. Raises `Unreadable`."""
    level, quote = 0, ""
    while at < len(text):
        sign = text[at]
        if sign == "\\" and quote != "'":
            at += 1
        elif quote:
            if sign == quote:
                quote = ""
            elif quote == '"' and text.startswith("$(", at):
                at = _closing(text, at + 1, "(", ")")
        elif sign in "'\"":
            quote = sign
        elif sign == opening:
            level += 1
        elif sign == closing:
            level -= 1
            if not level:
                return at
        at += 1
    raise Unreadable("a bracket is not closed")
