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
# and more


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
    run = shop
    old_table(run)
    done = run("adopt", "orders=old-orders", "--json", "--local")
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
    assert run("provision", "--local").code == 0
    [item] = client(run, "dynamodb").scan(TableName="old-orders")["Items"]
    assert item["what"]["S"] == "a hat"
    assert run("invoke", "tell", "--local").json() == "old-orders"
    assert run("adopt", "orders=old-orders", *place, "--json", **AWS).json() == done.json(), "once more changes nothing"
    again = run("adopt", "orders=other-orders", *place, **AWS)
    assert again.code == 2
    assert "is part of the stack already: it is old-orders, and not other-orders" in again.err


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
    app.write_text(app.read_text().replace("dead_letters=False", "dead_letters=False, retention_days=2"))
    topic = client(run, "sns").create_topic(Name="old-news")["TopicArn"]
    app.write_text(app.read_text().replace("# and more", 'news = service.topic("news")'))
    assert run("adopt", f"news={topic}", "--local").code == 0
    assert run("provision", "--local").code == 0
    held = client(run, "sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["MessageRetentionPeriod"])
    assert held["Attributes"]["MessageRetentionPeriod"] == str(2 * 24 * 3600), "it was changed, and not made anew"
    status = run("status", "--local", "--json").json()
    physical = {each["logical_id"]: each["physical_id"] for each in status["resources"]}
    assert (physical["JobsQueue"], physical["NewsTopic"]) == (url, topic)


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


PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def old_function(run, **more):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "import os\ndef handler(event, context):\n    return os.environ['PRICE']")
    client(run, "iam").create_role(RoleName="old-price", AssumeRolePolicyDocument="{}")
    made = client(run, "lambda").create_function(
        FunctionName="old-price",
        Runtime=f"python{PYTHON}",
        Role="arn:aws:iam::000000000000:role/old-price",
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"PRICE": "7"}},
        Tags={"team": "shop"},
        **more,
    )
    return made["FunctionArn"]


def answer(run, name="old-price"):
    return json.loads(client(run, "lambda").invoke(FunctionName=name)["Payload"].read())


def test_a_function_as_a_resource(shop, tmp_path, place):
    """Before there is a stack, and beside the program's own functions once they are provisioned."""
    run, app = shop, tmp_path / "app.py"
    old_function(run)
    app.write_text(app.read_text().replace("# more", FUNCTION.format(python=PYTHON)))
    done = run("adopt", "Price=old-price", "--json", *place, **AWS)
    assert done.code == 0, done.err
    assert done.json()["resources"] == {"Price": "old-price"}
    assert answer(run) == "7"
    shown = run("diff", *place, **AWS).out
    assert "+ TellFunction" in shown
    assert "old-price" not in shown, "it is what the program declares"


OWN = """
@service.function(name="price", physical_name="old-price", uses=[orders.read, lakon.invoke("tell")])
def price(event, context):
    return [service.stage, context.function_name, orders.name]


@service.function(uses=lakon.invoke("price"))
def ask(event, context):
    return __import__("os").environ["PRICE_FUNCTION_NAME"]
"""


