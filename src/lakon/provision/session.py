"""The door to AWS: the only module of the project that imports boto3 and botocore.

Whatever a call through this door can suffer comes out as a LakonError, translated in this one place:
`RefusedError` when AWS answered with an error, `CredentialsError` when it does not know who asks, `LocalError` or
`ProvisionError` when nobody answered. The other modules never see an exception of botocore's. (Do not use boto3's
waiters: they look for those.)
"""

from __future__ import annotations

import os
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import botocore.exceptions as botocore_errors
import botocore.session
from botocore.config import Config

from lakon.exceptions import CredentialsError, LakonError, LocalError, ProvisionError, UsageError
from lakon.provision.models import Models

if TYPE_CHECKING:
    import boto3
    from botocore.awsrequest import AWSResponse
    from botocore.model import OperationModel
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

    from lakon.provision.clients import EventsClient, SchedulerClient
    from lakon.settings import Target

Service: TypeAlias = Literal[
    "apigateway", "cloudformation", "cloudfront", "events", "iam", "lambda", "logs", "s3", "scheduler", "sts"
]

LOCAL_REGION = "us-east-1"
CONNECTIONS = 16
LONGEST_INVOCATION = 900  # seconds: Lambda's limit

_UNKNOWN_CALLER = frozenset(
    {"AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken", "SignatureDoesNotMatch"}
    | {"UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken"}
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_WRONG_CLOCK = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"})
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
)

_UNUSABLE = (
    botocore_errors.PartialCredentialsError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.NoAuthTokenError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.SSOError,
    getattr(botocore_errors, "LoginError", botocore_errors.SSOError),  # `aws login`: newer than the oldest botocore
    botocore_errors.ConfigNotFound,
    botocore_errors.InvalidConfigError,
    botocore_errors.MetadataRetrievalError,
)


class RefusedError(ProvisionError):
    """AWS answered a call with an error: its `code` ("NoSuchBucket"), HTTP `status`, and the `operation` asked for."""

    def __init__(self, what: str, *, code: str, status: int, operation: str, hint: str | None = None) -> None:
        super().__init__(what, hint=hint)
        self.code = code
        self.status = status
        self.operation = operation


