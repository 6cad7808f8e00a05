//! A real Postgres for development and tests, on loopback only.
//!
//! The binaries are those that npm carries, or else the newest on this machine. Nothing of it
//! survives the process that started it, however that one ends.

mod account;
mod binaries;
mod server;

use account::{Account, unprivileged};
use binaries::Binaries;
use server::{Guard, Started};
use std::{
    fs, io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Child,
};
use uuid::Uuid;

/// How often another port is tried when somebody else was faster.
const PORT_TRIES: u32 = 5;

/// Why Postgres did not start; each says what to do.
#[derive(Debug)]
pub enum Error {
    /// No binaries could be had.
    NoBinaries(String),
    /// A file could not be read or written.
    Io(PathBuf, io::Error),
    /// The server or its set-up failed; the text is its own.
    Failed(String),
    /// We are root, and the user that runs Postgres cannot enter this directory.
    Closed(PathBuf),
    /// The data was written by another major version.
    OtherVersion {
        /// Where the data is.
        data: PathBuf,
        /// The version that wrote it.
        wrote: String,
        /// The version of the binaries.
        runs: u32,
    },
    /// A server runs on this data already.
    Running(PathBuf),
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
            Self::Closed(path) => write!(
                f,
                "root cannot run Postgres, and the user that does may not enter {0}: use a directory \
                 outside of it, or `chmod a+x {0}`",
                path.display()
            ),
            Self::OtherVersion { data, wrote, runs } => write!(
                f,
                "{} was written by Postgres {wrote} and this is {runs}: remove it, or use another directory",
                data.display()
            ),
            Self::Running(data) => {
                write!(f, "a server runs on {} already: stop it first", data.display())
            }
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

/// Where data is kept between runs.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The directory; made when it is missing.
    pub data_dir: PathBuf,
    /// The port; a free one when not given.
    pub port: Option<u16>,
}

/// A running server; it stops when this is dropped, and data that is not kept is removed.
#[derive(Debug)]
pub struct Postgres {
    binaries: Binaries,
    data: PathBuf,
    /// Whether the data outlives this.
    kept: bool,
    durable: bool,
    /// 0 until one is chosen; then it stays, since it is part of the addresses given out.
    port: u16,
    account: Option<Account>,
    server: Option<Child>,
    guard: Option<Guard>,
}

impl Postgres {
    /// Starts an empty server whose data is removed in the end; blocks until it answers.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let mut postgres = Self::prepare(options, None)?;
        postgres.start_again()?;
        Ok(postgres)
    }

    /// Starts a server on data that is kept; blocks until it answers.
    pub fn start_at(options: &Options, kept: &Kept) -> Result<Self, Error> {
        let mut postgres = Self::prepare(options, Some(kept))?;
        postgres.start_again()?;
        Ok(postgres)
    }

    /// The address of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://streammaxing@127.0.0.1:{}/{database}", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts a stopped server on the same data and the same port; a running one stays.
    pub fn start_again(&mut self) -> Result<(), Error> {
        if self.is_running() {
            return Ok(());
        }
        self.clear_lock()?;
        if self.guard.is_none() {
            self.guard = Some(self.guard()?);
        }
        if self.port != 0 {
            return match self.launch(self.port)? {
                Started::Ready => Ok(()),
                Started::PortTaken(log) => Err(Error::Failed(log)),
            };
        }
        self.choose_port()
    }

    /// Stops the server: running statements are cancelled, data is kept.
    pub fn stop(&mut self) {
        self.end("fast");
    }

    /// Stops the server as a crash does: the next start recovers from the log.
    pub fn kill(&mut self) {
        self.end("immediate");
    }

    fn prepare(options: &Options, kept: Option<&Kept>) -> Result<Self, Error> {
        let account = unprivileged()?;
        let binaries = Binaries::find(&options.cache_dir).map_err(Error::NoBinaries)?;
        let data = match kept {
            Some(kept) => kept.data_dir.clone(),
            None => scratch(account),
        };
        fs::create_dir_all(&data).map_err(|error| Error::Io(data.clone(), error))?;
        let data = data.canonicalize().map_err(|error| Error::Io(data, error))?;
        let postgres = Self {
            binaries,
            data,
            kept: kept.is_some(),
            durable: options.durable,
            port: kept.and_then(|kept| kept.port).unwrap_or(0),
            account,
            server: None,
            guard: None,
        };
        postgres.open_to_account()?;
        postgres.ensure_cluster()?;
        Ok(postgres)
    }

    fn open_to_account(&self) -> Result<(), Error> {
        let Some(account) = self.account else { return Ok(()) };
        for path in [&self.data, &self.binaries.path("postgres")] {
            let stopped = account.stopped_at(path).map_err(|e| Error::Io(path.clone(), e))?;
            if let Some(closed) = stopped {
                return Err(Error::Closed(closed));
            }
        }
        account.own(&self.data)
    }

    /// Makes the cluster, or checks the one that is there.
    fn ensure_cluster(&self) -> Result<(), Error> {
        let version = self.cluster().join("PG_VERSION");
        let wrote = match fs::read_to_string(&version) {
            Ok(text) => text.trim().to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.init(),
            Err(error) => return Err(Error::Io(version, error)),
        };
        let runs = self.binaries.version;
        if wrote == runs.to_string() {
            return Ok(());
        }
        Err(Error::OtherVersion { data: self.data.clone(), wrote, runs })
    }

    fn choose_port(&mut self) -> Result<(), Error> {
        let mut taken = String::new();
        for _ in 0..PORT_TRIES {
            let port = free_port().map_err(|error| Error::Io("127.0.0.1".into(), error))?;
            match self.launch(port)? {
                Started::Ready => {
                    self.port = port;
                    return Ok(());
                }
                Started::PortTaken(log) => taken = log,
            }
        }
        Err(Error::Failed(taken))
    }

    fn cluster(&self) -> PathBuf {
        self.data.join("cluster")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end(if self.kept { "fast" } else { "immediate" });
        if !self.kept {
            // Nobody is left to tell.
            let _ = fs::remove_dir_all(&self.data);
        }
    }
}

/// A place of its own for data that is not kept, where the account that runs the server gets to.
fn scratch(account: Option<Account>) -> PathBuf {
    let system = std::env::temp_dir();
    let closed = |account: Account| account.stopped_at(&system.join(".")).ok().flatten().is_some();
    let parent = if account.is_some_and(closed) { Path::new("/tmp") } else { &system };
    parent.join(format!("streammaxing-postgres-{}", Uuid::new_v4()))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
