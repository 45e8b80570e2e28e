"""Characters that leave no mark when text is shown: zero-width spaces, joiners, soft hyphens, marks of direction.

The ranges are Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt) and a blank that Braille has.
"""

from __future__ import annotations

from unicodedata import category

INVISIBLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""First and last code points."""


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen."""
    return all(map(_is_unseen, text))


def _is_unseen(char: str) -> bool:
    if char.isspace() or category(char) == "Cc":
        return True
    code = ord(char)
    return any(first <= code <= last for first, last in INVISIBLE)
