//! Results for people and for scripts, on standard output.

use serde_json::Value;
use std::io::{IsTerminal, Write};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What went wrong, in a sentence.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// How results are printed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Format {
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Format {
    /// Prints a result: as JSON, or in the words of `text`.
    pub fn print(self, json: &Value, text: impl FnOnce() -> String) -> Result<(), Error> {
        if self.json {
            print(&format!("{}\n", serde_json::to_string_pretty(json)?))
        } else {
            print(&text())
        }
    }
}

/// To standard output. A reader that has seen enough, such as `head`, is no error.
pub fn print(text: &str) -> Result<(), Error> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// To standard error: standard output is for results.
pub fn say(text: &str) {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A mark before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// To be put right.
    Problem,
}

impl Mark {
    /// The mark, coloured where somebody looks at it and has not asked for no colours.
    pub fn symbol(self) -> String {
        let (symbol, colour) = match self {
            Self::Good => ("✔", "32"),
            Self::Warning => ("▲", "33"),
            Self::Problem => ("✖", "31"),
        };
        if colours() { format!("\x1b[{colour}m{symbol}\x1b[0m") } else { symbol.to_owned() }
    }

    /// The name for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// See no-color.org.
fn colours() -> bool {
    #[expect(clippy::disallowed_methods, reason = "a convention of terminals, no setting of ours")]
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !unwanted && std::io::stdout().is_terminal()
}

/// Rows under their headings, in columns as wide as their widest entry.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let entries =
            rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count());
        entries.chain([headings[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..headings.len()).map(width).collect();
    let line = |entries: &mut dyn Iterator<Item = &str>| {
        let cells = entries.zip(&widths).map(|(text, &width)| format!("{text:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(&mut headings.iter().copied());
    for row in rows {
        text += &line(&mut row.iter().map(|entry| entry.lines().next().unwrap_or("")));
    }
    text
}

/// To the second.
pub fn moment(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_entry() {
        let rows = [vec!["1".to_owned(), "für alle".to_owned()], vec!["1000".into(), "x".into()]];
        assert_eq!(table(&["ID", "WHAT"], &rows), "ID    WHAT\n1     für alle\n1000  x\n");
        assert_eq!(table(&["ID"], &[]), "ID\n");
    }
}
