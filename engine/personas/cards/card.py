"""What a card file holds, whatever its format: a persona, a picture, and data that only other apps understand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from engine.personas.cards.archive import archive_of, own_files_of
from engine.personas.cards.limits import json_of, refused
from engine.personas.cards.report import Report
from engine.personas.pictures import name_of
from engine.personas.pictures.files import look
from engine.personas.spec import PersonaSpec

Family = Literal["character", "open_webui"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a file. Its kind is read from its own header."""

    data: bytes

    @property
    def key(self) -> str:
        """What an avatar names it by."""
        return name_of("picture", self.data)

    @property
    def digest(self) -> str:
        """The SHA-256 of the file."""
        return self.key.partition(":")[2]

    @property
    def media_type(self) -> str:
        """Such as `image/png`. Raises BadInput when it is no picture."""
        return look(self.data).media_type


@dataclass(frozen=True, slots=True)
class Foreign:
    """Imported cards as they came, without our block: what a persona has no place for goes along in them.

    There may be one of each family. `files` are those that an archive had beside its card.
    """

    cards: Mapping[Family, Mapping[str, Any]]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def packed(self) -> bytes:
        """As bytes, the same for the same cards."""
        head = json.dumps(self.cards, separators=(",", ":")).encode()
        return archive_of({"cards.json": head} | {f"files/{name}": data for name, data in self.files.items()})

    @classmethod
    def unpacked(cls, data: bytes) -> "Foreign":
        """Back from bytes."""
        files = own_files_of(data)
        cards = json.loads(files.pop("cards.json"))
        return cls(cards, {name.removeprefix("files/"): each for name, each in files.items()})

    @property
    def key(self) -> str:
        """What a persona names it by."""
        return name_of("card", self.packed())


@dataclass(frozen=True, slots=True)
class Card:
    """What goes into a file. `slug` names the face that is drawn where there is no picture."""

    spec: PersonaSpec
    picture: Picture | None = None
    foreign: Foreign | None = None
    slug: str = "persona"
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What came out of a file. `note` is what its maker says about it, as plain text."""

    spec: PersonaSpec
    picture: Picture | None
    foreign: Foreign | None
    report: Report
    note: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and what it keeps."""

    data: bytes
    report: Report


@dataclass(frozen=True)
class File:
    """An upload. What is inside is parsed once, when a format first asks for it, and within the limits."""

    name: str
    data: bytes

    @cached_property
    def json(self) -> Any:
        """The JSON in it, or None when it does not look like any. Raises BadInput when it looks like it and is not."""
        start = self.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        return json_of(self.data) if start in (b"{", b"[") else None


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of card file. `claims` says whether a file is of this kind; `read` and `write` raise BadInput."""

    title: str
    media_type: str
    about: str
    claims: Callable[[File], bool]
    read: Callable[[File], Found]
    write: Callable[[Card], Written]


def unknown(file: File) -> Exception:
    """The refusal of a file that no format claims."""
    endings = ".png, .json, .charx and .yaml"
    return refused(f"“{file.name[:60]}” is no character card that the studio knows.", hint=f"It reads {endings} files.")
