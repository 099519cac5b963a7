"""Secrets found by the patterns of detect-secrets, in whole texts instead of line by line: that is faster,
and finds keys of several lines.

Only patterns for what has a form of its own are used. Those that guess (by entropy, or by a name such as
`password`) would hold up every other change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import import_module

from fleet.adapters.secrets.records import masked_records
from fleet.ports.secrets import Secret, mark
from fleet.ports.session import Record

_DETECTORS = (
    ("artifactory", "ArtifactoryDetector"),
    ("aws", "AWSKeyDetector"),
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("basic_auth", "BasicAuthDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("jwt", "JwtTokenDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("npm", "NpmDetector"),
    ("sendgrid", "SendGridDetector"),
    ("slack", "SlackDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"),
    ("twilio", "TwilioKeyDetector"),
)
# What that detector does not know, and keys that stand in one line as `\n` or in many as they are.
_OWN = (
    (
        "Private Key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----END)[\s\S]){0,20000}(?:-----END[A-Z0-9 ]{0,60}-----)?",
    ),
    # That it begins a word is asked after what it begins with, for which alone one looks much faster.
    ("GitHub Token", r"github_pat_(?<=\bgithub_pat_)[A-Za-z0-9_]{60,100}"),
    ("GitLab Token", r"gl(?<=\bgl)(?:pat|ptt|rt|dt|soat)-[A-Za-z0-9_-]{20,60}"),
    ("Anthropic Key", r"sk-ant-(?<=\bsk-ant-)[A-Za-z0-9_-]{20,200}"),
    ("OpenAI Key", r"sk-(?<=\bsk-)(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,220}"),
    ("Google Key", r"AIza(?<=\bAIza)[A-Za-z0-9_-]{35}"),
    ("Fleet Token", r"r(?<=\br)[0-9]{1,12}\.[0-9a-f]{64}\b"),
)
_END_OF_KEY = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY, _SHORTEST_LINE = 20_000, 16
_COLOUR = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)?")
_WORD, _BASE64 = re.compile(r"\S+"), re.compile(r"[A-Za-z0-9+/=]+")
# What stands for the end of a line or a tab in JSON and in source texts: a token may begin right after it.
# With two of these letters a token itself may begin.
_ESCAPED = re.compile(r"\\+(?!npm_|r[0-9]{1,12}\.[0-9a-f]{64})[nrtfv0]")
# Hashes of files, and the words that stand in examples for a password.
_NO_SECRET = re.compile(
    r"sha(?:256|384|512)-|://[^:/]*:(?:\*+|\.+|x+|pass(?:word|wd)?|pw|secret|token|[$%{<\[].*)@?$",
    re.IGNORECASE,
)


class SecretDetector:
    """Finds and masks; the patterns are loaded with the first text."""

    def find(self, text: str) -> list[Secret]:
        """See the port."""
        if "\x1b" in text:
            return self._find_coloured(text)
        if "\\" in text:
            text = _ESCAPED.sub(lambda hit: " " * len(hit[0]), text)
        found = sorted(self._all(text), key=lambda each: (each.start, -each.end))
        kept: list[Secret] = []
        for each in found:
            if not kept or each.start >= kept[-1].end:
                kept.append(each)
        return kept

    def mask(self, text: str) -> str:
        """See the port."""
        if len(text) < _SHORTEST:
            return text
        made, at = [], 0
        for secret in self.find(text):
            made += [text[at : secret.start], mark(secret.kind)]
            at = secret.end
        return "".join((*made, text[at:])) if made else text

    def mask_records(self, records: Iterable[Record]) -> Iterator[Record]:
        """See the port."""
        return masked_records(self.find, records)

    def _find_coloured(self, text: str) -> list[Secret]:
        """The same in what a terminal shows of the text: a colour may begin in the middle of a token."""
        places, at = list[int](), 0
        for colour in _COLOUR.finditer(text):
            places += range(at, colour.start())
            at = colour.end()
        places += range(at, len(text))
        found = self.find("".join(text[place] for place in places))
        return [Secret(each.kind, places[each.start], places[each.end - 1] + 1) for each in found]

    def _all(self, text: str) -> Iterator[Secret]:
        for kind, pattern in self._patterns:
            for match in pattern.finditer(text):
                start, end = _spot(match)
                before = text[max(0, start - 8) : start]
                if end - start >= _SHORTEST and not _NO_SECRET.search(before + match[0]):
                    yield Secret(kind, start, end)
        for match in _END_OF_KEY.finditer(text):
            begin = _begin_of_key(text, match.start())
            if begin < match.start():
                yield Secret("Private Key", begin, match.end())

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        own = [(kind, re.compile(pattern)) for kind, pattern in _OWN]
        for module, name in _DETECTORS:
            detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
            own += [(str(detector.secret_type), pattern) for pattern in detector.denylist]
        return tuple(own)


_SHORTEST = 8


def _spot(match: re.Match[str]) -> tuple[int, int]:
    """The place of the secret itself: the last group that has one, else the whole match."""
    groups = match.re.groups
    for number in range(groups, 0, -1):
        if match[number] and len(match[number]) >= _SHORTEST:
            return match.span(number)
    return match.span()


def _begin_of_key(text: str, end: int) -> int:
    """Where the lines of a key begin of which only the end is there, as the first part was cut off; `end`
    where no such lines are.
    """
    begin, last = end, True
    for word in reversed(list(_WORD.finditer(text, max(0, end - _LONGEST_KEY), end))):
        if not _BASE64.fullmatch(word[0]) or (len(word[0]) < _SHORTEST_LINE and not last):
            break
        begin, last = word.start(), False
    return begin if end - begin > _SHORTEST_LINE else end
