//! The product's own binaries as processes.

use crate::World;
use serde_json::Value;
use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// The path of a binary that `cargo build --workspace --bins` has built beside this test.
pub fn binary(name: &str) -> PathBuf {
    let ours = std::env::current_exe().expect("a program has a path");
    // A test lies in target/<profile>/deps, a program of ours in target/<profile>.
    let folder = ours.parent().expect("a file lies in a folder");
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    let path = folder.join(name);
    assert!(path.is_file(), "{} is missing: run `cargo build --workspace --bins`", path.display());
    path
}

/// What runs it: `BOOTSTRAP`, a command line, takes the place of our `bootstrap`.
fn command(name: &str) -> Command {
    let other = crate::environment("BOOTSTRAP").filter(|_| name == "bootstrap");
    let Some(line) = other else { return Command::new(binary(name)) };
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("BOOTSTRAP names a program"));
    command.args(words);
    command
}

/// What a command has printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON, of a command that went well.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.code, 0, "{} {}", self.stdout, self.stderr);
        self.json()
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.stdout);
        parsed.unwrap_or_else(|_| panic!("no JSON: {} {}", self.stdout, self.stderr))
    }
}

/// Runs `streammaxing` with nothing but these settings in its environment.
pub async fn streammaxing(arguments: &[&str], settings: &[(&'static str, String)]) -> Ran {
    let mut command = tokio::process::Command::new(binary("streammaxing"));
    command.args(arguments).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
    let ran = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let ran = ran.expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints texts");
    let code = ran.status.code().expect("it ends by itself");
    Ran { code, stdout: text(ran.stdout), stderr: text(ran.stderr) }
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub struct Process(pub Child);

impl Process {
    /// Starts a binary with nothing but these settings in its environment.
    pub fn start(name: &str, arguments: &[&str], settings: &[(&'static str, String)]) -> Self {
        Self::spawn(name, arguments, settings, Stdio::null())
    }

    /// The same; returns its standard output too.
    pub fn start_logged(
        name: &str,
        arguments: &[&str],
        settings: &[(&'static str, String)],
    ) -> (Self, ChildStdout) {
        let mut process = Self::spawn(name, arguments, settings, Stdio::piped());
        let log = process.0.stdout.take().expect("it is piped");
        (process, log)
    }

    fn spawn(
        name: &str,
        arguments: &[&str],
        settings: &[(&'static str, String)],
        stdout: Stdio,
    ) -> Self {
        let mut command = command(name);
        command
            .args(arguments)
            .env_clear()
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::null());
        Self(command.spawn().expect("the binary starts"))
    }

    /// Starts `streammaxing serve` on a free port; returns its address once it listens.
    pub fn serve(settings: &[(&'static str, String)]) -> (String, Self) {
        Self::serve_with(settings, &[])
    }

    /// Starts `streammaxing serve` at an address; returns once it listens.
    pub fn serve_at(address: &str, settings: &[(&'static str, String)]) -> Self {
        Self::listening(address, &[], settings)
    }

    /// The same with more arguments.
    pub fn serve_with(settings: &[(&'static str, String)], arguments: &[&str]) -> (String, Self) {
        let address = free_address();
        let process = Self::listening(&address, arguments, settings);
        (address, process)
    }

    pub fn listening(
        address: &str,
        arguments: &[&str],
        settings: &[(&'static str, String)],
    ) -> Self {
        let has_site = arguments.iter().any(|argument| argument.contains("dashboard"));
        let api_only: &[&str] = if has_site { &[] } else { &["--api-only"] };
        Self::serving(address, &[api_only, arguments].concat(), settings)
    }

    /// Starts `streammaxing serve` with the dashboard that it carries inside; returns its address once it listens.
    pub fn serve_embedded(settings: &[(&'static str, String)]) -> (String, Self) {
        let address = free_address();
        let process = Self::serving(&address, &[], settings);
        (address, process)
    }

    fn serving(address: &str, arguments: &[&str], settings: &[(&'static str, String)]) -> Self {
        let arguments = [&["serve", "--listen", address], arguments].concat();
        let mut process = Self::start("streammaxing", &arguments, settings);
        // What it logs depends on its settings: the port tells of itself.
        while TcpStream::connect(address).is_err() {
            let ended = process.0.try_wait().expect("it is ours to wait for");
            assert!(ended.is_none(), "the server has ended before it listened: {ended:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        process
    }

    /// Ends it as the kernel does when memory is short: without a word.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    listener.expect("a free port").to_string()
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Two servers beside the app, on the same database.
#[derive(Debug)]
pub struct Two {
    /// Where they listen.
    pub addresses: [String; 2],
    _processes: [Process; 2],
}

impl World {
    /// Runs an operator's command against this world.
    pub async fn operate(&self, arguments: &[&str]) -> Ran {
        streammaxing(arguments, &self.settings).await
    }

    /// The same with other settings; an empty one counts as unset.
    pub async fn operate_with(&self, settings: &[(&'static str, &str)], arguments: &[&str]) -> Ran {
        let mut all = self.settings.clone();
        all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        streammaxing(arguments, &all).await
    }

    /// Starts two servers with the world's settings and these.
    pub fn two_servers(&self, settings: &[(&'static str, &str)]) -> Two {
        let mut all = self.settings.clone();
        all.push(("LOG_LEVEL", "error".to_owned()));
        all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let [(one, first), (two, second)] = [(); 2].map(|()| Process::serve(&all));
        Two { addresses: [one, two], _processes: [first, second] }
    }
}
