"""What declarations may not say together: names, variables, references, and what belongs to another service."""

# mypy: allow-untyped-defs, allow-untyped-calls

import pytest

import lakon
from lakon.exceptions import ProgramError
from lakon.synth.synthesis import synthesize

ROOT = __file__.rpartition("/")[0]


def handler(event, context):
    """Do nothing."""


def other_handler(event, context):
    """Do nothing else."""


def mistakes(service):
    try:
        synthesize(service, stage="dev", root=ROOT)
    except ProgramError as error:
        return error.mistakes
    return ()


def only(service):
    found = mistakes(service)
    assert len(found) == 1, found
    return found[0]


def service_with(**options):
    service = lakon.Service("imager")
    service.function(name="stamp", **options)(handler)
    return service


def test_two_functions_of_one_name():
    service = service_with()
    service.function(name="stamp")(handler)
    mistake = next(m for m in mistakes(service) if "two functions" in m.what)
    assert f":{service.functions[0].origin.line};" in mistake.hint


def test_two_names_that_become_one_resource():
    service = lakon.Service("imager")
    service.bucket("my-photos")
    service.bucket("my_photos")
    assert [m.what for m in mistakes(service)] == [
        "another declaration already became the resource MyPhotosBucket",
        "another declaration already became the resource MyPhotosBucketPolicy",
    ]


def made_anew():
    """As a second `def handler` in a module does, which takes the name from the first."""

    def handler(event, context):
        """Do nothing."""

    handler.__qualname__ = "handler"
    return handler


def test_two_handlers_of_one_name_are_one_for_lambda():
    service = lakon.Service("imager")
    first, second = made_anew(), made_anew()
    service.function(name="one")(first)
    service.function(name="two")(first)
    assert mistakes(service) == ()
    service.function(name="three")(second)
    assert only(service).what == f"'three' and 'one' are two handlers of one name, {__name__}.handler"


def test_two_things_in_one_variable():
    service = lakon.Service("imager")
    one, two = service.table("myJobs", key="id"), service.table("myjobs", key="id")
    service.function(name="stamp", uses=[one.read, one.write, lakon.Bucket.existing("a").read])(handler)
    assert mistakes(service) == ()
    service.function(name="both", uses=[one.read, two.read])(handler)
    assert only(service).what == (
        "'both' would find the table 'myJobs' and the table 'myjobs' in one variable, MYJOBS_TABLE_NAME"
    )


def test_one_thing_under_two_handles_is_no_mistake():
    uses = [lakon.Bucket.existing("old").read, lakon.Bucket.existing("old").write]
    assert mistakes(service_with(uses=uses)) == ()


def test_two_functions_in_one_variable():
    service = lakon.Service("imager")
    service.function(name="report")(handler)
    service.function(name="Report")(handler)
    service.function(name="stamp", uses=[lakon.invoke("report"), lakon.invoke("Report")])(handler)
    assert "in one variable, REPORT_FUNCTION_NAME" in only(service).what


def test_a_handler_of_two_functions_is_invoked_by_name():
    service = lakon.Service("imager")
    service.function(name="one")(handler)
    service.function(name="two")(handler)
    service.function(name="stamp", uses=lakon.invoke(handler))(other_handler)
    assert only(service).what == "'stamp' may invoke 'handler', which is the handler of 'one' and 'two'"


def test_outputs_and_parameters_that_are_taken():
    service = lakon.Service("imager")
    service.function(name="stamp")(handler)
    photos = service.bucket("b")
    service.output("BBucketName", photos.arn)
    service.output("Mine", photos.arn)
    service.output("Mine", photos.name)
    service.resource("PythonArchive", "AWS::SNS::Topic")
    assert sorted(mistake.what for mistake in mistakes(service)) == [
        "another declaration already became the output BBucketName",
        "another declaration already became the output Mine",
        "another declaration already became the parameter PythonArchive",
    ]


def test_an_output_that_refers_to_nothing():
    service = service_with()
    service.output("Lost", {"Ref": "Nobody"})
    assert only(service).what == "Lost refers to Nobody, and there is no such resource"
    assert only(service).where == f"test_together.py:{service.outputs[0].origin.line}"


def test_what_refers_to_what_there_is():
    service = service_with()
    photos = service.bucket("photos", keep=True)
    service.resource(
        "Task",
        "AWS::ECS::TaskDefinition",
        {
            "Family": {"Ref": "AWS::StackName"},
            "Code": {"Ref": "PythonArchive"},
            "Text": {"Fn::Sub": ["${a}-${PhotosBucket.Arn}-${!Literal}-${AWS::Region}", {"a": photos.name}]},
            "ContainerDefinitions": [{"DependsOn": [{"ContainerName": "one", "Condition": "START"}]}],
        },
        depends_on=photos,
    )
    assert mistakes(service) == ()


@pytest.mark.parametrize("make", [lambda service: service.queue("jobs"), lambda service: service.topic("jobs")])
def test_two_triggers_on_one_source(make):
    service = lakon.Service("imager")
    jobs = make(service)
    service.function(name="stamp", on=[jobs.messages(), jobs.messages(filter={"body": ["x"]})])(handler)
    assert "'stamp' is called twice by <" in only(service).what


def test_resources_of_another_service():
    other = lakon.Service("other")
    photos, jobs, news, orders = other.bucket("photos"), other.queue("jobs"), other.topic("news"), other.bus("orders")
    service = service_with(
        on=[photos.created(), jobs.messages(), news.messages(), orders.events(source="shop")],
        uses=[photos.read],
        dead_letters=jobs,
        alarms=[lakon.errors(notify=news)],
        env={"PLACE": photos.arn},
    )
    found = [mistake.what for mistake in mistakes(service)]
    assert sum("which is not of the service 'imager'" in what for what in found) == 6
    assert sum("dead_letters" in what or "notifies" in what for what in found) == 2


def test_notifications_that_overlap():
    service = lakon.Service("imager")
    photos = service.bucket("photos")
    service.function(name="one", on=photos.created(prefix="in/"))(handler)
    service.function(name="two", on=photos.events("s3:ObjectCreated:Put", prefix="in/new/"))(handler)
    service.function(name="three", on=[photos.created(prefix="out/"), photos.removed(prefix="in/")])(handler)
    assert only(service).what == "'two' and 'one' are called by the same objects of 'photos'"


def test_a_variable_that_lakon_sets():
    service = lakon.Service("imager")
    photos = service.bucket("photos")
    service.function(name="stamp", uses=photos.read, env={"PHOTOS_BUCKET_NAME": "mine"})(handler)
    assert "by which Lakon tells it where a resource is" in only(service).what


def test_a_circle():
    service = lakon.Service("imager")
    one = service.resource("One", "AWS::SNS::Topic", {"DisplayName": {"Fn::GetAtt": ["Two", "TopicName"]}})
    service.resource("Two", "AWS::SNS::Topic", {"DisplayName": f"after {one.ref}"})
    assert only(service).what in (
        "resources need each other in a circle: One needs Two needs One",
        "resources need each other in a circle: Two needs One needs Two",
    )
