"""All that is touched of the emulator, and the check that it is as expected."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from lakon.local.inside.concurrency import Key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager

    from lakon.local.inside.link import Json

    Reply = tuple[int, dict[str, str], Any]  # status, headers, body
    Send = Callable[[dict[str, Any]], Awaitable[None]]
    Runner = Callable[[Send, object], Awaitable[None]]

_REPLACED = {
    "lambda_svc.handle_request": ["method", "path", "headers", "body", "query_params"],
    "lambda_svc._execute_function": ["func", "event"],
    "lambda_svc.invoke_async_with_retry": ["func", "event"],
    "lambda_svc._effective_func_record_for_qualifier": ["func", "qualifier"],
    "lambda_svc._put_provisioned_concurrency": ["func_name", "qualifier", "data"],
    "lambda_svc._delete_provisioned_concurrency": ["func_name", "qualifier"],
    "lambda_svc._schedule_state_transition": ["func_name", "delay"],
    "lambda_svc._sweep_extract_cache": [],
    "lambda_svc.ensure_spawned": ["worker"],
    "sns._deliver_to_lambda": [
        "endpoint", "envelope", "topic_arn", "sub_arn", "msg_id", "raw_message", "message_attributes",
    ],
    "eventbridge._dispatch_to_lambda": ["arn", "payload"],
    "cloudformation.provisioners._update_resource": [
        "resource_type", "physical_id", "old_props", "new_props", "stack_name", "logical_id", "old_attrs",
    ],
    "cloudformation.stacks._update_resource": [
        "resource_type", "physical_id", "old_props", "new_props", "stack_name", "logical_id", "old_attrs",
    ],
}  # fmt: skip
_USED = {
    "lambda_svc._resolve_layer_zip": ["attachment"],
    "lambda_svc._get_func_record_for_ref": ["function_ref"],
    "lambda_svc._throttle_response": ["reason_code", "msg", "retry_after"],
    "cloudwatch.record_metric": ["namespace", "metric_name", "value", "unit", "dimensions"],
    "cloudwatch._metric_bucket": ["key"],
    "cloudwatch._dims_key": [],
    "lambda_svc._functions.get_scoped": ["account_id", "region", "key", "default"],
    "lambda_svc.get_account_id": [],
    "lambda_svc.get_region": [],
    "sqs.handle_request": ["method", "path", "headers", "body", "query_params"],
    "sns.handle_request": ["method", "path", "headers", "body", "query_params"],
    "s3.handle_request": ["method", "path", "headers", "body", "query_params"],
    "eventbridge.handle_request": ["method", "path", "headers", "body", "query_params"],
    "cloudformation.provisioners._physical_name": ["stack_name", "logical_id"],
    "apigateway._create_route_response": ["api_id", "route_id", "data"],
    "apigateway._delete_route_response": ["api_id", "route_id", "rr_id"],
}
# Who calls what is replaced: were it called in another way, functions would run where we do not see it.
_CALLERS = {
    "lambda_svc._run_sqs_batch": "_execute_function(",
    "lambda_svc._execute_function_with_config_scope": "_execute_function,",
    "lambda_svc._get_func_record_for_qualifier": "_effective_func_record_for_qualifier(",
    "lambda_svc._delete_function": "_sweep_extract_cache(",
    "sns._fanout": "_deliver_to_lambda,",
    "s3._deliver_event_to_lambda": "invoke_async_with_retry(",
    "cloudformation.provisioners._cfn_nested_stack_deploy": "_update_resource(",
    "cloudformation.stacks._update_keeping_seed": "_update_resource(",
}
FUNCTION, STACK, MAPPING = "AWS::Lambda::Function", "AWS::CloudFormation::Stack", "AWS::Lambda::EventSourceMapping"
_HANDLERS = {
    (FUNCTION, "create"): ["logical_id", "props", "stack_name"],
    (FUNCTION, "update"): ["physical_id", "old_props", "new_props", "stack_name"],
    (MAPPING, "create"): ["logical_id", "props", "stack_name"],
    (MAPPING, "update"): ["physical_id", "old_props", "new_props", "stack_name"],
    (STACK, "create"): ["logical_id", "props", "stack_name"],
    (STACK, "update"): ["physical_id", "old_props", "new_props", "stack_name"],
    (STACK, "delete"): ["physical_id", "props"],
}
_MAX_POINTS = 10_000
_CORE = {
    "responses": ("request_scope", "StreamingResponse", "set_request_account_id", "set_request_region"),
    "router": ("extract_access_key_id", "extract_region"),
}


class Emulator:
    """The emulator's Lambda service. Its records are untyped: JSON as the Lambda API has it, and archives."""

    def __init__(self) -> None:
        self._service = _service("lambda_svc")
        self._responses = importlib.import_module("ministack.core.responses")
        self._metrics = _service("cloudwatch")
        self._router = importlib.import_module("ministack.core.router")

    @property
    def scope_now(self) -> tuple[str, str]:
        """The account and region of the request that is answered."""
        return self._service.get_account_id(), self._service.get_region()

    def enter(self, headers: Mapping[str, str], query: Mapping[str, Any]) -> None:
        """Take account and region of the request whose task this is from its credentials."""
        if key := self._router.extract_access_key_id(headers, query):
            self._responses.set_request_account_id(key)
        self._responses.set_request_region(self._router.extract_region(headers, query))

    def scope(self, account: str, region: str) -> AbstractContextManager[None]:
        """Work for an account and a region outside of a request."""
        scope: AbstractContextManager[None] = self._responses.request_scope(account, region)
        return scope

    def function(self, key: Key) -> Json | None:
        """The record of a function."""
        function: Json | None = self._service._functions.get_scoped(*key)
        return function

    def all_functions(self) -> list[tuple[Key, Json]]:
        """The records of all functions, whatever their account and region."""
        return [(Key(*place), function) for place, function in list(self._service._functions._data.items())]

    def all_reserved(self, account: str, region: str) -> int:
        """What the functions of an account and region have reserved together."""
        with self.scope(account, region):
            functions = self._service._functions
            return sum(int(functions[name].get("concurrency") or 0) for name in list(functions))

    def layer(self, key: Key, attachment: str | Json) -> bytes | None:
        """The archive of a layer that a function has."""
        with self.scope(key.account, key.region):
            archive: bytes | None = self._service._resolve_layer_zip(attachment)
            return archive

    def count(self, key: Key, seconds: float, *, error: bool, throttled: bool) -> None:
        """Put an invocation into the metrics of the namespace AWS/Lambda. Of old data points, the latest are kept."""
        points: dict[str, tuple[float, str]] = {"Throttles": (throttled, "Count")}
        if not throttled:
            points |= {
                "Invocations": (1, "Count"),
                "Errors": (error, "Count"),
                "Duration": (seconds * 1000, "Milliseconds"),
            }
        dimensions = {"FunctionName": key.name}
        with self.scope(key.account, key.region):
            for name, (value, unit) in points.items():
                self._metrics.record_metric("AWS/Lambda", name, value, unit, dimensions)
                kept = self._metrics._metric_bucket(("AWS/Lambda", name, self._metrics._dims_key(dimensions)))
                if len(kept) > _MAX_POINTS:
                    del kept[: _MAX_POINTS // 2]

    def throttle(self, reason: str) -> Json:
        """A throttled invocation in the shape that other services expect."""
        result: Json = self._service._throttle_response(reason, "Rate Exceeded.")
        return result

    def found(self, reference: str) -> Json | None:
        """A function's record as other services find it, with the configuration of the version that is meant."""
        function, config, _ = self._service._get_func_record_for_ref(reference)
        return function | {"config": config} if function else None

    def streaming(self, runner: Runner) -> object:
        """The body of a reply that `runner` sends."""
        body: object = self._responses.StreamingResponse(runner)
        return body

    async def call(self, service: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """A request to the API of another service, in the scope of now."""
        reply: Reply = await _service(service).handle_request(method, path, dict(headers), body, {})
        return reply

    def original(self, name: str) -> Callable[..., Any]:
        """What `replace` is to replace."""
        original: Callable[..., Any] = _find(name)
        return original

    def replace(self, name: str, value: Callable[..., Any]) -> None:
        """Put `value` in the place of an attribute of a service, named in `_REPLACED`."""
        service, _, attribute = name.rpartition(".")
        setattr(_service(service), attribute, value)

    def replace_handler(self, kind: str, action: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Put another function in the place of what a stack calls to "create" or "update" a kind of resource."""
        handlers = _handlers(kind)
        handlers[action] = wrap(handlers[action])

    def handler(self, kind: str, action: str) -> Callable[..., Any]:
        """What a stack calls to do something with a kind of resource."""
        return _handlers(kind)[action]

    def nested_stacks(self, parent: str) -> list[Json]:
        """The records of the nested stacks of a stack, the newest last."""
        stacks = _service("cloudformation")._stacks
        return [each for each in stacks.values() if each.get("_parent_stack_name") == parent]

    def attributes(self, stack: str, logical_id: str) -> Json:
        """What a resource of a stack answers to Fn::GetAtt."""
        resources = _service("cloudformation")._stacks[stack]["_resources"]
        found: Json = resources.get(logical_id, {}).get("Attributes", {})
        return found

    def made_up(self, stack: str, logical_id: str) -> str:
        """How the names end that are made up for a resource of a stack, but for what queues have after it."""
        name: str = _service("cloudformation.provisioners")._physical_name(stack, logical_id)
        return name.rpartition("-")[2]

    def add_kind(self, kind: str, handlers: Mapping[str, Callable[..., Any]]) -> None:
        """Let stacks hold a kind of resource that the emulator itself does not know in templates."""
        _service("cloudformation.provisioners")._RESOURCE_HANDLERS.setdefault(kind, dict(handlers))

    def route_response(self, action: str, *arguments: object) -> Json:
        """Have WebSocket APIs "create" or "delete" a route response. Raises ValueError when it is refused."""
        status, _, body = getattr(_service("apigateway"), f"_{action}_route_response")(*arguments)
        if status >= 400:
            raise ValueError(f"the route response is refused: {body!r}")
        made: Json = json.loads(body or "{}")
        return made


def check() -> None:
    """End with a clear message when the emulator is not the one that this was made for."""
    for module, names in _CORE.items():
        found = importlib.import_module(f"ministack.core.{module}")
        for name in names:
            if not callable(getattr(found, name, None)):
                _fail(f"{module}.{name}")
    for name, parameters in (_REPLACED | _USED).items():
        found = _find(name)
        if found is None or list(inspect.signature(found).parameters)[: len(parameters)] != parameters:
            _fail(name)
    for name, call in _CALLERS.items():
        found = _find(name)
        if found is None or call not in _source(found):
            _fail(name)
    if not isinstance(_find("lambda_svc._functions._data"), dict):
        _fail("lambda_svc._functions._data")
    for (kind, action), parameters in _HANDLERS.items():
        if list(inspect.signature(_handlers(kind).get(action, _fail)).parameters)[: len(parameters)] != parameters:
            _fail(f"the handler that a stack has to {action} {kind}")
    if "_parent_stack_name" not in _source(_find("cloudformation.provisioners._cfn_nested_stack_deploy")):
        _fail("how nested stacks are recorded")


def _source(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def _service(name: str) -> Any:
    return importlib.import_module(f"ministack.services.{name}")


def _handlers(kind: str) -> dict[str, Callable[..., Any]]:
    handlers: dict[str, Callable[..., Any]] = _service("cloudformation.provisioners")._RESOURCE_HANDLERS.get(kind, {})
    return handlers


def _find(name: str) -> Any:
    service, *attributes = name.split(".")
    found = _service(service)
    for attribute in attributes:
        found = getattr(found, attribute, None)
    return found


def _fail(what: str) -> NoReturn:
    sys.exit(f"this emulator is not the one Lakon was made for: {what} is not as expected")
