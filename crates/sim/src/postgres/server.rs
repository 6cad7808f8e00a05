//! The server's processes: setting up, starting, stopping, and not staying behind.

use super::{Error, Postgres};
use std::{
    fs, io,
    net::{SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How much of the server's log an error shows.
const TAIL_LINES: usize = 20;

/// What became of a start.
pub(super) enum Started {
    Ready,
    /// Somebody else listens there; with the server's own words.
    PortTaken(String),
}

/// Stops the server when our process is gone, even when it was killed.
///
/// A shell that reads from a pipe which we hold: when we end, in whatever way, the pipe closes.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // Killed before its pipe closes: it must not act any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Postgres {
    /// Makes the cluster beside its final place: an interrupted one is not taken for complete.
    pub(super) fn init(&self) -> Result<(), Error> {
        let new = self.data.join("cluster.new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(|error| Error::Io(new.clone(), error))?;
        }
        let mut command = self.command("initdb");
        command.arg("-D").arg(&new).args([
            "-U",
            "streammaxing",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        if !self.durable {
            command.arg("--no-sync");
        }
        let output = command.output().map_err(|error| Error::Io("initdb".into(), error))?;
        if !output.status.success() {
            return Err(Error::Failed(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        fs::rename(&new, self.cluster()).map_err(|error| Error::Io(new, error))
    }

    /// Removes the lock of a server that is gone; an error when one runs.
    pub(super) fn clear_lock(&self) -> Result<(), Error> {
        let path = self.cluster().join("postmaster.pid");
        let Ok(lock) = fs::read_to_string(&path) else { return Ok(()) };
        let status = self.pg_ctl("status").status();
        if !status.is_ok_and(|status| status.success()) {
            // The process is gone: Postgres sees that too, and checks more than we could.
            return Ok(());
        }
        // Line 4 is the port. A number that was given to another process since is no server.
        let port = lock.lines().nth(3).and_then(|line| line.trim().parse().ok()).unwrap_or(0);
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Err(Error::Running(self.data.clone()));
        }
        fs::remove_file(&path).map_err(|error| Error::Io(path, error))
    }

    /// Starts the server and waits until it answers.
    pub(super) fn launch(&mut self, port: u16) -> Result<Started, Error> {
        let log = self.data.join("server.log");
        let file = fs::OpenOptions::new().create(true).append(true).open(&log);
        let file = file.map_err(|error| Error::Io(log.clone(), error))?;
        let before = file.metadata().map_or(0, |found| found.len());
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.cluster())
            .args(self.settings(port))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            // Ctrl-C in a terminal is for us, not for the server.
            .process_group(0);
        let server = command.spawn().map_err(|error| Error::Io("postgres".into(), error))?;
        let pid = server.id();
        self.server = Some(server);
        if self.wait_until_ready(pid, port) {
            return Ok(Started::Ready);
        }
        self.end("immediate");
        let said = written_since(&log, before);
        if said.contains("Address already in use") {
            return Ok(Started::PortTaken(said));
        }
        Err(Error::Failed(said))
    }

    /// Given on the command line, so that kept data follows the options of each start.
    fn settings(&self, port: u16) -> Vec<String> {
        let on_off = if self.durable { "on" } else { "off" };
        let settings = [
            // Loopback only: everybody on this machine may connect, nobody else can.
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", ""),
            ("max_connections", "300"),
            ("shared_buffers", "128MB"),
            ("max_wal_size", "2GB"),
            ("fsync", on_off),
            ("synchronous_commit", on_off),
            ("full_page_writes", on_off),
        ];
        let pairs =
            settings.iter().flat_map(|(name, value)| ["-c".into(), format!("{name}={value}")]);
        pairs.chain(["-p".to_owned(), port.to_string()]).collect()
    }

    fn wait_until_ready(&mut self, pid: u32, port: u16) -> bool {
        let until = Instant::now() + START_TIMEOUT;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while Instant::now() < until && self.is_running() {
            // It says "ready" in the last line once connections are taken. A file that a crash
            // has left says so too, but names another process.
            let lock = fs::read_to_string(self.cluster().join("postmaster.pid"));
            let lock = lock.unwrap_or_default();
            let ours = lock.lines().next() == Some(&pid.to_string());
            let ready = lock.lines().any(|line| line.trim() == "ready");
            if ours && ready && TcpStream::connect_timeout(&address, START_TIMEOUT).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Whether the server's process is there.
    pub(super) fn is_running(&mut self) -> bool {
        self.server.as_mut().is_some_and(|server| matches!(server.try_wait(), Ok(None)))
    }

    /// Ends the server in one of `pg_ctl`'s modes and waits for that.
    pub(super) fn end(&mut self, mode: &str) {
        let Some(mut server) = self.server.take() else { return };
        let stopped = self.pg_ctl("stop").args(["-m", mode, "-w"]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            // It may be gone already; a child that is not waited for stays a zombie.
            let _ = server.kill();
        }
        let _ = server.wait();
    }

    pub(super) fn guard(&self) -> Result<Guard, Error> {
        let mode = if self.kept { "fast" } else { "immediate" };
        let script = r#"read -r _; "$1" -D "$2" -m "$3" -w stop; [ -z "$4" ] || rm -rf -- "$4""#;
        let mut command = self.as_account(Command::new("sh"));
        command
            .envs(
                self.command("pg_ctl").get_envs().filter_map(|(name, value)| Some((name, value?))),
            )
            .args(["-c", script, "sh"])
            .arg(self.binaries.path("pg_ctl"))
            .arg(self.cluster())
            .arg(mode)
            .arg(if self.kept { Path::new("") } else { &self.data })
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let shell: io::Result<Child> = command.spawn();
        shell.map(Guard).map_err(|error| Error::Io("sh".into(), error))
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.command("pg_ctl");
        command.arg(action).arg("-D").arg(self.cluster());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn command(&self, name: &str) -> Command {
        let mut command = self.as_account(self.binaries.command(name));
        command.current_dir(&self.data);
        command
    }

    fn as_account(&self, mut command: Command) -> Command {
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }
}

fn written_since(log: &Path, offset: u64) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let new = bytes.get(usize::try_from(offset).unwrap_or(0)..).unwrap_or_default();
    let text = String::from_utf8_lossy(new);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
