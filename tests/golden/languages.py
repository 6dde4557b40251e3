"""Functions in Go under every engine, a server in another language, and a Go library."""

import lakon

service = lakon.Service("languages", python="3.13", env={"COLOUR": "blue"}, layer=True)
photos = service.bucket("photos")
fast = service.go_library("fast", source="./fast")

thumbnail = service.go_function(
    "thumbnail",
    source="./thumbnail",
    on=photos.created(prefix="out/"),
    uses=[photos.read_write],
    alarms=[lakon.errors()],
)
service.go_function("score", source="./score", engine="sidecar", snap_start=True, build_tags="prod")
service.go_function("pack", source="./pack", engine="inprocess", architecture="arm64")
service.go_function("shop", source="./shop", engine="sidecar", protocol="http", ready="/health")
service.web_function("legacy", ["node", "server.js", "{socket}"], source="./legacy", socket=True, memory=1024)


@service.function(uses=[lakon.invoke(thumbnail)])
def words(event, context):
    """Call Go without leaving the process."""
    return fast.call("Words", event, context)
