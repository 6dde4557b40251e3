"""Stamp every photo that lands in a bucket, and answer questions about it."""

import io
import logging
from datetime import UTC, datetime
from urllib.parse import unquote_plus

import boto3
from PIL import Image, ImageDraw

import lakon

log = logging.getLogger()
log.setLevel(logging.INFO)

service = lakon.Service("imager", description="Stamps every photo that lands in a bucket")

photos = service.bucket("photos")
index = service.table("index", key="photo")


@service.function(
    on=photos.created(prefix="in/", suffix=".png"),
    uses=[photos.read_write, index.write],
    memory=512,
    timeout=20,
    alarms=[lakon.errors(threshold=1), lakon.duration(p99="15s")],
)
def stamp(event, context):
    """Put each new photo, stamped, under `out/`, and remember it."""
    s3 = boto3.client("s3")
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])  # S3 quotes the keys in its events
        image = Image.open(io.BytesIO(s3.get_object(Bucket=photos.name, Key=key)["Body"].read()))
        text = f"{key.removeprefix('in/')}  {datetime.now(UTC):%Y-%m-%d}"
        stamped = io.BytesIO()
        draw_stamp(image.convert("RGB"), text).save(stamped, "PNG")
        target = key.replace("in/", "out/", 1)
        s3.put_object(Bucket=photos.name, Key=target, Body=stamped.getvalue(), ContentType="image/png")
        item = {"photo": {"S": key}, "stamped": {"S": target}, "width": {"N": str(image.width)}}
        boto3.client("dynamodb").put_item(TableName=index.name, Item=item)
        log.info("stamped %s (%d x %d)", key, image.width, image.height)


def draw_stamp(image, text):
    """Write the text on a dark band along the lower edge."""
    height = max(20, image.height // 10)
    draw = ImageDraw.Draw(image, "RGBA")
    draw.rectangle((0, image.height - height, image.width, image.height), fill=(0, 0, 0, 160))
    draw.text((10, image.height - height + 4), text, fill="white", font_size=height - 12)
    return image


@service.function(uses=[index.read])
def describe(event, context):
    """Tell what is known of the photo `event["photo"]`."""
    item = boto3.client("dynamodb").get_item(TableName=index.name, Key={"photo": {"S": event["photo"]}}).get("Item")
    if item is None:
        return {"photo": event["photo"], "known": False}
    return {"photo": event["photo"], "known": True, "stamped": item["stamped"]["S"], "width": int(item["width"]["N"])}


if __name__ == "__main__":
    service.main()
