"""Packs a release into a folder: archives whose names and bytes depend on nothing but what is in them, and their checksums.

Each run adds what it is given, and writes SHA256SUMS anew over all that lies there. `make archives` and the workflow
*Release* call it; `streammaxing up --release FOLDER_OR_URL` takes what it has made.
"""

import argparse
import gzip
import hashlib
import io
import os
import pathlib
import subprocess
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKSUMS = "SHA256SUMS"
# What `up aws` deploys with. Every archive of a release has the licence in it.
DEPLOYMENT = ["template.yaml", "LICENSE", "deploy"]
# The earliest time that a zip can tell.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="such as v1.2.0")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--cli", action="append", default=[], metavar="x86_64|arm64=FILE", help="the program, for a processor")
    parser.add_argument("--function", metavar="x86_64|arm64=FILE", help="the bootstrap of Lambda")
    parser.add_argument("--dashboard", type=pathlib.Path, metavar="FOLDER", help="its built files")
    parser.add_argument("--sbom", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--deployment", action="store_true", help="the template, and the scripts that deploy it")
    options = parser.parse_args()
    out, prefix = options.out, f"streammaxing-{options.version}"
    out.mkdir(parents=True, exist_ok=True)
    for cli in options.cli:
        processor, program = cli.split("=", 1)
        name = f"{prefix}-linux-{processor}"
        files = {"streammaxing": pathlib.Path(program), "LICENSE": ROOT / "LICENSE", "README.md": ROOT / "README.md"}
        tar(out / f"{name}.tar.gz", {f"{name}/{inside}": file for inside, file in files.items()})
    if options.function:
        processor, program = options.function.split("=", 1)
        function(out / f"{prefix}-function-{processor}.zip", pathlib.Path(program))
    if options.dashboard:
        tar(out / f"{prefix}-dashboard.tar.gz", below(options.dashboard))
    if options.deployment:
        tar(out / f"{prefix}-deployment.tar.gz", deployment())
    if options.sbom:
        (out / f"{prefix}.cdx.json").write_bytes(options.sbom.read_bytes())
    checksums(out)


def deployment():
    """What git knows, so that nothing of this machine goes along."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", *DEPLOYMENT], check=True, capture_output=True, text=True)
    return {name: ROOT / name for name in listed.stdout.splitlines()}


def below(folder):
    """Every file; hidden ones are the build's own."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")]
    return {path.relative_to(folder).as_posix(): path for path in files}


def tar(archive, files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for name, path in sorted(files.items()):
            about = tarfile.TarInfo(name)
            data = path.read_bytes()
            about.size, about.mode, about.mtime = len(data), mode(path), 0
            opened.addfile(about, io.BytesIO(data))
    with open(archive, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped:
        zipped.write(packed.getvalue())


def function(archive, program):
    about = zipfile.ZipInfo("bootstrap", ZIP_TIME)
    about.external_attr = 0o100755 << 16
    about.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(about, program.read_bytes(), compresslevel=9)


def mode(path):
    return 0o755 if os.access(path, os.X_OK) else 0o644


def checksums(out):
    files = sorted(path for path in out.iterdir() if path.is_file() and path.name != CHECKSUMS)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (out / CHECKSUMS).write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
