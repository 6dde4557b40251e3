"""Why CloudFormation fails, in plain words: what is known of its reasons and what to do about them, as data.

Rests on the troubleshooting pages of the CloudFormation and Lambda guides and on the services' own messages.
"""

from __future__ import annotations

import re

_HANDLER = re.compile(
    r'^(?:Resource handler returned message: )"?(?P<message>.*?)"?\s*'
    r"(?:\(RequestToken: [^)]*\))?$",
    re.DOTALL,
)
_SERVICE_TAIL = re.compile(r"\s*\((?:Service: [^)]*|SDK Attempt Count: \d+)\)")
_NOISE = re.compile(r"^(Resource (creation|update|deletion) cancelled|The following resource\(s\) failed)")

KNOWN = (
    (
        r"(?i)Update of resource type is not permitted",
        "A resource keeps its type: give the new one another logical id, so that it is made beside the old.",
    ),
    (
        r"already has a variable path part",
        (
            "A REST API takes one parameter below each path, and CloudFormation makes the new before it removes the "
            "old: take the routes with the old name out, provision, and put them in with the new."
        ),
    ),
    (
        r"(?i)Priority '?\d+'? is currently in use|PriorityInUse",
        (
            "Two rules of a listener have one priority, or would for a moment, for CloudFormation makes the new before "
            "it removes the old: give the rule a priority= that is free."
        ),
    ),
    (
        r"CloudWatch Logs role ARN must be set",
        (
            "API Gateway needs a role to log, one for the account and region: `lakon provision` sets it, other tools "
            "do not; or turn the logs off with access_logs=False."
        ),
    ),
    (
        r"(?i)certificate (doesn't|does not) exist, (isn't|is not) in us-east-1",
        "CloudFront takes certificates of us-east-1 alone: give the ARN of one that lies there.",
    ),
    (
        r"NoSuchKey|The specified key does not exist",
        "The archive is not in the artifact bucket any more: run the command again to upload it.",
    ),
    (
        r"unreserved\w*Concurren\w* .*below its minimum|UnreservedConcurrentExecution",
        (
            "The account must keep some concurrency unreserved (AWS wants 10 or 100): reserve less, or ask "
            "AWS for a higher quota of concurrent executions."
        ),
    ),
    (
        (
            r"overlapping (suffixes|prefixes)|Configuration is ambiguously defined|Unable to validate the following "
            r"destination configurations"
        ),
        (
            "Two notifications of the bucket cover the same keys, or the bucket may not call the function: give each "
            "its own prefix or suffix."
        ),
    ),
    (
        r"bucket name is not available|BucketAlready\w+|AWS::S3::Bucket .*already exists",
        "Bucket names are shared by all AWS accounts: choose another, or give none and let CloudFormation choose.",
    ),
    (
        r"(?i)log group.*already exists|AWS::Logs::LogGroup.*already exists",
        (
            "A function that ran before made its log group itself, or an earlier stack kept it: delete that log group, "
            "or let `lakon adopt` take it into the stack."
        ),
    ),
    (
        r"(?i)role with name .* already exists|AWS::IAM::(Role|Policy|ManagedPolicy).*already exists",
        (
            "IAM names are shared by all regions of the account: choose another name, or give none and let "
            "CloudFormation choose."
        ),
    ),
    (
        r"(?i)cannot assume role|role defined for the function cannot be assumed",
        "The role must trust lambda.amazonaws.com; a role made moments ago may need a minute: run the command again.",
    ),
    (
        r"(?i)AccessDenied|not authorized to perform|is not authorized|UnauthorizedTaggingOperation",
        "The identity that provisions lacks this permission: somebody who may change IAM has to allow it.",
    ),
    (
        r"(?i)LimitExceeded|ServiceQuotaExceeded|quota|Maximum number of|limit .*(exceeded|reached)",
        "A quota of the account is used up: remove what is not needed, or ask for more in Service Quotas.",
    ),
    (
        r"(?i)Rate exceeded|Throttl|TooManyRequests",
        "AWS was asked too much at once: run the command again.",
    ),
    (
        r"(?i)Unzipped size must be smaller|Code storage limit exceeded|CodeStorageExceeded",
        "The code is too large for Lambda: `lakon build` lists the biggest folders; old versions count as well.",
    ),
    (
        r"(?i)runtime parameter of .* is no longer supported|The runtime parameter",
        "AWS has retired this runtime: choose a newer Python.",
    ),
    (
        r"(?i)bucket you tried to delete is not empty|BucketNotEmpty",
        "Something was put into the bucket meanwhile: run the command again.",
    ),
    (
        r"(?i)Queue visibility timeout: \d+ seconds is less than Function timeout",
        "The queue must hide a message for at least as long as the function may run (AWS advises six times as long).",
    ),
    (
        (
            r"(?i)WaitCondition timed out|Failed to receive \d+ resource signal|custom resource.*(timed out|stabiliz)"
            r"|CloudFormation did not receive a response"
        ),
        "Nothing answered CloudFormation: the logs of the function behind this resource say why.",
    ),
    (
        r"(?i)Export .* cannot be (deleted|updated|removed) as it is in use",
        "Another stack imports this output: change or delete that stack first.",
    ),
    (
        r"(?i)cannot be deleted while .*protection",
        "Deletion protection is on: switch it off in the resource first.",
    ),
    (
        r"(?i)custom-named resource and it requires replacing|cannot update a stack when a custom-named resource",
        "A resource with a name of its own cannot be replaced: change the name as well, or give none.",
    ),
    (
        r"(?i)already exists",
        (
            "Something outside of this stack has this name: choose another, delete the other, or let "
            "`lakon adopt NAME=PHYSICAL` take it into the stack."
        ),
    ),
)


def plain(reason: str) -> str:
    """The reason without the wrapping of CloudFormation's handlers and of the AWS SDK.

    `Resource handler returned message: "x already exists (Service: S3, Status Code: 409)" (RequestToken: ...)` is
    `x already exists`.
    """
    match = _HANDLER.match(reason.strip())
    message = match["message"] if match else reason.strip()
    return _SERVICE_TAIL.sub("", message).strip()


def hint_for(reason: str, resource_type: str = "") -> str | None:
    """What to do about a reason that AWS gave for a resource; None when nothing is known about it."""
    text = f"{resource_type} {reason}"
    return next((hint for pattern, hint in KNOWN if re.search(pattern, text)), None)


def is_noise(reason: str | None) -> bool:
    """Whether the reason only says that something else failed first."""
    return not reason or _NOISE.match(reason) is not None
