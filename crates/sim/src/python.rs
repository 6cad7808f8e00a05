//! Tools from PyPI that tests run, each in an environment of its own, and the Python that runs them.

use crate::cache;
use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const REMEDY: &str =
    "Install Python 3.10 or newer with venv (Debian: apt-get install python3-venv)";

/// A package to install.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    pub name: &'static str,
    /// The module that shows that it is there.
    pub module: &'static str,
    /// Extras, as in `[full]`.
    pub extras: &'static str,
    pub version: &'static str,
    /// What else goes into its environment, as in `cargo-lambda==1.9.2`.
    pub beside: &'static [&'static str],
    /// What it is and how large, for whoever waits.
    pub about: &'static str,
}

/// A Python that has a package.
#[derive(Debug)]
pub struct Python {
    program: PathBuf,
    /// Where its packages are, if not in an environment of its own.
    packages: Option<PathBuf>,
}

impl Python {
    /// The one in the cache, installed once; the error says what to do.
    pub fn with(package: Package, cache_dir: &Path) -> Result<Self, String> {
        let home = cache_dir.join(format!("{}-{}", package.name, package.version));
        cache::install(&home, |home| fill(package, home))?;
        let python = Self::at(&home);
        python.check(package).map_err(|why| {
            format!("{why}. {} is damaged, or its Python is gone: remove it", home.display())
        })?;
        Ok(python)
    }

    /// The program, to be run with [`Python::environment`].
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// A command that runs Python with these arguments and finds the packages' programs.
    pub fn run(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        self.environment(&mut command);
        let programs = match &self.packages {
            Some(packages) => packages.join("bin"),
            None => self.program.parent().map(Path::to_owned).unwrap_or_default(),
        };
        command.env("PATH", path_with(programs)).args(arguments).stdin(Stdio::null());
        command
    }

    /// Lets a command find the package.
    pub fn environment(&self, command: &mut Command) {
        if let Some(packages) = &self.packages {
            command.env("PYTHONPATH", packages);
        }
    }

    fn at(home: &Path) -> Self {
        let program = home.join("venv/bin/python");
        if program.exists() {
            return Self { program, packages: None };
        }
        Self { program: "python3".into(), packages: Some(home.join("packages")) }
    }

    /// Finding it takes a tenth of the time that importing it would.
    fn check(&self, package: Package) -> Result<(), String> {
        let module = package.module;
        let find =
            format!("import importlib.util as u, sys; sys.exit(u.find_spec('{module}') is None)");
        let mut command = Command::new(&self.program);
        self.environment(&mut command);
        run(command.args(["-c", &find]))
    }
}

/// An environment of its own; where Python lacks the module for that, a directory of packages.
fn fill(package: Package, home: &Path) -> Result<(), String> {
    let Package { name, extras, version, beside, about, .. } = package;
    say(&format!("Installing {name} {version} ({about}) from PyPI, once"));
    let package = format!("{name}{extras}=={version}");
    let (venv, packages) = (home.join("venv"), home.join("packages"));
    let pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
    let Err(no_venv) = run(Command::new("python3").args(["-m", "venv"]).arg(&venv)) else {
        let python = venv.join("bin/python");
        return run(Command::new(python).args(pip).arg(package).args(beside));
    };
    // A half-made one would be taken for the real one.
    let _ = std::fs::remove_dir_all(&venv);
    let mut install = Command::new("python3");
    install.args(pip).arg("--target").arg(packages).arg(package).args(beside);
    run(&mut install).map_err(|no_pip| format!("{no_venv}; {no_pip}. {REMEDY}"))
}

#[expect(clippy::disallowed_methods, reason = "it is handed on to a process as it is")]
fn path_with(first: PathBuf) -> OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(first).chain(std::env::split_paths(&rest));
    std::env::join_paths(all).unwrap_or(rest)
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program} does not run ({error})"))?;
    if output.status.success() {
        return Ok(());
    }
    // Python's venv tells its troubles on standard output.
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Err(format!("{program} failed: {}", text.trim()))
}

/// Past the capture of tests: a minute of silence looks like a hang.
fn say(text: &str) {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}
