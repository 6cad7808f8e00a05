//! The product's own binaries as processes.

use crate::World;
use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
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

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub struct Process(pub Child);

impl Process {
    /// Starts a binary with nothing but these settings in its environment.
    pub fn start(name: &str, arguments: &[&str], settings: &[(&'static str, String)]) -> Self {
        let mut command = Command::new(binary(name));
        command
            .args(arguments)
            .env_clear()
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().expect("the binary starts"))
    }

    /// Starts `streammaxing serve` on a free port; returns its address once it listens.
    pub fn serve(settings: &[(&'static str, String)]) -> (String, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        let address = listener.expect("a free port").to_string();
        let process = Self::start("streammaxing", &["serve", "--listen", &address], settings);
        while TcpStream::connect(&address).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
        (address, process)
    }

    /// Ends it as the kernel does when memory is short: without a word.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
    /// Starts two servers with the world's settings and these.
    pub fn two_servers(&self, settings: &[(&'static str, &str)]) -> Two {
        let mut all = self.settings.clone();
        all.push(("LOG_LEVEL", "error".to_owned()));
        all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let [(one, first), (two, second)] = [(); 2].map(|()| Process::serve(&all));
        Two { addresses: [one, two], _processes: [first, second] }
    }
}
