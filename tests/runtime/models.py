"""What handlers of tests ask for and answer, of every make."""

import dataclasses
import datetime
import enum

import msgspec
import pydantic


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Size:
    width: int
    height: int = 1

    def __post_init__(self) -> None:
        if self.width < 0:
            raise ValueError("the width is negative")


@dataclasses.dataclass
class Photo:
    name: str
    size: Size
    tags: list[str] = dataclasses.field(default_factory=list)
    colour: Colour = Colour.RED
    taken: datetime.date | None = None
    parent: "Photo | None" = None


class Point(msgspec.Struct, rename="camel"):
    far_left: int
    up: int = 0


class Model(pydantic.BaseModel):
    name: str
    age: int
