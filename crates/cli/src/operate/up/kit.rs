//! The scripts that deploy, and a Python that has what they need.

use super::{
    questions::{REGION, STACK},
    release::Release,
};
use crate::output::{Error, say};
use serde::Deserialize;
use sm_aws::AwsSettings;
use sm_lambda::config::peek;
use sm_types::Secret;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What a repository has in its root.
const TEMPLATE: &str = "template.yaml";

/// Where a stack comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct From {
    /// A release's archives, in a folder or below an address: nothing is compiled. Without it, this
    /// repository.
    #[arg(long, value_name = "FOLDER_OR_URL")]
    release: Option<String>,
    /// A Python that has deploy/requirements.txt already.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Which installation, among several.
    #[arg(long, default_value = "prod", value_name = "NAME")]
    pub(crate) stage: String,
    /// The region of AWS [env: AWS_REGION].
    #[arg(long)]
    region: Option<String>,
    /// The name of the stack [env: STREAMMAXING_STACK].
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Where answers, releases and tools are kept.
    #[arg(long, default_value = ".deploy", value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

/// The scripts, ready to be run for a stage.
#[derive(Debug)]
pub(crate) struct Kit {
    root: PathBuf,
    python: PathBuf,
    stage: String,
    remembered: PathBuf,
    builds: PathBuf,
    function: Option<PathBuf>,
    pub(crate) dashboard: PathBuf,
}

/// What AWS tells of a stack, and who asks.
#[derive(Deserialize)]
pub(crate) struct Described {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    /// `None` where there is no stack.
    pub(crate) outputs: Option<BTreeMap<String, String>>,
}

impl Described {
    pub(crate) fn aws(&self, region: &str) -> AwsSettings {
        AwsSettings {
            region: region.to_owned(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: Secret::new(self.secret_access_key.clone()),
            session_token: self.session_token.clone().map(Secret::new),
            endpoint_url: peek("AWS_ENDPOINT_URL"),
        }
    }
}

impl From {
    /// The answers that say where the stack is.
    pub(crate) fn place(&self) -> impl Iterator<Item = (&'static str, String)> {
        let given = [(REGION, self.region.clone()), (STACK, self.stack.clone())];
        given.into_iter().filter_map(|(question, value)| Some((question.name, value?)))
    }

    /// The answers of the stage.
    pub(crate) fn answers(&self) -> PathBuf {
        self.folder.join(format!("{}.env", self.stage))
    }

    /// Fetches what is missing: the release, and Python's packages.
    ///
    /// `processor`: what the function is for, where one is to be deployed.
    pub(crate) async fn kit(&self, processor: Option<&str>) -> Result<Kit, Error> {
        let folder = std::path::absolute(&self.folder)?;
        let release = match &self.release {
            Some(from) => Some(Release::fetch(from, processor, &folder).await?),
            None => None,
        };
        let root = match &release {
            Some(release) => release.root.clone(),
            None => std::env::current_dir()?,
        };
        if !root.join(TEMPLATE).is_file() || !root.join("deploy/deploy.py").is_file() {
            return Err(format!(
                "there is nothing to deploy in {}. Remedy: run this in the repository, or name a release with --release",
                root.display()
            )
            .into());
        }
        let python = match &self.python {
            Some(python) => std::path::absolute(python)?,
            None => tools(&root, release.is_some(), &folder)?,
        };
        let dashboard = match &release {
            Some(release) => release.dashboard.clone(),
            None => root.join("frontend/dist"),
        };
        if processor.is_some() && !dashboard.join("index.html").is_file() {
            let folder = dashboard.display();
            return Err(format!("{folder} has no dashboard. Remedy: run `make dashboard`").into());
        }
        Ok(Kit {
            stage: self.stage.clone(),
            remembered: folder.join(format!("{}.json", self.stage)),
            builds: if release.is_some() {
                folder.join("build")
            } else {
                root.join(".aws-sam/build")
            },
            dashboard,
            function: release.and_then(|release| release.function),
            root,
            python,
        })
    }
}

/// An environment of Python with the packages, made where it is not there yet.
fn tools(root: &Path, is_release: bool, folder: &Path) -> Result<PathBuf, Error> {
    let (home, list, size) = if is_release {
        (folder.join("tools"), "deploy/requirements-release.txt", "340 MB")
    } else {
        (root.join("target/deploy-tools"), "deploy/requirements.txt", "790 MB")
    };
    let python = home.join("bin/python");
    if home.join("bin/sam").is_file() {
        return Ok(python);
    }
    say(&format!("Installing what deploys ({size}, in {}) …", home.display()));
    let run = |command: &mut Command| {
        let said = format!("{command:?}");
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => {
                Err(format!("{said} has failed. Remedy: install Python 3.10 or newer with venv"))
            }
            Err(error) => {
                Err(format!("{said}: {error}. Remedy: install Python 3.10 or newer with venv"))
            }
        }
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run(Command::new(&python).args(install).arg(root.join(list)))?;
    Ok(python)
}

impl Kit {
    /// Runs a script for the operator to see.
    pub(crate) fn run(&self, region: &str, script: &str, arguments: &[&str]) -> Result<(), Error> {
        let status = self.command(region, script, arguments).status()?;
        if !status.success() {
            return Err(format!(
                "{script} has failed; its reason stands above. Everything done stays: run the same command to go on"
            )
            .into());
        }
        Ok(())
    }

    /// What a script prints, which is not shown.
    pub(crate) fn ask(
        &self,
        region: &str,
        script: &str,
        arguments: &[&str],
    ) -> Result<String, Error> {
        let ran = self.command(region, script, arguments).stdout(Stdio::piped()).output()?;
        if !ran.status.success() {
            return Err(format!("{script} has failed; its reason stands above").into());
        }
        Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
    }

    pub(crate) fn describe(&self, region: &str, stack: &str) -> Result<Described, Error> {
        let told =
            self.ask(region, "deploy/deploy.py", &self.of_stage("describe", region, stack))?;
        // The parser's own message could quote a key.
        serde_json::from_str(&told)
            .map_err(|_| "deploy.py described nothing that can be read".into())
    }

    /// Makes the stack, or brings it up to date.
    pub(crate) fn deploy(
        &self,
        region: &str,
        stack: &str,
        parameters: &[String],
    ) -> Result<(), Error> {
        let (builds, function) = (text(&self.builds), self.function.as_deref().map(text));
        let mut arguments = self.of_stage("deploy", region, stack);
        arguments.extend(["--build-dir", &builds]);
        if let Some(function) = &function {
            arguments.extend(["--function", function]);
        }
        arguments.extend(parameters.iter().map(String::as_str));
        self.run(region, "deploy/deploy.py", &arguments)
    }

    fn of_stage<'a>(&'a self, command: &'a str, region: &'a str, stack: &'a str) -> Vec<&'a str> {
        // The paths are ours, and made of what a command line can say.
        let remembered = self.remembered.to_str().unwrap_or_default();
        vec![command, &self.stage, "--file", remembered, "--region", region, "--stack", stack]
    }

    fn command(&self, region: &str, script: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        // Whoever is asked is asked by us.
        command.arg(script).args(arguments).current_dir(&self.root).stdin(Stdio::null());
        command.env("PATH", path_with(self.python.parent())).env("SAM_CLI_TELEMETRY", "0");
        command.env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
        command
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[expect(clippy::disallowed_methods, reason = "it is handed on to a process as it is")]
fn path_with(first: Option<&Path>) -> OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = first.map(Path::to_owned).into_iter().chain(std::env::split_paths(&rest));
    std::env::join_paths(all).unwrap_or(rest)
}
