"""The same service as it shall be."""

import lakon

service = lakon.Service("shop", tags={"team": "two"}, layer=True)
orders = service.table("orders", key="order", sort="line", keep=True)
jobs = service.queue("jobs", fifo=True)
cache = service.resource(
    "Cache", "AWS::ElastiCache::ServerlessCache", {"Engine": "valkey", "ServerlessCacheName": "shop-two"}
)
mail = service.topic("mail")
service.output("Cache", cache.att("Endpoint.Address"))


@service.function(on=jobs.messages(), uses=orders.read_write, memory=1024, env={"LEVEL": "debug"})
def work(event, context):
    """Do one job."""


@service.function(uses=lakon.allow("rekognition:DetectLabels", "*"))
def look(event, context):
    """Look at a picture."""


@service.function(on=lakon.every("1 hour"), uses=mail.publish)
def remind(event, context):
    """Send a mail."""
