"""Show the service at work on the embedded AWS: a photo falls into the bucket, and comes out stamped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
STAMPED = HERE / ".lakon" / "stamped.png"
TRIES = 60


def lakon(*arguments, quiet=False):
    """Run a lakon command as a user would, showing it; return what it prints on stdout."""
    if not quiet:
        print(f"\n$ lakon {' '.join(arguments)}", flush=True)
    command = subprocess.Popen([sys.executable, "-m", "lakon", *arguments], cwd=HERE, stdout=subprocess.PIPE, text=True)
    try:
        said, _ = command.communicate()
    except KeyboardInterrupt:
        command.wait()  # it was interrupted as well, and tidies up
        raise
    if command.returncode:
        raise RuntimeError(f"lakon {arguments[0]} ended with exit code {command.returncode}")
    return said


def log_of(function):
    """What a function wrote; its records reach the log a moment after it has answered."""
    said = lakon("logs", function, "--local")
    for _ in range(TRIES):
        if "REPORT RequestId" in said:
            return said
        time.sleep(0.5)
        said = lakon("logs", function, "--local", quiet=True)
    raise RuntimeError(f"the log of {function} does not tell of its end")


def show():
    """Provision, put a photo, fetch the stamped one, show the log."""
    import boto3  # slow, and so where Ctrl-C is waited for
    from botocore.config import Config

    provisioned = json.loads(lakon("provision", "--local", "--json"))
    bucket = provisioned["outputs"]["PhotosBucketName"]
    endpoint = lakon("local", "status").strip()
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(proxies={}), **credentials)
    print(f"putting {HERE / 'photo.png'} into {bucket}/in/cat.png", flush=True)
    begun = time.monotonic()
    s3.upload_file(str(HERE / "photo.png"), bucket, "in/cat.png")
    waiting = {"Delay": 1, "MaxAttempts": TRIES}
    s3.get_waiter("object_exists").wait(Bucket=bucket, Key="out/cat.png", WaiterConfig=waiting)
    s3.download_file(bucket, "out/cat.png", str(STAMPED))
    print(f"the stamped photo came out {time.monotonic() - begun:.1f} s later: {STAMPED}", flush=True)
    print(log_of("stamp"), end="", flush=True)
    print(lakon("invoke", "describe", '{"photo": "in/cat.png"}', "--local"), end="", flush=True)


def main():
    """Show the service, and leave nothing behind, however it ends; return the exit code."""
    for name in list(os.environ):  # whatever the user's shell is set up for, this is about the embedded AWS alone
        if name.startswith(("AWS_", "LAKON_")) and name != "LAKON_CACHE":
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    code = attempt(show)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # tidying up takes a moment, and is not to be interrupted
    left = attempt(lambda: lakon("delete", "--local"))
    return code or left


def attempt(doing):
    """Do it; tell in one line why it could not be done. Return the exit code."""
    try:
        doing()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - whatever it is, a demo does not end in a traceback
        print(f"\nthe demo failed: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
