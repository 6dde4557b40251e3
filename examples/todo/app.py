"""A list of things to do: a table, an API as the TodoBackend specification has it, a page, and a socket that tells."""

from dataclasses import asdict, dataclass
from uuid import uuid4

import boto3

import lakon

service = lakon.Service("todo", description="A list of things to do, seen by everybody at once")

todos = service.table("todos", key="id")
watchers = service.table("watchers", key="id")  # who is connected

changes = service.websocket_api("changes", uses=watchers.read_write)
api = service.http_api(
    "public",
    cors=lakon.Cors(origins="*"),  # the specification's own tests come from another origin
    uses=[todos.read_write, watchers.read_write, changes.manage],
    memory=512,
)
site = service.site("public", api=[api, changes])


@dataclass
class NewTodo:
    """What a client sends to make one."""

    title: str
    order: int | None = None
    completed: bool = False


@dataclass
class Change:
    """What a client sends to change one: what is left out stays."""

    title: str | None = None
    order: int | None = None
    completed: bool | None = None


@dataclass
class Todo:
    """One thing to do, and its address."""

    id: str
    title: str
    completed: bool
    order: int | None
    url: str


@api.get("/todos")
def everything(request) -> list[Todo]:
    items = _table(todos).scan()["Items"]
    found = [_todo(item, request) for item in items]
    return sorted(found, key=lambda todo: (todo.order is None, todo.order or 0, todo.title))


@api.post("/todos", status=201)
def add(request, new: NewTodo) -> Todo:
    item = {"id": uuid4().hex, **asdict(new)}
    _table(todos).put_item(Item=item)
    return _tell("added", _todo(item, request))


@api.delete("/todos")
def clear(request) -> None:
    with _table(todos).batch_writer() as batch:
        for item in _table(todos).scan(ProjectionExpression="id")["Items"]:
            batch.delete_item(Key=item)
    _tell("cleared", None)


@api.get("/todos/{id}")
def one(request, id: str) -> Todo:
    return _todo(_item(id), request)


@api.patch("/todos/{id}")
def change(request, id: str, change: Change) -> Todo:
    said = {name: value for name, value in asdict(change).items() if value is not None}
    item = {**_item(id), **said}
    _table(todos).put_item(Item=item)
    return _tell("changed", _todo(item, request))


@api.delete("/todos/{id}")
def remove(request, id: str) -> None:
    todo = _todo(_item(id), request)
    _table(todos).delete_item(Key={"id": id})
    _tell("removed", todo)


@changes.connect
def come(message):
    _table(watchers).put_item(Item={"id": message.connection_id})


@changes.disconnect
def go(message):
    _table(watchers).delete_item(Key={"id": message.connection_id})


@changes.default
def ignore(message):
    """Clients only listen."""


def _tell(what, todo):
    """Tell everybody who is connected of a change; forget those that have gone without a word."""
    table = _table(watchers)
    for watcher in table.scan()["Items"]:
        if not changes.send(watcher["id"], {"what": what, "todo": todo}):
            table.delete_item(Key=watcher)
    return todo


def _item(id):
    item = _table(todos).get_item(Key={"id": id}).get("Item")
    if item is None:
        raise lakon.HTTPError(404, "there is no such thing to do")
    return item


def _todo(item, request):
    order = item.get("order")
    return Todo(
        id=item["id"],
        title=item["title"],
        completed=item["completed"],
        order=None if order is None else int(order),
        url=f"{request.scheme}://{request.host}/todos/{item['id']}",
    )


def _table(handle):
    return boto3.resource("dynamodb").Table(handle.name)


if __name__ == "__main__":
    service.main()
