"""From parsed JSON back to the dataclass that `dataclasses.asdict` was given, all types checked."""

from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pipeline.said import Said

T = TypeVar("T")


def decode(kind: type[T], value: object) -> T:
    """Return `value` as a `kind`; ValueError names the place of the first thing that does not fit.

    Knows dataclasses (missing fields take their defaults, unknown keys are refused), plain values,
    tuples and lists of one kind, dicts with text keys, literals and unions.
    """
    return cast(T, _decode(kind, value, kind.__name__))


def _decode(kind: object, value: object, place: str) -> object:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _dataclass(cast(type, kind), value, place)
    if origin in (UnionType, Union):
        return _union(arguments, value, place)
    if kind is Said and isinstance(value, str | dict):
        return Said.from_json(value if isinstance(value, dict) else {"message": value})
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_decode(arguments[0], each, f"{place}[{i}]") for i, each in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _decode(arguments[1], each, f"{place}.{key}") for key, each in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is object:
        return value
    if isinstance(kind, type) and origin is None and type(value) is kind:
        return value
    raise ValueError(
        Said("{place} should be {kind}, not {value!r:.80}", place=place, kind=kind, value=value)
    )


def _dataclass(kind: type, value: object, place: str) -> object:
    if not isinstance(value, dict):
        raise ValueError(
            Said("{place} should be an object, not {value!r:.80}", place=place, value=value)
        )
    hints = get_type_hints(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise ValueError(
            Said(
                "{place} has fields that this Graft does not know: {unknown}",
                place=place,
                unknown=tuple(unknown),
            )
        )
    given = {}
    for field in fields(kind):
        if field.name in value:
            where = f"{place}.{field.name}"
            given[field.name] = _decode(hints[field.name], value[field.name], where)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(Said("{place} has no {field.name}", place=place, field=field))
    return kind(**given)


def _union(kinds: tuple[object, ...], value: object, place: str) -> object:
    if value is None and NoneType in kinds:
        return None
    reasons = []
    for kind in kinds:
        try:
            return _decode(kind, value, place)
        except ValueError as error:
            reasons.append(error)
    raise reasons[0]
