"""Completes the secret of a stack: asks for what is missing, makes what can be made.

Arguments: the stack's name, and names of values to replace. Values are asked for without echo; a value in the
environment under its own name is taken from there. Nothing that is set is changed unless it is named.
"""

import getpass
import json
import os
import secrets
import sys

import boto3

ASKED = {
    "DATABASE_URL": "postgres://user:password@host:5432/database?sslmode=require (a pooled address, if there is one)",
    "DISCORD_BOT_TOKEN": "Discord developer portal, page Bot, Reset Token",
    "DISCORD_CLIENT_SECRET": "Discord developer portal, page OAuth2, Reset Secret",
    "TWITCH_CLIENT_SECRET": "Twitch developer console, New Secret",
}
MADE = ["SESSION_SECRET", "TWITCH_EVENTSUB_SECRET"]
# The template's KMS key takes the place of "LOCAL_ENCRYPTION_KEY".


def main(stack, *replace):
    unknown = set(replace) - set(ASKED) - set(MADE)
    if unknown:
        sys.exit(f"no such value: {', '.join(sorted(unknown))}; known are {', '.join([*ASKED, *MADE])}")
    outputs = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    arn = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "SecretArn")
    manager = boto3.client("secretsmanager")
    before = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])
    values = dict(before)
    for name, where in ASKED.items():
        if name in replace or not values.get(name):
            value = os.environ.get(name) or getpass.getpass(f"{name} ({where}): ")
            values[name] = value.strip() or sys.exit(f"{name} must not be empty")
    for name in MADE:
        if name in replace and values.get(name):
            # What the old one has signed stays valid until the next rotation.
            values[name] = f"{secrets.token_hex(32)},{values[name].split(',')[0]}"
        elif not values.get(name):
            values[name] = secrets.token_hex(32)
    if values == before:
        print("The secret is complete.")
        return
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps(values))
    changed = [name for name in values if values[name] != before.get(name)]
    print(f"Set {', '.join(changed)}. Running instances take them over within 5 minutes.")


main(*sys.argv[1:])
