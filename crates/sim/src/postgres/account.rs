//! Whom the server runs as: Postgres refuses to be root.

use super::Error;
use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Somebody to be instead of root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// Hands a file over.
    pub(super) fn own(self, path: &Path) -> Result<(), Error> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(|e| Error::Io(path.to_owned(), e))
    }

    /// The first directory on the way to a path that this account may not enter.
    pub(super) fn stopped_at(self, path: &Path) -> io::Result<Option<PathBuf>> {
        for directory in path.canonicalize()?.ancestors().skip(1) {
            let found = fs::metadata(directory)?;
            let bit = if found.uid() == self.uid {
                0o100
            } else if found.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            if found.mode() & bit == 0 {
                return Ok(Some(directory.to_owned()));
            }
        }
        Ok(None)
    }
}

/// Whom to be when we are root; `None` when we are not.
pub(super) fn unprivileged() -> Result<Option<Account>, Error> {
    if effective_uid()? != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = find(&users, "postgres").or_else(|| find(&users, "nobody"));
    let why = "Postgres refuses to run as root, and /etc/passwd has no user `nobody` to run it as";
    found.map(Some).ok_or_else(|| Error::Failed(why.to_owned()))
}

/// Who we are: the owner of what we create (asking the system directly would need unsafe code).
fn effective_uid() -> Result<u32, Error> {
    let path = std::env::temp_dir().join(format!("streammaxing-{}", Uuid::new_v4()));
    let made = fs::File::create_new(&path).and_then(|file| file.metadata());
    let uid = made.map_err(|error| Error::Io(path.clone(), error))?.uid();
    fs::remove_file(&path).map_err(|error| Error::Io(path, error))?;
    Ok(uid)
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Account { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\nnobody2:x:7:7::/:\nnobody:x:65534:65533::/:\n";
        let account = find(passwd, "nobody").unwrap();
        assert_eq!((account.uid, account.gid), (65534, 65533));
        assert!(find(passwd, "postgres").is_none());
    }

    #[test]
    fn closed_directory_is_named() {
        let top = std::env::temp_dir().join(format!("streammaxing-{}", Uuid::new_v4()));
        let inner = top.join("closed/inner");
        fs::create_dir_all(&inner).unwrap();
        let closed = top.join("closed");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        // Nobody on this machine has these numbers.
        let stranger = Account { uid: 4_000_000_001, gid: 4_000_000_001 };
        let stopped = stranger.stopped_at(&inner).unwrap();
        fs::remove_dir_all(&top).unwrap();
        assert_eq!(stopped.unwrap().file_name().unwrap(), "closed");
    }
}
