"""Tells whether moto still does otherwise than AWS what moto_on_loopback.py corrects: as JSON, by name."""

import json

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws


def refuses_a_template_for_a_warning() -> bool:
    topic = {"Type": "AWS::SNS::Topic"}
    other = {
        "Type": "AWS::SNS::Topic",
        "DependsOn": "First",
        "Properties": {"DisplayName": {"Ref": "First"}},
    }
    template = json.dumps({"Resources": {"First": topic, "Second": other}})
    client = boto3.client("cloudformation", region_name="us-east-1")
    try:
        client.validate_template(TemplateBody=template)
        return False
    except ClientError:
        return True


def reads_a_version_that_is_not_current_any_more() -> bool:
    client = boto3.client("secretsmanager", region_name="us-east-1")
    first = client.create_secret(Name="a", SecretString="first")["VersionId"]
    second = client.put_secret_value(
        SecretId="a", SecretString="second", VersionStages=["next"]
    )["VersionId"]
    client.update_secret_version_stage(
        SecretId="a",
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=first,
        MoveToVersionId=second,
    )
    return client.get_secret_value(SecretId="a")["SecretString"] == "first"


gaps = [refuses_a_template_for_a_warning, reads_a_version_that_is_not_current_any_more]
with mock_aws():
    print(json.dumps({gap.__name__: gap() for gap in gaps}))
