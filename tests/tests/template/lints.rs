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
fn cfn_lint_finds_nothing_in_the_deployers_rights() {
    passes(sam().run(&CFN_LINT).args(["--template", "deploy/deployer.yaml"]));
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
