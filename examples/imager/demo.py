"""Show the service at work on the embedded AWS: a photo falls into the bucket, and comes out stamped."""

import json
import subprocess
import sys
import time
from pathlib import Path

import boto3

HERE = Path(__file__).parent
STAMPED = HERE / ".lakon" / "stamped.png"


def lakon(*arguments):
    """Run a lakon command as a user would, showing it; return what it prints on stdout."""
    print(f"\n$ lakon {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "lakon", *arguments]
    return subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True).stdout


def log_of(function):
    """What a function wrote; its records reach the log a moment after it has answered."""
    said = lakon("logs", function, "--local")
    while "REPORT RequestId" not in said:
        time.sleep(0.5)
        said = subprocess.run(
            [sys.executable, "-m", "lakon", "logs", function, "--local"],
            cwd=HERE,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
    return said


def main():
    """Provision, put a photo, fetch the stamped one, show the log, delete."""
    provisioned = json.loads(lakon("provision", "--local", "--json"))
    try:
        bucket = provisioned["outputs"]["PhotosBucketName"]
        endpoint = lakon("local", "status").strip()
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        s3 = boto3.client("s3", endpoint_url=endpoint, **credentials)
        print(f"putting {HERE / 'photo.png'} into {bucket}/in/cat.png", flush=True)
        begun = time.monotonic()
        s3.upload_file(str(HERE / "photo.png"), bucket, "in/cat.png")
        s3.get_waiter("object_exists").wait(
            Bucket=bucket, Key="out/cat.png", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        s3.download_file(bucket, "out/cat.png", str(STAMPED))
        print(f"the stamped photo came out {time.monotonic() - begun:.1f} s later: {STAMPED}", flush=True)
        print(log_of("stamp"), end="", flush=True)
        print(lakon("invoke", "describe", '{"photo": "in/cat.png"}', "--local"), end="", flush=True)
    finally:
        lakon("delete", "--local")


if __name__ == "__main__":
    main()
