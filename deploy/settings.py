"""What a stage is deployed with: asked for once, and remembered in a file that git leaves alone."""

import json
import os
import pathlib
import re
import sys

from samtranslator.yaml_helper import yaml_parse

import origin

ROOT = pathlib.Path(__file__).resolve().parent.parent
STAGES = {
    "dev": {"LogRetentionDays": "7", "TracingMode": "PassThrough"},
    "staging": {},
    "prod": {"CanaryType": "Canary10Percent5Minutes"},
}
# Worked out for each release.
RELEASE = "Release"
WORKED_OUT = [RELEASE, *origin.NAMES]
# Not required, but each installation should think about it.
ALSO_ASKED = ["AlarmEmail"]
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,48}")


def read_template(path=ROOT / "template.yaml"):
    return yaml_parse(pathlib.Path(path).read_text(encoding="utf-8"))


class Stage:
    """A stage's region, stack and parameters."""

    def __init__(self, name, file=None):
        self.name = name
        self.file = pathlib.Path(file or ROOT / ".deploy" / f"{name}.json")
        known = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        self.region = known.get("region")
        self.stack = known.get("stack")
        self.given = known.get("parameters", {})

    def save(self):
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = {"region": self.region, "stack": self.stack, "parameters": self.given}
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(known, file, indent=2)
            file.write("\n")

    def parameters(self, template):
        """Every parameter but the release: whatever is not given has the stage's or the template's default."""
        declared = template["Parameters"]
        defaults = {name: text(about["Default"]) for name, about in declared.items() if "Default" in about}
        return defaults | STAGES.get(self.name, {}) | self.given

    def take(self, template, changes):
        """Remembers Name=value; an unknown name or a value that does not fit ends the program."""
        for change in changes:
            name, separator, value = change.partition("=")
            about = template["Parameters"].get(name)
            if not separator or about is None or name in WORKED_OUT:
                sys.exit(f"{change}: expected Name=value with a parameter of template.yaml")
            problem = misfit(about, value)
            if problem:
                sys.exit(f"{name}: {value!r} {problem}")
            self.given[name] = value

    def ask(self, template, everything):
        """Asks for what is missing, or for everything; without a terminal it names what is missing."""
        interactive = sys.stdin.isatty()
        declared = template["Parameters"]
        required = [name for name, about in declared.items() if "Default" not in about and name != RELEASE]
        first = not self.file.exists()
        missing = [name for name in required if name not in self.given]
        if not interactive:
            lacks = missing + [word for word, value in [("--region", self.region), ("--stack", self.stack)] if not value]
            if lacks:
                sys.exit(f"{self.file} does not say, and nobody is there to ask: {', '.join(lacks)}")
            return
        if first or everything or not (self.region and self.stack):
            self.region = prompt("AWS region", self.region or own_region(), lambda t: None if t else "must not be empty")
            usual = "streammaxing" if self.name == "prod" else f"streammaxing-{self.name}"
            fits = lambda t: None if STACK_NAME.fullmatch(t) else "must be letters, digits and hyphens, 49 at most"  # noqa: E731
            self.stack = prompt("Name of the stack", self.stack or usual, fits)
        interface = template["Metadata"]["AWS::CloudFormation::Interface"]
        now = self.parameters(template)
        for group in interface["ParameterGroups"]:
            names = [name for name in group["Parameters"] if name not in WORKED_OUT]
            if not everything:
                names = [name for name in names if name in missing or first and name in ALSO_ASKED and name not in self.given]
            if names:
                print(f"\n{group['Label']['default']}")
            for name in names:
                label = interface["ParameterLabels"][name]["default"]
                print(f"  {declared[name]['Description'].strip()}")
                answer = prompt(f"  {label}", now.get(name, ""), lambda t, about=declared[name]: misfit(about, t))
                if answer != now.get(name):
                    self.given[name] = answer


def own_region():
    from boto3 import Session

    return Session().region_name or ""


def prompt(label, default, problem_of):
    while True:
        answer = input(f"{label}{f' [{default}]' if default else ''}: ").strip() or default
        problem = problem_of(answer)
        if not problem:
            return answer
        print(f"    {problem}")


def misfit(about, value):
    """What is wrong with a value, as CloudFormation would see it."""
    if "AllowedValues" in about and value not in [text(one) for one in about["AllowedValues"]]:
        return f"must be one of {', '.join(text(one) for one in about['AllowedValues'])}"
    if "AllowedPattern" in about and not re.fullmatch(about["AllowedPattern"], value):
        return about.get("ConstraintDescription", f"must match {about['AllowedPattern']}")
    if about["Type"] == "Number":
        low, high = about.get("MinValue", float("-inf")), about.get("MaxValue", float("inf"))
        if not re.fullmatch(r"-?\d+", value) or not low <= int(value) <= high:
            return f"must be a whole number from {low} to {high}"
    return None


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)
