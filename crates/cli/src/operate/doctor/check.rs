//! A thing that was looked at, what was found, and what to do about it.

use crate::{
    operate::exit,
    output::{Error, Format, Mark},
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    name: &'static str,
    mark: Mark,
    found: String,
    fix: Option<String>,
}

impl Check {
    pub(crate) fn good(name: &'static str, found: &str) -> Self {
        Self { name, mark: Mark::Good, found: found.to_owned(), fix: None }
    }

    pub(crate) fn warning(name: &'static str, found: &str, fix: &str) -> Self {
        Self { name, mark: Mark::Warning, found: found.to_owned(), fix: Some(fix.to_owned()) }
    }

    pub(crate) fn problem(name: &'static str, found: &str, fix: &str) -> Self {
        Self { mark: Mark::Problem, ..Self::warning(name, found, fix) }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.mark == Mark::Good
    }

    pub(crate) fn is_about(&self, name: &str) -> bool {
        self.name == name
    }

    pub(crate) fn is_problem(&self) -> bool {
        self.mark == Mark::Problem
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// For people, with its remedy.
    pub(crate) fn line(&self) -> String {
        let line = format!("{} {:20} {}\n", self.mark.symbol(), self.name, self.found);
        self.fix.as_ref().map_or_else(|| line.clone(), |fix| format!("{line}  {:20} → {fix}\n", ""))
    }

    fn json(&self) -> Value {
        json!({ "name": self.name, "state": self.mark.name(), "found": self.found, "fix": self.fix })
    }
}

/// Prints the checks; well when none is a problem.
pub(crate) fn report(format: Format, checks: &[Check]) -> Result<ExitCode, Error> {
    let count = |mark| checks.iter().filter(|check| check.mark == mark).count();
    let (problems, warnings) = (count(Mark::Problem), count(Mark::Warning));
    let json = json!({
        "ok": problems == 0, "problems": problems, "warnings": warnings,
        "checks": checks.iter().map(Check::json).collect::<Vec<_>>(),
    });
    format.print(&json, || {
        let lines: String = checks.iter().map(Check::line).collect();
        let sum = match (problems, warnings) {
            (0, 0) => "all is well".to_owned(),
            (problems, warnings) => format!("{problems} problems, {warnings} to look at"),
        };
        format!("{lines}{sum}\n")
    })?;
    Ok(exit(problems == 0))
}
