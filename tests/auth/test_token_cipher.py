from __future__ import annotations

import base64
from uuid import UUID

import pytest
from pydantic import SecretStr

from app.auth.token_cipher import EncryptedToken, TokenCipher, token_context
from app.errors import SetupError

KEY_ONE = base64.b64encode(bytes(range(32))).decode()
KEY_TWO = base64.b64encode(bytes(range(32, 64))).decode()
SELLER = UUID("019a0000-0000-7000-8000-000000000001")
CONTEXT = token_context(SELLER, UUID("019a0000-0000-7000-8000-00000000000a"))
OTHER = token_context(SELLER, UUID("019a0000-0000-7000-8000-00000000000b"))
TOKEN = SecretStr("EAAB-a-provider-token")


def _cipher(setting: str) -> TokenCipher:
    return TokenCipher.from_settings(SecretStr(setting))


def test_a_token_comes_back_and_its_ciphertext_shows_nothing_of_it() -> None:
    cipher = _cipher(f"one:{KEY_ONE}")
    encrypted = cipher.encrypt(TOKEN, context=CONTEXT)

    assert encrypted.key_id == "one"
    assert len(encrypted.ciphertext) == 12 + len("EAAB-a-provider-token") + 16
    assert b"EAAB" not in encrypted.ciphertext
    assert cipher.decrypt(encrypted, context=CONTEXT).get_secret_value() == "EAAB-a-provider-token"
    assert "EAAB" not in repr(cipher.decrypt(encrypted, context=CONTEXT))


def test_the_same_token_never_encrypts_to_the_same_bytes() -> None:
    cipher = _cipher(f"one:{KEY_ONE}")

    assert cipher.encrypt(TOKEN, context=CONTEXT) != cipher.encrypt(TOKEN, context=CONTEXT)


def test_a_ciphertext_moved_to_another_connection_does_not_decrypt() -> None:
    cipher = _cipher(f"one:{KEY_ONE}")
    encrypted = cipher.encrypt(TOKEN, context=CONTEXT)

    with pytest.raises(SetupError, match="does not decrypt under key 'one' of TOKEN_ENCRYPTION_KEYS"):
        cipher.decrypt(encrypted, context=OTHER)


@pytest.mark.parametrize("place", [0, 11, 12, 20, -16, -1])
def test_one_flipped_bit_is_noticed(place: int) -> None:
    cipher = _cipher(f"one:{KEY_ONE}")
    key_id, ciphertext = cipher.encrypt(TOKEN, context=CONTEXT)
    changed = bytearray(ciphertext)
    changed[place] ^= 1

    with pytest.raises(SetupError, match="does not decrypt"):
        cipher.decrypt(EncryptedToken(key_id, bytes(changed)), context=CONTEXT)


@pytest.mark.parametrize("length", [0, 5, 12, 27])
def test_a_cut_ciphertext_is_noticed(length: int) -> None:
    cipher = _cipher(f"one:{KEY_ONE}")
    key_id, ciphertext = cipher.encrypt(TOKEN, context=CONTEXT)

    with pytest.raises(SetupError, match="does not decrypt"):
        cipher.decrypt(EncryptedToken(key_id, ciphertext[:length]), context=CONTEXT)


def test_a_rotated_setting_reads_the_old_and_writes_the_new() -> None:
    old = _cipher(f"one:{KEY_ONE}").encrypt(TOKEN, context=CONTEXT)
    rotated = _cipher(f"two:{KEY_TWO}, one:{KEY_ONE}")

    assert rotated.current_key_id == "two"
    assert rotated.decrypt(old, context=CONTEXT).get_secret_value() == "EAAB-a-provider-token"
    assert rotated.encrypt(TOKEN, context=CONTEXT).key_id == "two"


def test_a_dropped_key_is_named() -> None:
    old = _cipher(f"one:{KEY_ONE}").encrypt(TOKEN, context=CONTEXT)

    with pytest.raises(SetupError, match=r"^TOKEN_ENCRYPTION_KEYS has no key 'one', under which a token is stored\.$"):
        _cipher(f"two:{KEY_TWO}").decrypt(old, context=CONTEXT)


def test_another_key_under_the_same_id_does_not_decrypt() -> None:
    old = _cipher(f"one:{KEY_ONE}").encrypt(TOKEN, context=CONTEXT)

    with pytest.raises(SetupError, match="does not decrypt under key 'one'"):
        _cipher(f"one:{KEY_TWO}").decrypt(old, context=CONTEXT)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("", "entry 1 has no id of 1 to 32 letters, digits, '-' or '_'."),
        (KEY_ONE, "entry 1 has no id of 1 to 32 letters, digits, '-' or '_'."),
        (f"a b:{KEY_ONE}", "entry 1 has no id of 1 to 32 letters, digits, '-' or '_'."),
        (f"one:{KEY_ONE},", "entry 2 has no id of 1 to 32 letters, digits, '-' or '_'."),
        (f"one:{KEY_ONE},one:{KEY_TWO}", "entry 2 repeats an id."),
        ("one:***", "the key of entry 1 is not base64."),
        ("one:é", "the key of entry 1 is not base64."),
        ("one:", "the key of entry 1 has 0 bytes."),
        ("one:c2hvcnQ=", "the key of entry 1 has 5 bytes."),
    ],
)
def test_a_malformed_setting_is_named_and_its_key_is_not_shown(setting: str, reason: str) -> None:
    with pytest.raises(SetupError) as caught:
        _cipher(setting)

    assert str(caught.value) == f"TOKEN_ENCRYPTION_KEYS must be key_id:base64 of 32 bytes, comma separated: {reason}"
