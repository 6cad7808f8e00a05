"""Builds and deploys a stage. What it has to ask it remembers in .deploy/STAGE.json, where parameters can be changed too.

`streammaxing up`, `make deploy`, `make build`, `make secrets` and `make web` call it; docs/deployment.md goes through it step by step.
"""

import argparse
import hashlib
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile
import zipfile

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import origin
import preflight
from settings import RELEASE, ROOT, STAGES, Stage, read_template

TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}
# Bytes 18 and 19 of an ELF file.
MACHINES = {"arm64": 183, "x86_64": 62}


def main():
    options = arguments()
    template = read_template()
    stage = Stage(options.stage, options.file)
    stage.region, stage.stack = options.region or stage.region, options.stack or stage.stack
    stage.take(template, options.changes)
    parameters = stage.parameters(template)
    builds = pathlib.Path(options.build_dir)
    if options.command == "build":
        build(options.architecture or parameters["Architecture"], builds)
    elif options.command == "release":
        print(release(builds, options.template, parameters))
    elif options.command == "environment":
        environment(stage)
    elif options.command == "describe":
        describe(stage)
    elif options.command == "key":
        lend_key(stage)
    else:
        deploy(options, stage, template, builds)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["deploy", "build", "release", "environment", "describe", "key"])
    parser.add_argument("stage", help=", ".join(STAGES))
    parser.add_argument("changes", nargs="*", metavar="Name=value", help="parameters, remembered from now on")
    parser.add_argument("--guided", action="store_true", help="ask for every parameter")
    parser.add_argument("--yes", action="store_true", help="show no changes to confirm")
    parser.add_argument("--region")
    parser.add_argument("--stack")
    parser.add_argument("--file", help="instead of .deploy/STAGE.json")
    parser.add_argument("--build-dir", default=str(ROOT / ".aws-sam/build"))
    parser.add_argument("--new-origin-secret", action="store_true", help="whatever the age of the one in use")
    parser.add_argument("--function", metavar="ZIP", help="deploy this instead of building one")
    parser.add_argument("--no-build", action="store_true", help="deploy what is built already")
    parser.add_argument("--architecture", choices=list(TARGETS), help="build for another one")
    parser.add_argument("--template", default=str(ROOT / "template.yaml"), help=argparse.SUPPRESS)
    return parser.parse_intermixed_args()


def deploy(options, stage, template, builds):
    stage.ask(template, options.guided)
    parameters = stage.parameters(template)
    # Before anything can fail: nobody likes to answer twice.
    stage.save()
    preflight.look(stage, parameters)
    if options.function:
        unpack(pathlib.Path(options.function), options.template, builds)
    elif not options.no_build:
        build(parameters["Architecture"], builds)
    refuse_other_architecture(parameters["Architecture"], builds)
    parameters |= origin.parameters(stage, int(parameters["RotationDays"]), options.new_origin_secret)
    parameters[RELEASE] = release(builds, options.template, parameters)
    command = ["deploy", "--stack-name", stage.stack, "--region", stage.region, "--resolve-s3", "--s3-prefix", stage.stack]
    command += ["--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset", "--no-progressbar"]
    file = builds / "template.yaml" if parameters["EmulatorPort"] == "0" else for_emulator(builds, parameters)
    command += ["--template-file", str(file), "--tags", "app=streammaxing", f"stage={stage.name}"]
    asks = stage.name != "dev" and not options.yes and sys.stdin.isatty()
    command += ["--confirm-changeset" if asks else "--no-confirm-changeset", "--parameter-overrides"]
    # All of them: what is left out keeps the value that it had, whatever the template says now. In a file of ours:
    # others see the command line, and one of them is secret.
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as chosen:
        json.dump(parameters, chosen)
        chosen.flush()
        sam([*command, f"file://{chosen.name}"])
    if parameters["ExistingKeyArn"]:
        lend_key(stage)
    # An emulator has no metric maths.
    if parameters["AlarmEmail"] and parameters["EmulatorPort"] == "0":
        watch_cloudfront(stage, parameters)


def for_emulator(builds, parameters):
    """An emulator lets SAM's transform see the defaults alone, where AWS gives it the values."""
    template = read_template(builds / "template.yaml")
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value
    file = builds / "emulator.json"
    file.write_text(json.dumps(template), encoding="utf-8")
    return file


def build(architecture, builds):
    subprocess.run(["rustup", "target", "add", TARGETS[architecture]], check=True)
    sam(["build", "--build-dir", str(builds), "--parameter-overrides", f"Architecture={architecture}"])


