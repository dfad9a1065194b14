"""Settings of a plugin: one flat, frozen dataclass that is the truth about its arguments.

::

    @dataclass(frozen=True, kw_only=True)
    class AcmeSettings(AvatarSettings):
        api_key: str = secret(env="ACME_API_KEY", help="from the Acme console")
        avatar_id: str = setting("anna", env="ACME_AVATAR_ID", help="which face")
        fps: int = setting(25, help="pictures per second")

An explicit argument beats the environment, the environment beats the default, and ``None`` means
"not said". The avatar's constructor takes the same names and passes them to ``from_env``.
"""

from __future__ import annotations

import os
import types
import typing
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, Union

from vision_agents.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

_SCALARS = (str, bool, int, float)
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def setting(default: Any = MISSING, *, env: str | None = None, help: str = "") -> Any:
    """Declare a field. Without a default it must be said, by argument or environment.

    Typed ``Any``, as ``dataclasses.field`` is to a type checker, so that the annotation counts.
    """
    return field(default=default, metadata={"env": env, "help": help, "secret": False})


def secret(default: Any = MISSING, *, env: str | None = None, help: str = "") -> Any:
    """Declare a field that no repr, log line or error message may show."""
    return field(default=default, repr=False, metadata={"env": env, "help": help, "secret": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInfo:
    """One setting as people need to know it."""

    name: str
    type: Any
    """``str``, ``bool``, ``int``, ``float`` or a ``Literal`` of strings, also ``| None``."""
    env: str | None
    help: str
    secret: bool
    required: bool
    default: Any = None

    def parse(self, text: str) -> Any:
        """Turn an environment variable's text into the setting's type.

        Raises:
            ValueError: it does not fit; the message never holds a secret.
        """
        for part in _alternatives(self.type):
            if part is not type(None):
                try:
                    return _parse_as(part, text)
                except ValueError:
                    continue
        shown = "its value" if self.secret else repr(text)
        raise ValueError(
            f"environment variable {self.env} must be {type_name(self.type)}, and {shown} is not"
        )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of every plugin's settings; subclass it with ``@dataclass(frozen=True, kw_only=True)``.

    Fields are scalars, so that settings can come from a file or an environment and cross a
    process boundary. Values are checked on construction.

    Raises:
        ConfigError: a value of the wrong type; says the setting, the value (never a secret one)
            and what would be right.
    """

    def __post_init__(self) -> None:
        for info in self.describe():
            value = getattr(self, info.name)
            if not _fits(value, info.type):
                shown = "the value given" if info.secret else repr(value)
                raise ConfigError(
                    f"{_label(type(self))}: {info.name} must be {type_name(info.type)}, "
                    f"and {shown} is {type(value).__name__}"
                )

    @classmethod
    def describe(cls) -> tuple[SettingInfo, ...]:
        """The settings in the order of their declaration.

        Raises:
            TypeError: a field is no scalar; a mistake in the plugin, not of its user.
        """
        hints = typing.get_type_hints(cls)
        return tuple(_info(cls, item, hints[item.name]) for item in fields(cls))

    @classmethod
    def from_env(cls, *, environ: Mapping[str, str] | None = None, **values: Any) -> Self:
        """Build settings from ``values``; what is missing or ``None`` comes from ``environ``.

        ``environ`` is the process's own unless given.

        Raises:
            ConfigError: an unknown name, a wrong type, or a required setting that is nowhere; the
                message names the argument and the environment variable.
        """
        environ = os.environ if environ is None else environ
        infos = cls.describe()
        _refuse_unknown(cls, values, infos)
        said: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        for info in infos:
            if info.name in said:
                if info.type is float and type(said[info.name]) is int:
                    said[info.name] = float(said[info.name])
                continue
            text = environ.get(info.env, "") if info.env else ""
            if text:
                try:
                    said[info.name] = info.parse(text)
                except ValueError as exc:
                    raise ConfigError(f"{_label(cls)}: {exc}") from None
        missing = [info for info in infos if info.required and info.name not in said]
        if missing:
            wanted = "; ".join(
                f"{info.name} (argument {info.name}="
                + (f" or environment variable {info.env}" if info.env else "")
                + ")"
                for info in missing
            )
            raise ConfigError(f"{_label(cls)}: not set: {wanted}")
        return cls(**said)

    def as_arguments(self) -> dict[str, Any]:
        """The fields as keyword arguments for the constructor. Holds the secrets: do not log it."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True, kw_only=True)
class AvatarSettings(Settings):
    """Settings of an avatar."""


def type_name(kind: Any) -> str:
    """How a setting's type reads in a message: ``int``, ``'low' or 'high'``, ``str or None``."""
    if kind is type(None):
        return "None"
    if isinstance(kind, type):
        return kind.__name__
    return " or ".join(
        repr(part) if isinstance(part, str) else type_name(part) for part in typing.get_args(kind)
    )


def _info(cls: type[Settings], item: Field[Any], kind: Any) -> SettingInfo:
    if not all(_is_scalar(part) for part in _alternatives(kind)):
        raise TypeError(
            f"{cls.__qualname__}.{item.name} is {kind!r}; settings are str, bool, int, float, "
            "a Literal of strings, or one of them | None"
        )
    return SettingInfo(
        name=item.name,
        type=kind,
        env=item.metadata.get("env"),
        help=item.metadata.get("help", ""),
        secret=bool(item.metadata.get("secret", False)),
        required=item.default is MISSING and item.default_factory is MISSING,
        default=None if item.default is MISSING else item.default,
    )


def _alternatives(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) in (Union, types.UnionType):
        return typing.get_args(kind)
    return (kind,)


def _is_scalar(kind: Any) -> bool:
    if typing.get_origin(kind) is Literal:
        return all(isinstance(value, str) for value in typing.get_args(kind))
    return kind in _SCALARS or kind is type(None)


def _fits(value: Any, kind: Any) -> bool:
    for part in _alternatives(kind):
        if typing.get_origin(part) is Literal:
            if value in typing.get_args(part):
                return True
        elif part is float:
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return True
        elif part is int:
            if isinstance(value, int) and not isinstance(value, bool):
                return True
        elif isinstance(value, part):
            return True
    return False


def _parse_as(kind: Any, text: str) -> Any:
    if kind is bool:
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise ValueError(text)
    if typing.get_origin(kind) is Literal:
        if text in typing.get_args(kind):
            return text
        raise ValueError(text)
    return kind(text)


def _refuse_unknown(
    cls: type[Settings], values: Mapping[str, Any], infos: tuple[SettingInfo, ...]
) -> None:
    known = [info.name for info in infos]
    for name in values:
        if name not in known:
            from difflib import get_close_matches  # only on the way to an error

            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(
                f"{_label(cls)}: no setting named {name!r}{hint} "
                f"(it has: {', '.join(known) or 'none'})"
            )


def _label(cls: type[Settings]) -> str:
    return cls.__qualname__
