//! The answers so far: lines of an environment file that nobody else may read, saved one by one.

use crate::output::Error;
use sm_lambda::env_file;
use std::{
    collections::BTreeMap,
    fs, io,
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt, chown},
    path::{Path, PathBuf},
};

/// A file of settings that grows answer by answer; comments and other settings in it stay.
#[derive(Debug)]
pub(crate) struct Answers {
    path: PathBuf,
    text: String,
    values: BTreeMap<String, String>,
}

impl Answers {
    /// What the file holds; nothing where there is none yet.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        // What a link names is changed, and not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let named = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|error| named(&error))?,
        };
        let values = env_file::parse(&text).map_err(|problem| named(&problem))?;
        Ok(Self { path, text, values })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// An answer; an empty one counts as none.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.values.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Keeps an answer, in the line that waits for it or in a new one.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if self.values.get(name).is_some_and(|known| known == value) {
            return Ok(());
        }
        let line = env_file::line(name, value).ok_or_else(|| format!("{name} must be one line"))?;
        let mut lines = self.lines_without(name);
        let place = self.text.lines().position(|line| sets(line, name)).unwrap_or(lines.len());
        lines.insert(place.min(lines.len()), line);
        self.values.insert(name.to_owned(), value.to_owned());
        self.save(&lines)
    }

    /// Takes answers out.
    pub(crate) fn forget(&mut self, names: &[&str]) -> Result<(), Error> {
        for name in names {
            if self.values.remove(*name).is_some() {
                self.save(&self.lines_without(name))?;
            }
        }
        Ok(())
    }

    fn lines_without(&self, name: &str) -> Vec<String> {
        self.text.lines().filter(|line| !sets(line, name)).map(str::to_owned).collect()
    }

    /// Puts a whole new file in the place of the old one: a crash leaves one of both.
    fn save(&mut self, lines: &[String]) -> Result<(), Error> {
        self.text = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let named =
            |error: io::Error| format!("{} cannot be written: {error}", self.path.display());
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(named)?;
        }
        let new = self.path.with_extension(format!("{}.new", std::process::id()));
        write(&new, &self.text, fs::metadata(&self.path).ok().as_ref())
            .and_then(|()| fs::rename(&new, &self.path))
            .map_err(|error| {
                // It holds secrets, and nobody would look for it.
                let _ = fs::remove_file(&new);
                named(error)
            })?;
        Ok(())
    }
}

/// Writes a file for its owner alone, who stays the same as before.
fn write(path: &Path, text: &str, before: Option<&fs::Metadata>) -> io::Result<()> {
    let mut options = fs::File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    if let Some(before) = before {
        chown(path, Some(before.uid()), Some(before.gid()))?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sets(line: &str, name: &str) -> bool {
    line.split_once('=').is_some_and(|(left, _)| left.trim() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn answers_are_kept_for_their_owner_alone_and_nothing_else_changes() {
        let path = std::env::temp_dir().join(format!("sm-answers-{}", uuid::Uuid::new_v4()));
        fs::write(&path, "# mine\nOTHER=kept\nTOKEN=\nLAST='it is'\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let mut answers = Answers::open(&path).unwrap();
        assert_eq!(answers.get("TOKEN"), None);
        answers.set("TOKEN", "a b$c").unwrap();
        answers.set("NEW", "x").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "# mine\nOTHER=kept\nTOKEN='a b$c'\nLAST='it is'\nNEW=x\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        answers.forget(&["TOKEN", "NONE"]).unwrap();
        let again = Answers::open(&path).unwrap();
        assert_eq!((again.get("TOKEN"), again.get("NEW").as_deref()), (None, Some("x")));
        assert!(answers.set("NEW", "two\nlines").is_err());
        fs::remove_file(path).unwrap();
    }
}