def unpack(archive, template, builds):
    """Lays a release's function down as `sam build` would have."""
    program = builds / "AppFunction-Shared" / "bootstrap"
    program.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as opened:
        program.write_bytes(opened.read("bootstrap"))
    program.chmod(0o755)
    built = read_template(template)
    built["Globals"]["Function"].pop("CodeUri", None)
    for resource in built["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = program.parent.name
            resource.pop("Metadata", None)
    (builds / "template.yaml").write_text(json.dumps(built), encoding="utf-8")


def sam(command):
    done = subprocess.run([sys.executable, "-m", "samcli", *command], cwd=ROOT)
    if done.returncode:
        sys.exit(done.returncode)


def programs(builds):
    found = sorted(builds.glob("*/bootstrap"))
    return found or sys.exit(f"{builds} has no function: run `make build`")


def refuse_other_architecture(architecture, builds):
    for program in programs(builds):
        machine = int.from_bytes(program.read_bytes()[18:20], "little")
        if machine != MACHINES[architecture]:
            sys.exit(f"{program} is not built for {architecture}: run `make build`")


def release(builds, template, parameters):
    """SAM makes a version of the function when this changes, and else none: it holds all that a version consists of."""
    files = [*programs(builds), pathlib.Path(template)]
    parts = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return hashlib.sha256(json.dumps([parts, sorted(parameters.items())]).encode()).hexdigest()


def watch_cloudfront(stage, parameters):
    """CloudFront's metrics are in one region, and so is the alarm on them."""
    values = {
        "Distribution": preflight.outputs(stage)["DistributionId"],
        "AlarmName": preflight.cloudfront_stack(stage.stack, stage.region),
        "AlarmEmail": parameters["AlarmEmail"],
        "RunbookUrl": parameters["RunbookUrl"],
    }
    command = ["deploy", "--stack-name", values["AlarmName"], "--region", preflight.CLOUDFRONT_REGION]
    command += ["--template-file", str(ROOT / "deploy/cloudfront-alarm.yaml"), "--no-fail-on-empty-changeset"]
    command += ["--no-progressbar", "--no-confirm-changeset", "--tags", "app=streammaxing", f"stage={stage.name}"]
    sam([*command, "--parameter-overrides", *(f'{name}="{value}"' for name, value in values.items())])


def lend_key(stage):
    """Lets the stack's roles use its key: one that was there already still names the roles of the stack before."""
    known(stage)
    outputs = preflight.outputs(stage)
    kms = boto3.client("kms", region_name=stage.region)
    policy = json.loads(kms.get_key_policy(KeyId=outputs["KeyArn"], PolicyName="default")["Policy"])
    use = next((statement for statement in policy["Statement"] if statement.get("Sid") == "Use"), None)
    if use is None:
        use = {"Sid": "Use", "Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}
        use["Condition"] = {"StringEquals": {"kms:EncryptionContext:product": "streammaxing"}}
        policy["Statement"].append(use)
    use["Principal"] = {"AWS": [outputs["AppRoleArn"], outputs["OpsRoleArn"]]}
    kms.put_key_policy(KeyId=outputs["KeyArn"], PolicyName="default", Policy=json.dumps(policy))
    print(f"{outputs['KeyArn']} may be used by {stage.stack}")


def known(stage):
    if not (stage.region and stage.stack):
        sys.exit(f"{stage.file} is not there: run `make deploy STAGE={stage.name}` first")


def describe(stage):
    """As JSON: who asks, and the stack's outputs, which are null where there is no stack that could have any."""
    frozen = own_credentials()
    try:
        outputs = preflight.outputs(stage)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"AWS in {stage.region}: {error}")
    print(
        json.dumps(
            {
                "access_key_id": frozen.access_key,
                "secret_access_key": frozen.secret_key,
                "session_token": frozen.token,
                "outputs": outputs,
            }
        )
    )


def own_credentials():
    credentials = boto3.Session().get_credentials()
    if credentials is None:
        sys.exit("AWS does not know who you are: run `aws configure`, or sign in")
    return credentials.get_frozen_credentials()


def environment(stage):
    """For `eval`: what the commands of an operator need to know."""
    known(stage)
    frozen = own_credentials()
    values = {
        "AWS_REGION": stage.region,
        "AWS_DEFAULT_REGION": stage.region,
        "STREAMMAXING_STACK": stage.stack,
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_SESSION_TOKEN": frozen.token,
    }
    for name, value in values.items():
        if value:
            print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    main()
