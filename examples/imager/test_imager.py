"""The whole service, in the embedded AWS: real template, real processes, a real photo."""

import io
from pathlib import Path

import pytest
from PIL import Image

PHOTO = Path(__file__).parent / "photo.png"


@pytest.fixture(scope="module")
def cloud(lakon_local):
    with lakon_local("app.py") as cloud:
        yield cloud


def stamped(cloud, key):
    body = cloud.wait_for(lambda: cloud.s3.get_object(Bucket=cloud.name("photos"), Key=key))["Body"]
    return Image.open(io.BytesIO(body.read()))


def test_a_photo_is_stamped(cloud):
    cloud.s3.put_object(Bucket=cloud.name("photos"), Key="in/my cat (é).png", Body=PHOTO.read_bytes())
    image, photo = stamped(cloud, "out/my cat (é).png"), Image.open(PHOTO)
    assert image.size == photo.size
    sky = (0, 0, photo.width, photo.height // 2)
    assert image.crop(sky).tobytes() == photo.convert("RGB").crop(sky).tobytes()
    band = (0, photo.height - 10, photo.width, photo.height)
    assert image.crop(band).tobytes() != photo.convert("RGB").crop(band).tobytes()
    assert any("stamped in/my cat (é).png" in line for line in cloud.logs("stamp"))
    assert not cloud.errors("stamp")


def test_a_stamped_photo_is_known(cloud):
    cloud.s3.put_object(Bucket=cloud.name("photos"), Key="in/known.png", Body=PHOTO.read_bytes())
    cloud.wait_for(lambda: cloud.invoke("describe", {"photo": "in/known.png"})["known"])
    assert cloud.invoke("describe", {"photo": "in/known.png"}) == {
        "photo": "in/known.png",
        "known": True,
        "stamped": "out/known.png",
        "width": 451,
    }
    assert cloud.invoke("describe", {"photo": "in/other.png"}) == {"photo": "in/other.png", "known": False}


def test_what_is_not_a_photo_is_an_error_in_the_log(cloud):
    cloud.s3.put_object(Bucket=cloud.name("photos"), Key="in/text.png", Body=b"no picture")
    assert cloud.wait_for(lambda: [line for line in cloud.errors("stamp") if "UnidentifiedImageError" in line])
