"""What differs between stages, and what is given from outside."""

import lakon

service = lakon.Service("staged")
level = service.input("Level", default="info", choices=["debug", "info"], description="How much is logged")
owner = service.input("Owner")
notes = service.topic("notes")
service.output("Owner", owner)


@service.function(
    memory=2048 if service.stage == "prod" else 256,
    env={"LEVEL": level, "OWNED": f"by {owner} in {service.stage}"},
    uses=notes.publish,
)
def work(event, context):
    """Work."""
    return service.stage
