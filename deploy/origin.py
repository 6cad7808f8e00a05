"""The secret that CloudFront shows the API. It is nowhere but at CloudFront; the functions know its hash.

CloudFront sends the newest and the one before, and the functions take both. So it does not matter which of CloudFront's
edges, or which version of the functions, already has what a deployment brings.
"""

import datetime
import hashlib
import secrets

import boto3
from botocore.exceptions import ClientError

HEADER = "X-Origin-Secret"
# What `parameters` works out, for nobody to be asked.
NAMES = ["OriginSecret", "OriginSecretHashes"]


def parameters(stage, rotation_days, anew):
    """Both parameters of the template; another secret before the newest when that is older than its days."""
    shown = shown_now(stage)
    if anew or not shown or rotation_days and days_old(shown[0]) >= rotation_days:
        shown = [make(), *shown[:1]]
    hashes = [hashlib.sha256(secret.encode()).hexdigest() for secret in shown]
    return dict(zip(NAMES, [",".join(shown), ",".join(hashes)]))


def shown_now(stage):
    """What CloudFront shows at present, the newest first; nothing before the first deployment."""
    cloudformation = boto3.client("cloudformation", region_name=stage.region)
    try:
        found = cloudformation.describe_stack_resource(StackName=stage.stack, LogicalResourceId="Distribution")
    except ClientError as error:
        if "does not exist" in str(error):
            return []
        raise
    distribution = found["StackResourceDetail"]["PhysicalResourceId"]
    config = boto3.client("cloudfront").get_distribution_config(Id=distribution)["DistributionConfig"]
    headers = [header for origin in config["Origins"]["Items"] for header in origin.get("CustomHeaders", {}).get("Items", [])]
    values = [header["HeaderValue"] for header in headers if header["HeaderName"].lower() == HEADER.lower()]
    return values[0].split(",") if values else []


def make():
    """With its day, so that its age can be told."""
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y%m%d}-{secrets.token_urlsafe(32)}"


def days_old(secret):
    made = datetime.datetime.strptime(secret[:8], "%Y%m%d").replace(tzinfo=datetime.timezone.utc)
    return (datetime.datetime.now(datetime.timezone.utc) - made).days
