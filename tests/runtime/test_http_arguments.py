"""What handlers ask for by their parameters, and what is answered where it is not there."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import dataclasses
import datetime
import functools
import typing

import pytest

from .asking import ask
from .models import Model, Photo, Point, Size


class Unmakeable:
    pass


class Order(typing.TypedDict):
    item: str
    count: typing.NotRequired[int]


def test_parameters_come_from_path_query_and_body(api):
    @api.post("/albums/{album}/{number}", status=201)
    def add(
        album: str,
        number: int,
        photo: Photo,
        request,
        dry: bool = False,
        tag: list[str] = [],  # noqa: B006 - never changed
        since: datetime.date | None = None,
        order: typing.Literal["up", "down"] = "up",
    ):
        return {"seen": [album, number, dry, tag, since, order, request.method], "photo": photo}

    got, body = ask(
        api,
        "POST",
        "/albums/{album}/{number}",
        {
            "name": "cat",
            "size": {"width": 3},
            "colour": "blue",
            "taken": "2026-01-31",
            "parent": {"name": "p", "size": {"width": 1}},
        },
        parameters={"album": "é/x", "number": "7"},
        query=[("dry", "true"), ("tag", "a"), ("tag", "b"), ("since", "2026-02-01"), ("order", "down")],
    )
    assert got.status == 201
    assert body["seen"] == ["é/x", 7, True, ["a", "b"], "2026-02-01", "down", "POST"]
    assert body["photo"]["size"] == {"width": 3, "height": 1}
    assert (body["photo"]["colour"], body["photo"]["parent"]["name"]) == ("blue", "p")


def test_a_list_that_may_be_left_out_is_of_the_query(api):
    @api.get("/")
    def find(tag: list[str] | None = None, size: typing.Optional[set[int]] = None):  # noqa: UP045 - as many write it
        return {"tag": tag, "size": size}

    assert ask(api, "GET", "/")[1] == {"tag": None, "size": None}
    assert ask(api, "GET", "/", query=[("tag", "a"), ("tag", "b"), ("size", "1")])[1] == {
        "tag": ["a", "b"],
        "size": [1],
    }
    assert ask(api, "GET", "/", query=[("size", "x")])[1]["errors"][0]["in"] == "query"


def test_every_fault_is_named_at_once(api):
    @api.post("/photos/{number}")
    def add(number: int, photo: Photo, page: int, order: typing.Literal["up"] = "up"):
        return photo

    got, body = ask(
        api,
        "POST",
        "/photos/{number}",
        {"size": {"width": "3", "height": True}, "tags": ["a", 1], "colour": "green", "taken": "then"},
        parameters={"number": "seven"},
        query=[("order", "down")],
    )
    assert (got.status, got.headers["content-type"]) == (422, "application/problem+json")
    assert {(each["in"], each["field"]): each["message"] for each in body["errors"]} == {
        ("path", "number"): "must be a whole number",
        ("body", "name"): "is missing",
        ("body", "size.width"): "must be a whole number",
        ("body", "size.height"): "must be a whole number",
        ("body", "tags.1"): "must be a text",
        ("body", "colour"): "must be one of red, blue",
        ("body", "taken"): "must be a date such as 2026-01-31",
        ("query", "page"): "is missing",
        ("query", "order"): "must be one of up",
    }


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "fields"),
    [
        (Order, {"item": "a"}, {"count": "b"}, {"item", "count"}),
        (Point, {"farLeft": 1}, {"farLeft": "x", "up": "y"}, {"farLeft", "up"}),
        (Model, {"name": "a", "age": 1}, {"age": "x"}, {"name", "age"}),
        (list[Model], [{"name": "a", "age": 1}], [{"age": "x"}], {"0.name", "0.age"}),
        (dict[str, Order], {"k": {"item": "a"}}, {"k": {}, "l": {"item": 2}}, {"k.item", "l.item"}),
        (Size, {"width": 1}, {"width": -1}, {""}),
        (tuple[int, str], [1, "a"], [1], {""}),
        (int | Order, {"item": "a"}, {"item": 1}, {"item"}),
        (dict, {"x": 1}, [1], {""}),
    ],
)
def test_models_of_every_make(api, kind, right, wrong, fields):
    def handler(thing):
        return {"thing": repr(thing)}

    handler.__annotations__ = {"thing": kind}
    api.post("/")(handler)
    assert ask(api, "POST", "/", right)[0].status == 200
    got, body = ask(api, "POST", "/", wrong)
    assert (got.status, {each["field"] for each in body["errors"]}) == (422, fields)


def test_a_body_that_is_missing_or_no_json(api):
    @api.post("/")
    def add(order: Order):
        return order

    @api.put("/")
    def put(order: Order | None = None):
        return {"order": order}

    assert ask(api, "POST", "/")[1]["errors"] == [{"in": "body", "field": "", "message": "is missing"}]
    assert ask(api, "PUT", "/")[1] == {"order": None}
    assert ask(api, "POST", "/", b"{")[0].status == 400


def test_forms_become_models(api):
    @api.post("/")
    def add(photo: Order):
        return photo

    form = [("content-type", "application/x-www-form-urlencoded")]
    assert ask(api, "POST", "/", b"item=a+b&count=3", headers=form)[1] == {"item": "a b", "count": 3}


def test_a_parameter_from_nowhere_and_a_type_that_is_not_there_are_errors(api):
    api.get("/a/{x}")(lambda x, y: None)

    def unknown(thing: "Nowhere"):  # type: ignore[name-defined]  # noqa: F821 - that is the mistake
        pass

    api.get("/b")(unknown)
    with pytest.raises(TypeError, match="'y', which is not in its path"):
        ask(api, "GET", "/a/{x}", parameters={"x": "1"})
    for _ in range(2):
        with pytest.raises(TypeError, match="asks for Nowhere"):
            ask(api, "GET", "/b")

    @dataclasses.dataclass
    class Holder:
        thing: Unmakeable

    api.post("/c")(lambda body: None)
    api.routes[-1].handler.__annotations__ = {"body": Holder}
    for _ in range(2):
        with pytest.raises(TypeError, match="which Lakon cannot make"):
            ask(api, "POST", "/c", {"thing": 1})


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*arguments, **named):
        return function(*arguments, **named)

    return wrapper


def test_decorated_handlers_and_quoted_names_are_looked_up_where_they_stand(api):
    @api.post("/")
    @wrapped
    def make(order: "Order", page: "int" = 1):
        return {"order": order, "page": page}

    assert ask(api, "POST", "/", {"item": "a"}, query=[("page", "2")])[1] == {"order": {"item": "a"}, "page": 2}
