"""Names as they are compared: what people see as the same letters is made the same, in SQL of every PostgreSQL.

Names are stored as they came. Case is folded in full, as in Unicode's CaseFolding.txt: ß is ss, and a final sigma is a
sigma (`casefold()` came with PostgreSQL 18, and folds in full only with some locales). Beyond that, the dotted and the
dotless i of Turkish are one, since a capital does not tell which was meant, and Greek vowels lose the accent that
capitals do. What can't be seen does not count, such as zero-width spaces, joiners and variation selectors, nor the
tatweel that only lengthens Arabic words, and any white space is one space, none at the ends.
"""

from __future__ import annotations

from app.invisible import INVISIBLE

__all__ = ["folded"]

# What lower() leaves apart once letters are decomposed: final sigma, iota subscript, dotless i, old forms of Cyrillic.
_ODD = "\u03c2\u0345\u0131\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86\u1c87\u1c88"
_PLAIN = "\u03c3\u03b9i\u0432\u0434\u043e\u0441\u0442\u0442\u044a\u0463\ua64b"
_DOTTED_I = "i\u0307"
_TATWEEL = 0x0640
# Classes of PostgreSQL's regular expressions; NFKD has made spaces of most others.
_UNSEEN = "".join(rf"\U{first:08X}-\U{last:08X}" for first, last in (*INVISIBLE, (_TATWEEL, _TATWEEL)))
_BLANKS = r"[ \t-\r\u0085\u1680\u2028\u2029]+"
# Characters of which lower() alone makes what the whole way makes: most of the world's names have no others.
_SIMPLE = (
    r"!-~"  # ASCII
    r"\u00c0-\u00de\u00e0-\u012f\u0134-\u013e\u0141-\u0148\u014a-\u017e\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9"  # Latin
    r"\u0410-\u044f\u0e01-\u0e32\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
    r"\u2012-\u2015\u2018-\u201e\u20ab\u20ac\u2600-\u27bf\U0001f300-\U0001faff"  # dashes, quotes, money, emoji
)
_NOT_SIMPLE = rf"[^ {_SIMPLE}]|  |^ | $"
_ACCENTED, _BARE = "άέήίόύώΐΰ", "αεηιουωϊϋ"


def folded(text: str) -> str:
    """The expression for a text, which it names more than once."""
    seen = f"regexp_replace({text}, '[{_UNSEEN}]+', '', 'g')"
    lowered = f"translate(lower(normalize({seen}, NFKD)), '{_ODD}', '{_PLAIN}')"
    spelt = f"replace(replace({lowered}, 'ß', 'ss'), '{_DOTTED_I}', 'i')"
    whole = f"translate(normalize({spelt}, NFC), '{_ACCENTED}', '{_BARE}')"
    tidy = f"btrim(regexp_replace({whole}, '{_BLANKS}', ' ', 'g'))"
    return f"CASE WHEN {text} ~ '{_NOT_SIMPLE}' THEN {tidy} ELSE lower({text}) END"
