"""The settings of a running instance, as other commands need them: what it works with, and which secrets it was given.

Secrets stay out of the instance's notes; of those that `up` was given only the names are kept.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, get_args

from pydantic import SecretStr

from app.cli.environment import given
from app.errors import SetupError
from app.observability.masking import mask_secrets
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["agree_with", "list_given_secrets", "settings_to_note"]

_FIELDS = {str(field.validation_alias or name).upper(): field for name, field in Settings.model_fields.items()}
_SECRET = frozenset(
    name for name, field in _FIELDS.items() if SecretStr in {field.annotation, *get_args(field.annotation)}
)
# How a process speaks is its own affair.
_PLAIN = sorted(_FIELDS.keys() - _SECRET - {"LOG_LEVEL", "LOG_FORMAT"})


def settings_to_note(environment: Mapping[str, str]) -> dict[str, str]:
    """Of this environment of an instance's process: our settings that are no secrets and hold none."""
    plain = {name: environment.get(name) for name in _PLAIN}
    return {name: value for name, value in plain.items() if value and mask_secrets(value) == value}


def list_given_secrets() -> tuple[str, ...]:
    """The names of the secrets that the caller's environment has."""
    return tuple(sorted(name for name in _SECRET if given(name)))


def agree_with(noted: Mapping[str, str], *, secrets: Iterable[str], decisive: Iterable[str]) -> None:
    """Take over what is noted of an instance. This process's own environment wins, with a warning.

    Raises SetupError for a secret that the instance was given and this process lacks, and where it has another value
    for one of the `decisive` settings.
    """
    missing = [name for name in secrets if given(name) is None]
    if missing:
        raise SetupError(
            f"The running instance was started with {' and '.join(missing)}, which it keeps to itself: "
            "set the same here."
        )
    for name in _PLAIN:
        own, theirs = given(name), noted.get(name)
        if own is None and theirs is not None:
            os.environ[name] = theirs
        elif own not in {None, theirs}:
            _differ(name, theirs, is_decisive=name in decisive)


def _differ(name: str, theirs: str | None, *, is_decisive: bool) -> None:
    fact = f"{name} is {mask_secrets(given(name) or '')} here and {theirs or 'not set'} for the running instance"
    if is_decisive:
        raise SetupError(f"{fact}: unset it here.")
    print(f"Warning: {fact}; this command uses its own.", file=sys.stderr)
