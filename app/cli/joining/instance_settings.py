"""The settings of a running instance, as other commands need them: what it works with, and which secrets it was given.

Secrets stay out of the instance's notes; of those that `up` was given only the names are kept.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, get_args

from app.cli.printing.environment import given
from app.errors import SetupError
from app.observability.masking import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["agree_with", "list_given_secrets", "settings_to_note"]

# How a process speaks is its own affair, and so is by what path it finds the data directory.
_OWN = frozenset({"LOG_LEVEL", "LOG_FORMAT", "DATA_DIRECTORY"})


class _Names(NamedTuple):
    """Names of settings, sorted."""

    plain: tuple[str, ...]
    secret: tuple[str, ...]


@cache
def _names() -> _Names:
    from pydantic import SecretStr  # the settings' library, which takes longer to load than `up` has at its start

    from app.configuration.settings import Settings

    fields = {str(field.validation_alias or name).upper(): field for name, field in Settings.model_fields.items()}
    secret = {name for name, field in fields.items() if SecretStr in {field.annotation, *get_args(field.annotation)}}
    return _Names(tuple(sorted(fields.keys() - secret - _OWN)), tuple(sorted(secret)))


def settings_to_note(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings in this environment of an instance's process that neither are nor hold secrets."""
    plain = {name: environment.get(name) for name in _names().plain}
    return {name: value for name, value in plain.items() if value and mask_secrets(value) == value}


def list_given_secrets() -> tuple[str, ...]:
    """The names of the secrets that the caller's environment has."""
    return tuple(name for name in _names().secret if given(name))


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
    for name in _names().plain:
        own, theirs = given(name), noted.get(name)
        if own is None and theirs is not None:
            os.environ[name] = theirs
        elif own not in {None, theirs}:
            _differ(name, theirs, is_decisive=name in decisive)


def _differ(name: str, theirs: str | None, *, is_decisive: bool) -> None:
    fact = f"{name} is {mask_secrets(given(name) or '')} here and {theirs or 'not set'} for the running instance"
    if is_decisive:
        raise SetupError(f"{fact}: unset it here.")
    print(f"Warning: {fact}; this command uses its own value.", file=sys.stderr)
