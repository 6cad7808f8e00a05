"""Takes a stack away: `stop` it, so that nothing of it works any more, then `delete` it with the dashboard's files.

Arguments: what to do, and the stack's name. `delete --with-key-and-secret` ends those two as well, which outlive a
stack otherwise: without them a copy of the database is of no use.
"""

import argparse
import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

import preflight

# The shortest time that AWS allows, to think again.
DAYS_TO_THINK = 7


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["stop", "delete"])
    parser.add_argument("stack")
    parser.add_argument("--with-key-and-secret", action="store_true")
    options = parser.parse_args()
    try:
        outputs = find_outputs(options.stack)
        if options.what == "stop":
            stop(outputs)
        else:
            delete(options.stack, outputs)
            print(json.dumps(left(outputs, options.with_key_and_secret)))
    except (BotoCoreError, ClientError, WaiterError) as error:
        sys.exit(f"AWS: {error}")


def find_outputs(stack):
    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def stop(outputs):
    """No request and no schedule reaches the function from now on."""
    boto3.client("lambda").put_function_concurrency(FunctionName=outputs["FunctionName"], ReservedConcurrentExecutions=0)


def delete(stack, outputs):
    # CloudFormation deletes no bucket that has something in it.
    if "BucketName" in outputs:
        bucket = boto3.resource("s3").Bucket(outputs["BucketName"])
        bucket.object_versions.delete()
        bucket.objects.delete()
    alarm = preflight.cloudfront_stack(stack, boto3.Session().region_name)
    for name, region in [(alarm, preflight.CLOUDFRONT_REGION), (stack, None)]:
        client = boto3.client("cloudformation", region_name=region)
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 10, "MaxAttempts": 180})


def left(outputs, ended):
    """What is still there of the stack, or ends on a day to come."""
    key, secret = outputs.get("KeyArn"), outputs.get("SecretArn")
    if ended and key:
        boto3.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=DAYS_TO_THINK)
    if ended and secret:
        boto3.client("secretsmanager").delete_secret(SecretId=secret, RecoveryWindowInDays=DAYS_TO_THINK)
    return {"key": key, "secret": secret, "days": DAYS_TO_THINK if ended else None}


if __name__ == "__main__":
    main()
