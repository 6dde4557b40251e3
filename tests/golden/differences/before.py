"""A service as it is provisioned."""

import lakon

service = lakon.Service("shop", tags={"team": "one"}, layer=True)
orders = service.table("orders", key="order", keep=True)
carts = service.table("carts", key="cart")
jobs = service.queue("jobs")
receipts = service.bucket("receipts")
service.resource("Cache", "AWS::ElastiCache::ServerlessCache", {"Engine": "valkey", "ServerlessCacheName": "shop"})
service.output("Receipts", receipts.arn)


@service.function(on=jobs.messages(), uses=[orders.read, receipts.read_write])
def work(event, context):
    """Do one job."""


@service.function(uses=lakon.allow("rekognition:*", "*"))
def look(event, context):
    """Look at a picture."""


@service.function(log_retention_days=7)
def tidy(event, context):
    """Sweep."""
