"""Existing resources become part of the stack, with what they hold."""

# mypy: allow-untyped-defs, allow-untyped-calls

import io
import json
import sys
import zipfile

import boto3
import pytest

PROGRAM = """
import lakon

service = lakon.Service("shop", python="{python}")
orders = service.table("orders", key="order")
# more


@service.function(uses=orders.read)
def tell(event, context):
    return orders.name
"""


AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@pytest.fixture
def shop(run, tmp_path):
    text = PROGRAM.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}")
    (tmp_path / "app.py").write_text(text)
    (tmp_path / "other.py").write_text('import lakon\nservice = lakon.Service("other")\nservice.topic("notes")\n')
    assert run("provision", "--local", "--app", "other.py").code == 0, "the embedded AWS runs"
    yield run
    run("local", "stop")


@pytest.fixture
def place(shop):
    """The embedded AWS in AWS's place."""
    return "--endpoint-url", shop("local", "status").out.strip()


def client(run, service):
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    return session.client(service, endpoint_url=run("local", "status").out.strip())


def old_table(run):
    dynamodb = client(run, "dynamodb")
    dynamodb.create_table(
        TableName="old-orders",
        KeySchema=[{"AttributeName": "order", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "order", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="old-orders", Item={"order": {"S": "1"}, "what": {"S": "a hat"}})


def test_a_table_before_the_first_provision(shop, place):
    """That a later provision leaves it alone cannot be shown here: the emulator makes it anew, as AWS does not."""
    run = shop
    old_table(run)
    done = run("adopt", "orders=old-orders", "--json", *place, **AWS)
    assert done.code == 0, done.err
    assert done.json() == {"stack": "shop-dev", "resources": {"OrdersTable": "old-orders"}}
    status = run("status", "--local", "--json").json()
    assert status["state"] == "IMPORT_COMPLETE"
    assert [each["physical_id"] for each in status["resources"]] == ["old-orders"]
    shown = run("diff", "--local").out
    assert "DeletionPolicy: Retain -> Delete" in shown, "until then it is kept"
    assert "KeySchema" not in shown, "else it is what the program declares"
    assert run("rollback", *place, "--list", **AWS).out.count("runs") == 1, "it is recorded"
    assert "not recorded" not in run("rollback", *place, "--list", **AWS).out
    [item] = client(run, "dynamodb").scan(TableName="old-orders")["Items"]
    assert item["what"]["S"] == "a hat"
    again = run("adopt", "orders=old-orders", *place, **AWS)
    assert again.code == 2
    assert "is part of the stack already" in again.err


def test_into_a_stack_that_is_there(shop, tmp_path, place):
    run, app = shop, tmp_path / "app.py"
    assert run("provision", "--local").code == 0
    app.write_text(app.read_text().replace("# more", 'jobs = service.queue("jobs", dead_letters=False)'))
    url = client(run, "sqs").create_queue(QueueName="old-jobs")["QueueUrl"]
    done = run("adopt", f"JobsQueue={url}", *place, **AWS)
    assert done.code == 0, done.err
    assert "JobsQueue is " in done.err
    status = run("status", "--local", "--json").json()
    assert {each["logical_id"]: each["physical_id"] for each in status["resources"]}["JobsQueue"] == url
    assert "TellFunction" in {each["logical_id"] for each in status["resources"]}


FUNCTION = """service.resource(
    "Price",
    "AWS::Lambda::Function",
    {{
        "FunctionName": "old-price",
        "Role": "arn:aws:iam::000000000000:role/old-price",
        "Runtime": "python{python}",
        "Handler": "index.handler",
        "Code": {{"ZipFile": "def handler(event, context):\\n    return 7"}},
    }},
)"""


def test_a_function_as_it_is(shop, tmp_path, place):
    """Before there is a stack, and beside the program's own functions once they are provisioned."""
    run, app = shop, tmp_path / "app.py"
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 7")
    client(run, "iam").create_role(RoleName="old-price", AssumeRolePolicyDocument="{}")
    client(run, "lambda").create_function(
        FunctionName="old-price",
        Runtime=f"python{python}",
        Role="arn:aws:iam::000000000000:role/old-price",
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    app.write_text(app.read_text().replace("# more", FUNCTION.format(python=python)))
    done = run("adopt", "Price=old-price", "--json", *place, **AWS)
    assert done.code == 0, done.err
    assert done.json()["resources"] == {"Price": "old-price"}
    called = client(run, "lambda").invoke(FunctionName="old-price")
    assert json.loads(called["Payload"].read()) == 7
    shown = run("diff", *place, **AWS).out
    assert "+ TellFunction" in shown
    assert "old-price" not in shown, "it is what the program declares"


def test_what_cannot_be_adopted(shop, place):
    run = shop
    for names, code, said in [
        (["carts=old"], 2, "has no resource 'carts'"),
        (["orders"], 2, "it takes a name and a value"),
        (["orders=not-there"], 6, "not"),
        (["TellFunction=old"], 2, "the program names it shop-dev-tell, and makes a role for it"),
        (["tell=old"], 2, "app.py:9: the function 'tell' cannot be adopted"),
    ]:
        refused = run("adopt", *names, *place, **AWS)
        assert refused.code == code, refused.err
        assert said in refused.err
    assert run("status", "--local").code == 6, "nothing is left"
    assert run("adopt", "orders=old", "--local").code == 8