class Session:
    """One account and region (or an emulator of them), as `target` names it. Opens no connection until a call is made.

    Calls are retried in botocore's adaptive mode, which slows down where AWS throttles; once where an emulator answers,
    which never does. The embedded AWS is spoken to with credentials of its own, whatever
    the user's configuration holds; an endpoint that is not ours gets the user's.

    Raises:
        UsageError: there is no such profile.

    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._clients: dict[str, object] = {}
        self._lock = threading.Lock()
        try:
            self._core = _core_session(target)
        except botocore_errors.ProfileNotFound as error:
            raise UsageError(
                f"there is no AWS profile named {target.profile or os.environ.get('AWS_PROFILE')}",
                hint="`aws configure list-profiles` shows those there are.",
            ) from error

    @property
    def local(self) -> bool:
        """Whether this is the embedded AWS."""
        return self.target.local

    @property
    def quick(self) -> bool:
        """Whether an emulator answers, where a stack takes milliseconds."""
        return self.target.endpoint_url is not None

    @cached_property
    def region(self) -> str:
        """The region: the command's, else the environment's or the profile's. UsageError when there is none."""
        named = self.target.region or os.environ.get("AWS_REGION") or self._core.get_config_variable("region")
        region = named or (LOCAL_REGION if self.local else None)
        if region is None:
            raise UsageError(
                "no AWS region is configured",
                hint="Name one with --region, AWS_REGION, or `aws configure set region`.",
            )
        return region

    @cached_property
    def partition(self) -> str:
        """The partition of the region, as it stands in ARNs: "aws", "aws-cn", ..."""
        return self._core.get_partition_for_region(self.region)

    @cached_property
    def account(self) -> str:
        """The account that asks, as twelve digits: from the credentials when they say it, else from STS."""
        try:
            credentials = self._core.get_credentials()
            known = credentials.get_frozen_credentials().account_id if credentials else None
        except botocore_errors.BotoCoreError as error:
            raise self._unasked(error, "sts:GetCallerIdentity") from error
        return known or self.client("sts").get_caller_identity()["Account"]

    @property
    def invoker(self) -> LambdaClient:
        """A Lambda client that waits as long as a function may run and never sends the same invocation twice."""
        client: LambdaClient = self._made(  # type: ignore[assignment] # the name "lambda" decides the type
            "lambda", "invoker", retries={"total_max_attempts": 1}, read_timeout=LONGEST_INVOCATION + 10
        )
        return client

    @overload
    def client(self, service: Literal["apigateway"]) -> APIGatewayClient: ...
    @overload
    def client(self, service: Literal["cloudformation"]) -> CloudFormationClient: ...
    @overload
    def client(self, service: Literal["cloudfront"]) -> CloudFrontClient: ...
    @overload
    def client(self, service: Literal["events"]) -> EventsClient: ...
    @overload
    def client(self, service: Literal["iam"]) -> IAMClient: ...
    @overload
    def client(self, service: Literal["lambda"]) -> LambdaClient: ...
    @overload
    def client(self, service: Literal["logs"]) -> CloudWatchLogsClient: ...
    @overload
    def client(self, service: Literal["s3"]) -> S3Client: ...
    @overload
    def client(self, service: Literal["scheduler"]) -> SchedulerClient: ...
    @overload
    def client(self, service: Literal["sts"]) -> STSClient: ...
    def client(self, service: Service) -> object:
        """A client of the service, made once; safe to use from several threads.

        Raises:
            UsageError: no region is configured.
            CredentialsError: there are no credentials.

        """
        return self._made(service, service)

    def plain(self, service: str) -> Any:
        """A boto3 client of any service on this target, which raises botocore's own exceptions."""
        return self._boto3.client(  # type: ignore[call-overload]  # the stubs know services by literal names only
            service, region_name=self.region, endpoint_url=self.target.endpoint_url, config=self._config()
        )

    def command(self, verb: str) -> str:
        """The command line of a verb on this target, for hints: `lakon status --stage prod`."""
        return self.target.command(verb)

    def aws_command(self, words: str) -> str:
        """A command line of the AWS CLI on this target, for hints."""
        endpoint = f" --endpoint-url {self.target.endpoint_url}" if self.local else ""
        return f"`aws {words} --region {self.region}{self.target.place()}{endpoint}`"

    @cached_property
    def _boto3(self) -> boto3.Session:
        import boto3  # slow to import, and what Lakon itself calls needs botocore alone

        return boto3.Session(botocore_session=self._core)

    def _made(self, service: Service, key: str, **differing: object) -> object:
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, differing)
            return self._clients[key]

    def _make(self, service: Service, differing: dict[str, object]) -> object:
        try:
            if self._core.get_credentials() is None:
                raise self._no_credentials()
            client = self._core.create_client(
                service,
                region_name=self.region,
                endpoint_url=self.target.endpoint_url,
                config=self._config().merge(Config(**differing)),  # type: ignore[arg-type] # names checked by Config
            )
        except botocore_errors.BotoCoreError as error:
            raise self._unasked(error, f"{service}:") from error
        client.meta.events.register("after-call", self._after_call)
        client.meta.events.register("after-call-error", self._after_call_error)
        return client

    def _config(self) -> Config:
        return Config(
            retries={"mode": "standard", "total_max_attempts": 2}
            if self.quick
            else {"mode": "adaptive", "total_max_attempts": 8},
            connect_timeout=5,
            read_timeout=70,
            tcp_keepalive=True,
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": "path"} if self.quick else None,
            proxies={} if self.local else None,  # a proxy of the user's cannot reach our loopback
            user_agent_extra="lakon",
        )

    def _after_call(
        self, http_response: AWSResponse, parsed: dict[str, dict[str, str]], model: OperationModel, **_: object
    ) -> None:
        if http_response.status_code == 400 and model.http.get("method") == "HEAD":
            self.client("sts").get_caller_identity()  # tells what the answer to a HEAD cannot: credentials have expired
        if http_response.status_code >= 300:
            error = parsed.get("Error", {})
            code, message = error.get("Code", "Unknown"), error.get("Message", "").strip()
            raise self._refusal(code, message, http_response.status_code, model)

    def _after_call_error(self, exception: Exception, event_name: str, **_: object) -> None:
        if isinstance(exception, botocore_errors.BotoCoreError):
            raise self._unasked(exception, ":".join(event_name.split(".")[1:])) from exception

    def _refusal(self, code: str, message: str, status: int, model: OperationModel) -> LakonError:
        call = f"{model.service_model.signing_name}:{model.name}"
        if code in _EXPIRED:
            return CredentialsError(f"{self._who()} has expired (AWS said so to {call})", hint=self._renewal())
        if code in _UNKNOWN_CALLER:
            return CredentialsError(
                f"AWS does not accept {self._who()} ({call}: {message or code})", hint=self._renewal()
            )
        if code in _WRONG_CLOCK:
            return CredentialsError(
                f"AWS finds the time of the request wrong ({call}: {message or code})",
                hint="Set this machine's clock.",
            )
        if code == "OptInRequired":
            hint = f"The region {self.region} is not enabled for this account, or the account is not active."
        elif code in _DENIED:
            hint = f"Somebody who may change IAM has to allow {_action(call)} to {self._who()}."
        elif code in _THROTTLED:
            hint = "AWS was asked too often for too long; run the command again in a minute."
        else:
            hint = None
        return RefusedError(
            f"AWS refused {call}: {message or code}", code=code, status=status, operation=model.name, hint=hint
        )

    def _unasked(self, error: botocore_errors.BotoCoreError, call: str) -> LakonError:
        match error:
            case botocore_errors.NoCredentialsError():
                return self._no_credentials()
            case _ if isinstance(error, _UNUSABLE):
                return CredentialsError(f"{self._who()} cannot be used: {error}", hint=self._renewal())
            case botocore_errors.InvalidRegionError():
                return UsageError(f"{self.region} is not a region", hint="Regions look like eu-west-1.")
            case botocore_errors.ConnectionError() | botocore_errors.HTTPClientError():
                return self._no_answer(error, call)
            case _:
                return ProvisionError(f"{call} could not be asked: {error}")

    def _no_answer(self, error: Exception, call: str) -> LakonError:
        if self.local:
            return LocalError(
                f"the embedded AWS does not answer {call}",
                where=self.target.endpoint_url,
                hint="It may have been stopped; run the command again to start it.",
                detail=str(error),
            )
        hint = "Is the network up, and is the endpoint the right one?"
        if self.target.endpoint_url is None:
            hint = f"Is the network up, and is {self.region} the right region?"
        return ProvisionError(f"nobody answers {call}: {error}", hint=hint)

    def _no_credentials(self) -> CredentialsError:
        return CredentialsError(
            "there are no AWS credentials",
            hint="Run `aws configure` or `aws sso login`, or name a profile with --profile; "
            "--local needs no credentials.",
        )

    def _who(self) -> str:
        profile = self._core.profile or "default"
        if self.target.profile is None and os.environ.get("AWS_ACCESS_KEY_ID"):
            return "the identity of AWS_ACCESS_KEY_ID"
        return f"the identity of the profile {profile}"

    def _renewal(self) -> str:
        if self.target.profile is None and os.environ.get("AWS_ACCESS_KEY_ID"):
            return "Renew AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or unset them."
        profile = self._core.profile or "default"
        return f"Run `aws sso login --profile {profile}` or renew the keys with `aws configure --profile {profile}`."


def _core_session(target: Target) -> botocore.session.Session:
    nothing = (None, None, os.devnull, None)
    own = {"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}
    core = botocore.session.Session(profile=target.profile, session_vars=own if target.local else None)
    if target.local:
        core.set_credentials("test", "test")
    if target.region:
        core.set_config_variable("region", target.region)
    core.register_component("data_loader", Models(core.get_config_variable("data_path")))
    return core


def _action(call: str) -> str:
    """The IAM action of an API call, where it is not the call's own name."""
    other = {"s3:HeadObject": "s3:GetObject", "s3:HeadBucket": "s3:ListBucket", "s3:DeleteObjects": "s3:DeleteObject"}
    return other.get(call, call.replace("lambda:Invoke", "lambda:InvokeFunction"))
