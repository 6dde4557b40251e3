"""A service of stores alone: no function, no archive."""

import lakon

service = lakon.Service("stores", description="Stores alone")
service.bucket("photos")
service.table("index", key="photo")
service.queue("jobs")
service.topic("news")
