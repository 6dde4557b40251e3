"""Notes in Python and Go: a Python API, Go that S3 calls, Go beside Python, and Go inside it."""

import boto3

import lakon

service = lakon.Service("polyglot", description="Python and Go in one service", python="3.13")

notes = service.bucket("notes")
api = service.http_api("public", uses=[notes.write])
words = service.go_library("words", source="./words")

service.go_function("arrived", source="./arrived", on=notes.created(prefix="in/"), memory=128)

for engine in ("runtime", "sidecar", "inprocess"):  # one source, three engines
    service.go_function(f"count-{engine}", source="./words", engine=engine)


@api.post("/notes/{name}")
def add(request):
    """Keep a note, and answer how many of each word it has: counted in Go, in this process."""
    boto3.client("s3").put_object(Bucket=notes.name, Key=f"in/{request.path['name']}", Body=request.body)
    return words.call(payload=request.text, context=request.context)


if __name__ == "__main__":
    service.main()
