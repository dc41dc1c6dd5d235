"""Recipes as data: dataclasses of settings that are read from YAML, checked and written whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml

_T = TypeVar("_T")


class RecipeError(ValueError):
    """A recipe that cannot be followed."""


@dataclass(frozen=True)
class Settings:
    """A frozen dataclass whose every field has a default, of the type that its values must have."""

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Reads a YAML file; what it leaves out has the default.

        Raises:
            RecipeError: the file is missing, no YAML mapping, or has an unknown key or bad value.
        """
        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RecipeError(f"{path} cannot be read as a recipe: {error}") from error
        try:
            return cls().with_values(values)
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from error

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """These settings with some replaced; nested ones as mappings.

        Raises:
            RecipeError: a key is unknown, or a value of the wrong type or out of range.
        """
        return _replaced(self, values, "")

    def save(self, path: Path) -> None:
        """Writes every setting, the defaults too."""
        path.write_text(yaml.safe_dump(asdict(self), sort_keys=False), encoding="utf-8")


def _replaced(settings: _T, values: Any, prefix: str) -> _T:
    """A dataclass with some values replaced; ``prefix`` is where it stands, with a dot."""
    if not isinstance(values, Mapping):
        raise RecipeError(f"{prefix.rstrip('.') or 'the recipe'} must be a mapping of settings")
    known = [item.name for item in fields(settings)]  # type: ignore[arg-type]
    given = {}
    for key, value in values.items():
        if key not in known:
            raise RecipeError(f"unknown setting {prefix}{key}; known: {', '.join(known)}")
        default = getattr(settings, key)
        if is_dataclass(default):
            given[key] = _replaced(default, value, f"{prefix}{key}.")
        else:
            given[key] = _checked(f"{prefix}{key}", value, default)
    return replace(settings, **given)  # type: ignore[type-var]


def _checked(name: str, value: Any, default: Any) -> Any:
    number = isinstance(default, float) and type(value) is int
    if default is not None and type(value) is not type(default) and not number:
        raise RecipeError(f"{name} is {value!r}, expected {type(default).__name__}")
    return value


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """``["epochs=3", "decoder.units=256"]`` as a mapping for `Settings.with_values`.

    Raises:
        RecipeError: one has no ``=``.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise RecipeError(f"{setting!r} is not KEY=VALUE")
        *parents, key = name.split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = yaml.safe_load(text)
    return values
