"""Prints a SAM template as JSON: as it is written, and as CloudFormation sees it after SAM's transform.

Works without AWS. Arguments: the template, and Name=value for parameters other than their defaults.
"""

import json
import os
import sys

# SAM asks the session for the region only.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from boto3 import Session  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


def main(path, *overrides):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    written, template = yaml_parse(text), yaml_parse(text)
    # `sam package` puts an address in S3 here.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    defaults = {name: value.get("Default", "") for name, value in template["Parameters"].items()}
    parameters = defaults | dict(override.split("=", 1) for override in overrides)
    session = Session(region_name=os.environ["AWS_DEFAULT_REGION"])
    translated = Translator({}, Parser(), boto_session=session).translate(template, parameters)
    json.dump({"written": written, "translated": translated}, sys.stdout, indent=1)


main(*sys.argv[1:])
