"""Masks secrets in text, in time linear in the text's length.

The text may come from outsiders, so no pattern may scan the same characters repeatedly: after a failed match, the next
one must not start inside the text that the failed one has scanned. `tests/test_linear_patterns.py` counts the steps.
"""

from __future__ import annotations

import re

__all__ = ["CUT", "MASK", "is_secret_name", "mask_secrets"]

MASK = "[secret]"
CUT = "…"
"""Marks where a text was shortened. A secret cut off here may have lost the part it is recognized by."""

_SECRET_NAME = re.compile(r"(?i)(token|password|secret|authorization|cookie|ciphertext|appsecret_proof|(^|[_-])key)$")
_SECRET_TEXT = re.compile(
    rf"""(?ix)
    # Meta's sentences about a token, without a token in them: a plain word follows.
    (?P<prose>
        access \s+ token \s* : \s+
        (?= (?! (?: bearer | basic | oauth ) \b ) (?-i: [A-Z]? [a-z']{{1,15}} | [AI] ) [.,;!?]? (?: \s | $ ) )
    )
    | (?P<named>
        (?: token | secret | password | appsecret_proof | authorization )
        \\?["']? \s* (?: [=:] | %3[ad] ) \s* (?P<quote> \\?["'] )?
        (?: (?: bearer | basic | oauth ) \s+ )?
    )
    (?(quote) (?: (?! (?P=quote) ) . )+ | [^\s&"',;)}}]+ )
    | (?P<bearer> bearer\s+ ) [a-z0-9._~+/=-]+
    | (?P<scheme> (?<= [a-z0-9+] ) :// [^\s:/@]*+ : ) (?: [^\s/]+ (?=@) | [^\s/{CUT}]++ (?={CUT}) )
    | (?P<command> with\ args\ beginning\ with: \s* ) .+    # Redis quotes commands that it did not understand, AUTH too
    | \b (?-i: EAA ) (?: [a-z0-9]{{16,}}+ | [a-z0-9]*+ (?={CUT}) )  # a token of Meta's without a keyword before it
    """,
)
# A token of ours. Text that only begins like one is skipped as a whole.
_SIGNED_TOKEN = re.compile(
    rf"(?i)\b(?-i:eyJ)[a-z0-9_-]++(?P<rest>(?:\.[a-z0-9_-]*+){{2}}|(?:\.[a-z0-9_-]*+)?(?={CUT}))?",
)


def mask_secrets(text: str) -> str:
    """The text without what follows `access_token=`, `password:`, `Authorization:`, `Bearer ` or `scheme://user:`.

    A sentence that merely mentions an access token is kept. Tokens with a recognizable format are masked everywhere.
    """
    return _SECRET_TEXT.sub(_masked, _SIGNED_TOKEN.sub(_masked_token, text))


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, to be masked whatever its value."""
    return _SECRET_NAME.search(name) is not None


def _masked_token(match: re.Match[str]) -> str:
    return match[0] if match["rest"] is None else MASK


def _masked(match: re.Match[str]) -> str:
    if match["prose"]:
        return match["prose"]
    return f"{match['named'] or match['bearer'] or match['scheme'] or match['command'] or ''}{MASK}"
