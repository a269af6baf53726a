"""Families of dataclasses, of which a config chooses one by name: windows, losses, initialisers."""

from __future__ import annotations

from typing import Any, ClassVar, Self


class Choice:
    """Base of a family of frozen dataclasses.

    A family's base class names its ``tag``: the field that holds a member's name. Every member gives that field a
    default; importing the member's module makes it known. Pydantic, which validates configs, asks the base class for a
    schema and gets the choice between all members, so that they are sections of a config as they are.

    Attributes
    ----------
    tag : str
        Name of the field that tells members apart, "kind" for example.
    usual : str or None
        Name of the member that a table without that field means; None if it must say which.
    kept : tuple of str
        Fields that keep their value when a config chooses another member that has them, too.
    """

    tag: ClassVar[str]
    usual: ClassVar[str | None] = None
    kept: ClassVar[tuple[str, ...]] = ()
    _members: ClassVar[dict[str, type[Any]]]

    def __init_subclass__(cls, **more: Any) -> None:
        """Begin a family, or make a member known."""
        super().__init_subclass__(**more)
        if Choice in cls.__bases__:
            cls._members = {}
        # The dataclass decorator has not run yet: the tag's default is still in its field.
        name = getattr(cls.__dict__.get(cls.tag), "default", "")
        if name:
            cls._members[name] = cls

    @classmethod
    def members(cls) -> dict[str, type[Self]]:
        """Return the family's members by name."""
        return dict(cls._members)

    @classmethod
    def is_base(cls) -> bool:
        """Return whether this is no member: a base class that members share."""
        return cls not in cls._members.values()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return a member's own schema, or for the family's base class the choice between its members."""
        if not cls.is_base():
            return handler(source)
        from pydantic_core import core_schema

        tag, usual = cls.tag, cls.usual

        def name_of(given: Any) -> Any:
            return given.get(tag, usual) if isinstance(given, dict) else getattr(given, tag, None)

        choices = {name: handler.generate_schema(member) for name, member in sorted(cls._members.items())}
        return core_schema.tagged_union_schema(choices, name_of)
