"""The smallest service."""

import lakon

service = lakon.Service("small")


@service.function
def hello(event, context):
    """Say hello."""
    return "hello"
