"""Secrets found by the patterns of detect-secrets, in whole texts instead of line by line: that is faster,
and finds keys of several lines.

Only patterns for what has a form of its own are used. Those that guess (by entropy, or by a name such as
`password`) would hold up every other change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module

from fleet.ports.secrets import Secret

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
    ("GitHub Token", r"\bgithub_pat_[A-Za-z0-9_]{60,100}"),
    ("GitLab Token", r"\bgl(?:pat|ptt|rt|dt|soat)-[A-Za-z0-9_-]{20,60}"),
    ("Anthropic Key", r"\bsk-ant-[A-Za-z0-9_-]{20,200}"),
    ("OpenAI Key", r"\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,220}"),
    ("Google Key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("Fleet Token", r"\br[0-9]{1,12}\.[0-9a-f]{64}\b"),
)
_MASK = "[secret: "
# Hashes of files, and the words that stand in examples for a password.
_NO_SECRET = re.compile(
    r"sha(?:256|384|512)-|://[^:/]*:(?:\*+|\.+|x+|pass(?:word|wd)?|pw|secret|token|[$%{<\[].*)@?$",
    re.IGNORECASE,
)


class SecretDetector:
    """Finds and masks; the patterns are loaded with the first text."""

    def find(self, text: str) -> list[Secret]:
        """See the port."""
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
            made += [text[at : secret.start], f"{_MASK}{secret.kind}]"]
            at = secret.end
        return "".join((*made, text[at:])) if made else text

    def _all(self, text: str) -> Iterator[Secret]:
        for kind, pattern in self._patterns:
            for match in pattern.finditer(text):
                start, end = _spot(match)
                before = text[max(0, start - 8) : start]
                if end - start >= _SHORTEST and not _NO_SECRET.search(before + match[0]):
                    yield Secret(kind, start, end)

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
