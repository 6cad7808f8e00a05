//! `template.yaml`: what linters find, and what none of them does.

mod code;
mod container;
mod deploy;
mod evaluate;
mod lints;
mod names;
mod release;
mod shape;

use serde_json::{Map, Value};
use sm_sim::python::{Package, Python};
use sm_tests::cache_dir;
use std::{path::PathBuf, sync::OnceLock};

const SAM: Package = Package {
    name: "aws-sam-cli",
    module: "samcli",
    extras: "",
    version: "1.170.0",
    beside: &["cargo-lambda==1.9.2", "cfn-lint==1.58.0", "ziglang==0.17.0"],
    about: "builds, checks and deploys the template, 790 MB",
};

/// What Python runs as `sam`.
pub(crate) const SAM_CLI: [&str; 2] = ["-m", "samcli"];

/// The environment of `sam`, `cfn-lint` and `cargo lambda`.
pub(crate) fn sam() -> &'static Python {
    static PYTHON: OnceLock<Python> = OnceLock::new();
    PYTHON.get_or_init(|| Python::with(SAM, &cache_dir()).unwrap_or_else(|why| panic!("{why}")))
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("streammaxing-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&directory).unwrap();
        Self(directory)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The template as it is written, and with every option switched on as CloudFormation sees it.
struct Template {
    written: Value,
    translated: Value,
}

impl Template {
    fn get() -> &'static Self {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        TEMPLATE.get_or_init(|| translate(&["CanaryType=Canary10Percent5Minutes"]))
    }

    fn resources(&self) -> &Map<String, Value> {
        self.translated["Resources"].as_object().unwrap()
    }

    /// Name and resource of every resource of a type.
    fn of_type(&self, kind: &str) -> Vec<(&String, &Value)> {
        let found: Vec<_> =
            self.resources().iter().filter(|(_, resource)| resource["Type"] == kind).collect();
        assert!(!found.is_empty(), "there is no {kind}");
        found
    }
}

fn translate(parameters: &[&str]) -> Template {
    let program = root().join("deploy/translate.py");
    let mut command = std::process::Command::new(sam().program());
    sam().environment(&mut command);
    command.arg(program).arg(root().join("template.yaml")).args(parameters);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut both: Value = serde_json::from_slice(&output.stdout).unwrap();
    Template { written: both["written"].take(), translated: both["translated"].take() }
}