def test_a_function_gets_its_code_from_the_program_from_then_on(shop, tmp_path):
    """Its name, its ARN and its log stay, with all that calls it."""
    run, app = shop, tmp_path / "app.py"
    arn, logs = old_function(run, MemorySize=512, Timeout=20), client(run, "logs")
    logs.create_log_group(logGroupName="/aws/lambda/old-price")
    logs.create_log_stream(logGroupName="/aws/lambda/old-price", logStreamName="before")
    app.write_text(app.read_text() + OWN)
    done = run("adopt", "price=old-price", "--json", "--local")
    assert done.code == 0, done.err
    assert done.json()["resources"] == {"PriceFunction": "old-price", "PriceLogGroup": "/aws/lambda/old-price"}
    assert answer(run) == "7", "it is not touched"
    shown = run("diff", "--local").out
    for change in ("MemorySize: 512 -> 256", "Timeout: 20 -> 15", "Handler: index.handler -> app.price", "- index.py"):
        assert change in shown, change
    assert "Architectures" not in shown
    done = run("provision", "--local")
    assert done.code == 0, done.err
    now = client(run, "lambda").get_function(FunctionName="old-price")
    assert now["Configuration"]["FunctionArn"] == arn
    assert "shop-dev-PriceRole" in now["Configuration"]["Role"]
    assert "team" not in now["Tags"]
    stage, name, _ = run("invoke", "price", "--local").json()
    assert (stage, name) == ("dev", "old-price")
    assert run("invoke", "ask", "--local").json() == "old-price"
    streams = logs.describe_log_streams(logGroupName="/aws/lambda/old-price")["logStreams"]
    assert "before" in {each["logStreamName"] for each in streams}
    assert run("diff", "--local", "--exit-code").code == 0
    assert run("delete", "--local", "--yes").code == 0
    names = {each["FunctionName"] for each in client(run, "lambda").list_functions()["Functions"]}
    assert "old-price" not in names


def test_a_function_has_its_code_again_when_its_first_provision_fails(shop, tmp_path):
    run, app = shop, tmp_path / "app.py"
    old_function(run)
    properties = '{"Name": "late", "Type": "Nonsense", "Value": {"Fn::GetAtt": ["PriceFunction", "Arn"]}}'
    broken = f'service.resource("Late", "AWS::SSM::Parameter", {properties})'
    app.write_text(app.read_text().replace("# more", broken) + OWN)
    done = run("adopt", "PriceFunction=old-price", "--json", "--local")
    assert done.code == 0, done.err
    assert done.json()["resources"] == {"PriceFunction": "old-price"}, "it has no log group"
    failed = run("provision", "--local")
    assert failed.code == 6
    assert "UPDATE_COMPLETE    PriceFunction" in failed.err, "it came as far as that"
    assert answer(run) == "7"
    assert "old-price" in client(run, "lambda").get_function(FunctionName="old-price")["Configuration"]["Role"]


def test_functions_that_cannot_be_adopted(shop, tmp_path, place):
    run, app = shop, tmp_path / "app.py"
    client(run, "lambda").create_function(
        FunctionName="old-price", Role="r", PackageType="Image", Code={"ImageUri": "an/image:1"}
    )
    app.write_text(app.read_text() + OWN)
    for name, code, said in [
        ("price=other", 2, 'Say what it is called: physical_name="other".'),
        (
            "tell=old-price",
            2,
            "app.py:10: the function 'tell' cannot be adopted: the program names it shop-dev-tell",
        ),
        ("tell=shop-dev-tell", 6, "there is no function shop-dev-tell"),
        ("price=old-price", 2, "its code is an image"),
    ]:
        refused = run("adopt", name, "--local")
        assert refused.code == code, refused.err
        assert said in refused.err
    lambda_ = client(run, "lambda")
    lambda_.delete_function(FunctionName="old-price")
    old_function(run)
    assert "old-price in AWS" in run("describe").out
    lambda_.create_function_url_config(FunctionName="old-price", AuthType="NONE")
    own = app.read_text()
    app.write_text(own.replace('physical_name="old-price"', 'physical_name="old-price", url=True'))
    assert "old-price has a URL, and the program makes one" in run("adopt", "price=old-price", "--local").err
    app.write_text(own)
    assert run("provision", "--local").code == 6, "what exists is not made over"
    app.write_text(app.read_text().replace('"shop", ', '"shop", bucket=False, '))
    assert "needs a bucket" in run("adopt", "price=old-price", *place, **AWS).err


def test_what_cannot_be_adopted(shop, place):
    run = shop
    for names, code, said in [
        (["carts=old"], 2, "has no resource or function 'carts'"),
        (["orders"], 2, "it takes a name and a value"),
        (["orders=not-there"], 6, "not"),
    ]:
        refused = run("adopt", *names, *place, **AWS)
        assert refused.code == code, refused.err
        assert said in refused.err
    assert run("status", "--local").code == 6, "nothing is left"
