"""Uploads the dashboard's built files to a stack's bucket, and lets CloudFront forget the few that keep their name.

Arguments: the stack's name, and the directory. Assets first and index.html last, so that a page never names a file
that is not there yet; assets of earlier releases stay for pages that are open.
"""

import mimetypes
import pathlib
import sys
import time

import boto3

FOREVER = "public, max-age=31536000, immutable"
# Python's own table depends on the machine.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("image/svg+xml", ".svg")
mimetypes.add_type("font/woff2", ".woff2")


def main(stack, directory):
    outputs = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    root = pathlib.Path(directory)
    if not (root / "index.html").is_file():
        sys.exit(f"{root}/index.html is missing: run `make dashboard`")
    # CloudFront compresses by itself; hidden directories are the build's own.
    files = [
        path.relative_to(root)
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".br" and path.name != "twins.json" and not path.relative_to(root).parts[0].startswith(".")
    ]
    hashed = [path for path in files if path.parts[0] == "assets"]
    named = sorted((path for path in files if path.parts[0] != "assets"), key=lambda p: p.name == "index.html")
    s3 = boto3.client("s3")
    for path in [*hashed, *named]:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind.endswith(("json", "svg+xml"))
        s3.upload_file(
            str(root / path),
            outputs["BucketName"],
            path.as_posix(),
            ExtraArgs={
                "CacheControl": FOREVER if path in hashed else "no-cache",
                "ContentType": f"{kind}; charset=utf-8" if text else kind,
            },
        )
    boto3.client("cloudfront").create_invalidation(
        DistributionId=outputs["DistributionId"],
        InvalidationBatch={
            "Paths": {"Quantity": len(named), "Items": [f"/{path.as_posix()}" for path in named]},
            "CallerReference": str(time.time_ns()),
        },
    )
    print(f"Uploaded {len(files)} files; open {outputs['DashboardUrl']}")


main(*sys.argv[1:])
