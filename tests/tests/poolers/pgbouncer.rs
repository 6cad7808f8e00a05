//! A real PgBouncer before a test's database.

use sqlx::postgres::PgConnectOptions;
use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How many prepared statements PgBouncer keeps on each of its connections, where it tracks them.
pub(super) const TRACKED: u32 = 200;
/// Connections of PgBouncer's own.
pub(super) const SERVERS: usize = 6;

/// How it pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    /// By transaction, with prepared statements tracked.
    Tracked,
    /// By transaction, without.
    Untracked,
    /// The same, each transaction on another connection than the one before.
    UntrackedInTurns,
    Session,
}

/// PgBouncer, which is killed after the test.
#[derive(Debug)]
pub(super) struct PgBouncer {
    process: Child,
    folder: PathBuf,
    port: u16,
    url: String,
}

#[expect(clippy::disallowed_methods, reason = "how tests are told where things are")]
fn binary() -> String {
    std::env::var("PGBOUNCER").ok().filter(|path| !path.is_empty()).unwrap_or_else(|| {
        // Debian's is where only root looks for programs.
        let debian = "/usr/sbin/pgbouncer";
        if Path::new(debian).exists() { debian.to_owned() } else { "pgbouncer".to_owned() }
    })
}

/// Whether this PgBouncer can track prepared statements: from 1.21 on.
fn can_track() -> bool {
    let ran = Command::new(binary()).arg("--version").output();
    let ran = ran.expect("PgBouncer is here: apt-get install pgbouncer, or PGBOUNCER=…");
    let text = String::from_utf8_lossy(&ran.stdout);
    let version = text.strip_prefix("PgBouncer ").expect("it tells its version");
    let mut parts = version.split(['.', '\n']).map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next(), parts.next()) >= (Some(1), Some(21))
}

impl PgBouncer {
    /// Starts one before the server of a database.
    pub(super) fn start(database_url: &str, pooling: Pooling) -> Self {
        let to: PgConnectOptions = database_url.parse().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("streammaxing-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let (user_info, _) = database_url.split_once("://").unwrap().1.split_once('@').unwrap();
        let password =
            user_info.split_once(':').map(|(_, password)| format!(" password={password}"));
        let mut lines = vec![
            "[databases]".to_owned(),
            format!(
                "* = host={} port={} user={}{}",
                to.get_host(),
                to.get_port(),
                to.get_username(),
                password.unwrap_or_default()
            ),
            "[pgbouncer]".to_owned(),
            format!("listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir ="),
            // Everybody is the user above.
            "auth_type = any".to_owned(),
            format!("default_pool_size = {SERVERS}\nmax_client_conn = 200"),
        ];
        let mode = if pooling == Pooling::Session { "session" } else { "transaction" };
        lines.push(format!("pool_mode = {mode}"));
        if can_track() {
            let tracked = if pooling == Pooling::Tracked { TRACKED } else { 0 };
            lines.push(format!("max_prepared_statements = {tracked}"));
        } else {
            assert!(pooling != Pooling::Tracked, "PgBouncer 1.21 or newer is needed: make poolers");
        }
        if pooling == Pooling::UntrackedInTurns {
            lines.push("server_round_robin = 1".to_owned());
        }
        fs::write(folder.join("pgbouncer.ini"), lines.join("\n")).unwrap();
        let (_, address) = database_url.rsplit_once('@').unwrap();
        let (_, database) = address.split_once('/').unwrap();
        let url = format!("postgres://{user_info}@127.0.0.1:{port}/{database}");
        let process = run(&folder, port);
        Self { process, folder, port, url }
    }

    /// The database's address through it.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it without a word, as a failing machine does, and starts another in its place.
    pub(super) fn fail_over(&mut self) {
        self.kill();
        self.process = run(&self.folder, self.port);
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// The memory that it has in use, in kilobytes.
    pub(super) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts it; returns once it listens.
fn run(folder: &Path, port: u16) -> Child {
    let mut command = Command::new(binary());
    // It refuses to be root.
    if fs::metadata(folder).unwrap().uid() == 0 {
        command.args(["-u", "nobody"]);
    }
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut process = command
        .arg(folder.join("pgbouncer.ini"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("PgBouncer starts: apt-get install pgbouncer, or PGBOUNCER=…");
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = process.try_wait().unwrap();
        let log = || fs::read_to_string(folder.join("log")).unwrap();
        assert!(ended.is_none() && Instant::now() < until, "PgBouncer does not listen: {}", log());
        std::thread::sleep(Duration::from_millis(5));
    }
    process
}
