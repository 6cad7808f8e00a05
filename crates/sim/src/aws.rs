//! A local AWS: the emulator ministack, on loopback only.
//!
//! Nothing of it survives the process that started it, however that one ends.

use crate::python::{Package, Python};
use serde_json::Value;
use std::{
    fs, io,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The region that clients should name; the emulator has them all.
pub const REGION: &str = "eu-central-1";
const PACKAGE: Package = Package {
    name: "ministack",
    module: "ministack",
    extras: "[full]",
    version: "1.5.33",
    beside: &[],
    about: "a local AWS, 215 MB",
};
const START_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How often another port is tried when somebody else was faster.
const PORT_TRIES: u32 = 5;
/// How much of the emulator's log an error shows.
const TAIL_LINES: usize = 20;
/// The shell reads from a pipe which we hold: when we end, in whatever way, the pipe closes, and
/// the shell ends its process group, of which the emulator is part. It ends too when that one does.
const SCRIPT: &str =
    r#"dir=$1; shift; ("$@"; kill -TERM $$) & read -r _; rm -rf -- "$dir"; kill -KILL 0"#;

/// Why there is no local AWS; each says what to do.
#[derive(Debug)]
pub enum Error {
    /// The emulator could not be installed.
    NotInstalled(String),
    /// A file could not be read or written.
    Io(PathBuf, io::Error),
    /// The emulator failed; the text is its own.
    Failed(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotInstalled(why) => write!(f, "there is no local AWS to run: {why}"),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Failed(text) => write!(f, "ministack did not start:\n{text}"),
        }
    }
}

impl std::error::Error for Error {}

/// A running emulator; it stops when this is dropped, and forgets everything.
#[derive(Debug)]
pub struct Ministack {
    port: u16,
    data: PathBuf,
    process: Child,
}

impl Ministack {
    /// Installs the emulator into the cache where need be, and starts it; blocks until it answers.
    pub fn start(cache_dir: &Path) -> Result<Self, Error> {
        Self::start_with(cache_dir, false)
    }

    /// The same; with `strict`, functions may do only what the policies of their roles allow.
    pub fn start_with(cache_dir: &Path, strict: bool) -> Result<Self, Error> {
        let python = Python::with(PACKAGE, cache_dir).map_err(Error::NotInstalled)?;
        let mut last = Error::Failed("no port is free".to_owned());
        for _ in 0..PORT_TRIES {
            match Self::launch(&python, strict) {
                Ok(started) => return Ok(started),
                Err(Error::Failed(log)) if log.contains("already in use") => {
                    last = Error::Failed(log);
                }
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// The address of every service (`AWS_ENDPOINT_URL`).
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The settings of a client; the emulator takes any credentials.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_ENDPOINT_URL", self.url()),
        ]
    }

    /// Calls a service that speaks JSON, such as `TrentService.CreateKey`; blocks.
    ///
    /// The answer is status and body.
    pub fn call(&self, target: &str, body: &Value) -> io::Result<(u16, Value)> {
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/any/aws4_request");
        let headers = [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", target),
            ("Authorization", &credential),
        ];
        let (status, answer) = request(self.port, "POST", "/", &headers, &body.to_string())?;
        Ok((status, serde_json::from_str(&answer).unwrap_or(Value::Null)))
    }

    fn launch(python: &Python, strict: bool) -> Result<Self, Error> {
        let port = free_port().map_err(|error| Error::Io("127.0.0.1".into(), error))?;
        let data = std::env::temp_dir().join(format!("streammaxing-aws-{}", Uuid::new_v4()));
        fs::create_dir_all(&data).map_err(|error| Error::Io(data.clone(), error))?;
        let log = data.join("server.log");
        let output = fs::File::create(&log).map_err(|error| Error::Io(log.clone(), error))?;
        let errors = output.try_clone().map_err(|error| Error::Io(log.clone(), error))?;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(&data).arg(python.program());
        python.environment(&mut command);
        let process = command
            .args(["-m", "ministack"])
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_REGION", REGION)
            .env("AUTH", strict.to_string())
            // It would open a port of its own.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("TMPDIR", &data)
            .env("HOME", &data)
            .current_dir(&data)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // Ctrl-C in a terminal is for us, not for it.
            .process_group(0)
            .spawn();
        let process = process.map_err(|error| Error::Io("sh".into(), error))?;
        let mut started = Self { port, data, process };
        if started.wait_until_ready() {
            return Ok(started);
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        Err(Error::Failed(lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")))
    }

    fn wait_until_ready(&mut self) -> bool {
        let until = Instant::now() + START_TIMEOUT;
        while Instant::now() < until && matches!(self.process.try_wait(), Ok(None)) {
            let health = request(self.port, "GET", "/_ministack/health", &[], "");
            if health.is_ok_and(|(status, _)| status == 200) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
        // The shell and the emulator are killed at once; the emulator is not ours to wait for.
        let until = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < until && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = fs::remove_dir_all(&self.data);
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// One request over a connection of its own; blocking, so that it can be used anywhere.
fn request(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<(u16, String)> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    // HTTP/1.0: the answer comes in one piece and ends with the connection.
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the answer is no HTTP"))?;
    Ok((status, body.to_owned()))
}
