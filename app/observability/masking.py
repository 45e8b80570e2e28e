"""Cuts secrets out of text, in time that grows with the text's length and no faster.

What strangers write is read here, so no part of a pattern may look at the same characters again and again: a search
that fails must not begin in the middle of what an earlier one has looked through. `tests/test_linear_patterns.py`
counts the steps.
"""

from __future__ import annotations

import re

__all__ = ["CUT", "MASK", "is_secret_name", "mask_secrets"]

MASK = "[secret]"
CUT = "…"
"""Follows what is left of a shortened text. A secret that ends here may have lost what it would be known by."""

_SECRET_NAME = re.compile(r"(?i)(token|password|secret|authorization|cookie|ciphertext|appsecret_proof|(^|[_-])key)$")
_SECRET_TEXT = re.compile(
    rf"""(?ix)
    # A sentence about a token, as Meta writes them, and no token: a plain word follows.
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
    | (?P<command> with\ args\ beginning\ with: \s* ) .+    # Redis repeats what it did not understand, AUTH too
    | \b (?-i: EAA ) (?: [a-z0-9]{{16,}}+ | [a-z0-9]*+ (?={CUT}) )  # a token of Meta's, without a word before it
    """,
)
# A token of ours. What begins like one and is none is passed over as a whole.
_SIGNED_TOKEN = re.compile(
    rf"(?i)\b(?-i:eyJ)[a-z0-9_-]++(?P<rest>(?:\.[a-z0-9_-]*+){{2}}|(?:\.[a-z0-9_-]*+)?(?={CUT}))?",
)


def mask_secrets(text: str) -> str:
    """The text without what follows `access_token=`, `password:`, `Authorization:`, `Bearer ` or `scheme://user:`.

    A sentence that only speaks of an access token stays. Tokens that are known by their looks are cut out wherever they
    are.
    """
    return _SECRET_TEXT.sub(_masked, _SIGNED_TOKEN.sub(_masked_token, text))


def is_secret_name(name: str) -> bool:
    """Whether what a field of this name holds is never shown."""
    return _SECRET_NAME.search(name) is not None


def _masked_token(match: re.Match[str]) -> str:
    return match[0] if match["rest"] is None else MASK


def _masked(match: re.Match[str]) -> str:
    if match["prose"]:
        return match["prose"]
    return f"{match['named'] or match['bearer'] or match['scheme'] or match['command'] or ''}{MASK}"
