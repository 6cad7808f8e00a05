//! The emulator, from PyPI, with the Python that runs it.

use crate::cache;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const VERSION: &str = "1.5.33";
const REMEDY: &str =
    "Install Python 3.10 or newer with venv (Debian: apt-get install python3-venv)";

/// A Python that has the emulator.
pub(super) struct Python {
    program: PathBuf,
    /// Where its packages are, if not in an environment of its own.
    packages: Option<PathBuf>,
}

impl Python {
    /// The one in the cache, installed once.
    pub(super) fn find(cache_dir: &Path) -> Result<Self, String> {
        let home = cache_dir.join(format!("ministack-{VERSION}"));
        cache::install(&home, fill)?;
        let python = Self::at(&home);
        python.check().map_err(|why| {
            format!("{why}. {} is damaged, or its Python is gone: remove it", home.display())
        })?;
        Ok(python)
    }

    /// The emulator as an argument of a shell's script, which gets `data` as its first one.
    pub(super) fn command(&self, script: &str, data: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(data).arg(&self.program).args(["-m", "ministack"]);
        self.environment(&mut command);
        command
    }

    fn at(home: &Path) -> Self {
        let program = home.join("venv/bin/python");
        if program.exists() {
            return Self { program, packages: None };
        }
        Self { program: "python3".into(), packages: Some(home.join("packages")) }
    }

    /// Finding it takes a tenth of the time that importing it would.
    fn check(&self) -> Result<(), String> {
        let find = "import importlib.util as u, sys; sys.exit(u.find_spec('ministack') is None)";
        let mut command = Command::new(&self.program);
        self.environment(&mut command);
        run(command.args(["-c", find]))
    }

    fn environment(&self, command: &mut Command) {
        if let Some(packages) = &self.packages {
            command.env("PYTHONPATH", packages);
        }
    }
}

/// An environment of its own; where Python lacks the module for that, a directory of packages.
fn fill(home: &Path) -> Result<(), String> {
    say(&format!("Installing ministack {VERSION} (a local AWS for tests) from PyPI: 215 MB, once"));
    let package = format!("ministack[full]=={VERSION}");
    let (venv, packages) = (home.join("venv"), home.join("packages"));
    let pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
    let Err(no_venv) = run(Command::new("python3").args(["-m", "venv"]).arg(&venv)) else {
        let python = venv.join("bin/python");
        return run(Command::new(python).args(pip).arg(package));
    };
    // A half-made one would be taken for the real one.
    let _ = std::fs::remove_dir_all(&venv);
    run(Command::new("python3").args(pip).arg("--target").arg(packages).arg(package))
        .map_err(|no_pip| format!("{no_venv}; {no_pip}. {REMEDY}"))
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
