"""Describes the settings of a command as data: what the readers of each source and --help need to know."""

from enum import EnumType
from functools import cache
from inspect import get_annotations
from typing import NamedTuple, TypeVar, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from common.settings.types import (
    MEBIBYTE,
    AlsoFrom,
    CommandOptions,
    DefaultInWords,
    Operand,
    Repeatable,
    Settings,
    Unit,
)

Marker = TypeVar("Marker")


class Setting(NamedTuple):
    """One setting: its names in each source, and what a person needs to know.

    name is the field's alias where it has one: a model cannot have a field called `json`.
    default is in words, with its unit; kind says what to write: a unit, "number" or "text".
    flag_only: the command line alone gives it. operand: its name there when it is written without a flag.
    repeatable: a list, of which each use of the flag gives one entry.
    """

    name: str
    group: str
    description: str
    kind: str
    default: str
    required: bool
    switch: bool
    choices: tuple[str, ...]
    also_from: tuple[str, ...]
    secret: bool = False
    environment_prefix: str = ""
    had_no_prefix: bool = False
    flag_only: bool = False
    operand: str = ""
    repeatable: bool = False

    @property
    def flag(self) -> str:
        """Name on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variables(self) -> tuple[str, ...]:
        """Names in the environment: the first that is set wins."""
        if self.flag_only:
            return ()
        own = f"THUNDER_{self.environment_prefix}{self.name.upper()}"
        return own, *self.also_from

    @property
    def former_variable(self) -> str | None:
        """Name in the environment before it had a prefix: it still works in this release, with a warning."""
        return f"THUNDER_{self.name.upper()}" if self.had_no_prefix else None

    @property
    def file_variables(self) -> tuple[str, ...]:
        """Names in the environment that give the path of a file with the value: for secrets alone."""
        return tuple(f"{variable}_FILE" for variable in self.variables) if self.secret else ()


@cache
def settings_of(model: type[Settings]) -> tuple[Setting, ...]:
    """The settings of a role, those of a group together."""
    settings = [_setting(field.alias or name, _owner(model, name), field) for name, field in model.model_fields.items()]
    groups = list(dict.fromkeys(setting.group for setting in settings))
    return tuple(sorted(settings, key=lambda setting: groups.index(setting.group)))


def title_of(role: type[Settings]) -> str:
    """The command that runs a role, as its class says."""
    return (role.__doc__ or "").partition(":")[0]


def _setting(name: str, owner: type[Settings], field: FieldInfo) -> Setting:
    unit = (_metadata(field, Unit) or Unit("")).name
    also_from = _metadata(field, AlsoFrom)
    operand = _metadata(field, Operand)
    repeatable = _metadata(field, Repeatable)
    return Setting(
        name=name,
        group=(owner.__doc__ or "").splitlines()[0],
        description=field.description or "",
        kind=(repeatable and repeatable.example) or unit or ("number" if _takes(field, int, float) else "text"),
        default=_default(field, unit),
        required=field.is_required(),
        switch=field.annotation is bool,
        choices=_choices(field),
        also_from=also_from.variables if also_from else (),
        secret=_takes(field, SecretStr),
        environment_prefix=owner.environment_prefix,
        had_no_prefix=owner.had_no_prefix,
        flag_only=issubclass(owner, CommandOptions),
        operand=operand.name if operand else "",
        repeatable=repeatable is not None,
    )


def _metadata(field: FieldInfo, kind: type[Marker]) -> Marker | None:
    return next((marker for marker in field.metadata if isinstance(marker, kind)), None)


def _choices(field: FieldInfo) -> tuple[str, ...]:
    kinds = (field.annotation, *get_args(field.annotation))
    return tuple(str(choice) for kind in kinds if isinstance(kind, EnumType) for choice in kind)


def _takes(field: FieldInfo, *kinds: type) -> bool:
    return any(kind in kinds for kind in (field.annotation, *get_args(field.annotation)))


def _owner(model: type[Settings], name: str) -> type[Settings]:
    """The class that first declares a setting: it names the group and the prefix."""
    return next(
        owner for owner in reversed(model.__mro__) if name in get_annotations(owner) and issubclass(owner, Settings)
    )


def _default(field: FieldInfo, unit: str) -> str:
    words = _metadata(field, DefaultInWords)
    if words:
        return words.text
    match field.default:
        case bool() as on:
            return "on" if on else "off"
        case int() as number:
            return _amount(number, unit)
        case float() as number:
            return f"{number:g} {unit}".rstrip()
        case SecretStr() as written_in_the_code:
            return written_in_the_code.get_secret_value()
        case default:
            return {None: "none", (): "none", PydanticUndefined: ""}.get(default, str(default))


def _amount(number: int, unit: str) -> str:
    mebibytes, rest = divmod(number, MEBIBYTE)
    return f"{number} {unit}".rstrip() + (f" ({mebibytes} MiB)" if mebibytes and not rest else "")
