//! The service of systemd.

use crate::output::{Error, Mark, say};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// As docs/self-hosting.md has it.
const UNIT: &str = include_str!("../../../assets/streammaxing.service");
const NAME: &str = "streammaxing.service";
const PROGRAM: &str = "/usr/local/bin/streammaxing";
const SETTINGS: &str = "/etc/streammaxing.env";
const UNITS: &str = "/etc/systemd/system";
/// What the unit hides from its program: `ProtectHome`, `PrivateTmp`.
const HIDDEN: [&str; 3] = ["/home", "/root", "/tmp"];

/// Where the parts of a service are.
#[derive(Debug, clap::Args)]
pub(crate) struct Paths {
    /// Where systemd looks for services.
    #[arg(long, hide = true, default_value = UNITS)]
    units: PathBuf,
}

impl Paths {
    /// Before anything is asked: a program that the service's user cannot read would never start.
    pub(super) fn refuse_unfit(&self) -> Result<(), Error> {
        let program = std::env::current_exe()?;
        let is_real = self.units == Path::new(UNITS);
        if is_real && HIDDEN.iter().any(|hidden| program.starts_with(hidden)) {
            return Err(format!(
                "--service: a service may not read {}. Remedy: sudo install {} {PROGRAM}, then run that one",
                program.display(),
                program.display()
            )
            .into());
        }
        Ok(())
    }

    /// Writes the unit, and starts it now and with the machine; a service that runs is started anew.
    pub(super) fn install(&self, settings: &Path) -> Result<(), Error> {
        let program = std::env::current_exe()?;
        let unit = UNIT
            .replace(PROGRAM, &program.display().to_string())
            .replace(SETTINGS, &settings.display().to_string());
        let path = self.units.join(NAME);
        fs::write(&path, unit).map_err(|error| {
            format!("--service: {}: {error}. Remedy: run this as root", path.display())
        })?;
        systemctl(&["daemon-reload"])?;
        systemctl(&["enable", NAME])?;
        systemctl(&["restart", NAME])?;
        say(&format!("{} {:22} {}", Mark::Good.symbol(), "service", path.display()));
        Ok(())
    }

    /// Whether there is a unit of ours.
    pub(crate) fn is_installed(&self) -> bool {
        self.units.join(NAME).is_file()
    }

    /// Stops the service for good.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        systemctl(&["disable", "--now", NAME])?;
        fs::remove_file(self.units.join(NAME))?;
        systemctl(&["daemon-reload"])
    }
}

fn systemctl(arguments: &[&str]) -> Result<(), Error> {
    let said = format!("systemctl {}", arguments.join(" "));
    let ran = Command::new("systemctl").args(arguments).status();
    let ran = ran.map_err(|error| format!("{said}: {error}. Remedy: leave --service out"))?;
    if !ran.success() {
        return Err(format!("{said} has failed: see journalctl -u {NAME}").into());
    }
    Ok(())
}
