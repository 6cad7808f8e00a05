"""What can be known to fail before anything is made at AWS: a stack that fails half-way costs a quarter of an hour."""

import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# Lambda keeps so many instances for functions without a limit of their own.
LEFT_FOR_OTHERS = 100
# Where CloudFront's metrics are, whichever region the stack is in.
CLOUDFRONT_REGION = "us-east-1"


def look(stage, parameters):
    """Ends the program where the deployment would fail; says who deploys where."""
    try:
        account = boto3.client("sts", region_name=stage.region).get_caller_identity()
        stack = find_stack(stage)
        problem = state_problem(stage, stack) or quota_problem(stage, parameters)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"AWS in {stage.region}: {error}")
    print(f"{account['Arn']} deploys {stage.stack} in {stage.region}, account {account['Account']}")
    if problem:
        sys.exit(problem)
    if not parameters["AlarmEmail"]:
        print("Nobody is told of alarms: AlarmEmail is empty")


def find_stack(stage):
    try:
        return boto3.client("cloudformation", region_name=stage.region).describe_stacks(StackName=stage.stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def outputs(stage):
    """None where there is no stack that could have any."""
    stack = find_stack(stage)
    if stack is None or "Outputs" not in stack:
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def cloudfront_stack(stack, region):
    """The stack beside a stack, in the region of CloudFront's metrics. Stacks of several regions meet there."""
    return f"{stack}-cloudfront-errors" if region == CLOUDFRONT_REGION else f"{stack}-{region}-cloudfront-errors"


def state_problem(stage, stack):
    state = stack["StackStatus"] if stack else "none"
    if state in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
        return (
            f"{stage.stack} is {state}: its first deployment failed, and nothing can be deployed over it. Delete it, then deploy again:\n"
            f"  aws cloudformation delete-stack --region {stage.region} --stack-name {stage.stack}"
        )
    if state == "UPDATE_ROLLBACK_FAILED":
        return (
            f"{stage.stack} is {state}: let it go back first:\n"
            f"  aws cloudformation continue-update-rollback --region {stage.region} --stack-name {stage.stack}"
        )
    if state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS":
        return f"{stage.stack} is {state}: somebody deploys it now"
    return None


def quota_problem(stage, parameters):
    names = {"ReservedConcurrency": "app", "ApiConcurrency": "api"}
    wanted = sum(int(parameters[name]) for name in names)
    if wanted == 0:
        return None
    client = boto3.client("lambda", region_name=stage.region)
    limit = client.get_account_settings()["AccountLimit"]
    present = sum(reserved_now(client, f"{stage.stack}-{function}") for function in names.values())
    unreserved = limit["UnreservedConcurrentExecutions"] + present
    most = max(unreserved - LEFT_FOR_OTHERS, 0)
    if wanted <= most:
        return None
    return (
        f"ReservedConcurrency and ApiConcurrency, {wanted} together, are more than this account can reserve, which is {most}: it has {limit['ConcurrentExecutions']} "
        f"instances in all, {LEFT_FOR_OTHERS} of which Lambda keeps for other functions.\n"
        "Set ReservedConcurrency=0 ApiConcurrency=0 (no limit but the account's), or ask for more in Service Quotas: Lambda, Concurrent executions"
    )


def reserved_now(client, function):
    try:
        return client.get_function_concurrency(FunctionName=function).get("ReservedConcurrentExecutions", 0)
    except client.exceptions.ResourceNotFoundException:
        return 0
