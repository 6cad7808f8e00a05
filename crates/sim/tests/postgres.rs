//! The embedded Postgres, spoken to over plain TCP.

#![expect(clippy::unwrap_used, reason = "a test fails where something is wrong, helpers included")]

use sm_sim::postgres::{Error, Kept, Options, Postgres};
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use uuid::Uuid;

#[expect(clippy::disallowed_methods, reason = "how tests are told where things are")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the command line keeps the binaries too, so that one download serves all.
fn options() -> Options {
    let cache = environment("STREAMMAXING_CACHE").map(PathBuf::from);
    let home = || environment("HOME").filter(|home| home != "/root" && home != "/");
    let in_home = || home().map(|home| Path::new(&home).join(".cache/streammaxing"));
    let cache_dir = cache.or_else(in_home).unwrap_or_else(|| "/var/cache/streammaxing".into());
    Options { cache_dir, durable: false }
}

/// Without it, a crash may lose what was committed just before.
fn durable() -> Options {
    Options { durable: true, ..options() }
}

struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("streammaxing-test-{}", Uuid::new_v4())))
    }

    fn kept(&self) -> Kept {
        Kept { data_dir: self.0.clone(), port: None }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Postgres's own protocol, as far as a statement without parameters needs it.
struct Client(TcpStream);

impl Client {
    fn connect(port: u16) -> Self {
        let mut client = Self(TcpStream::connect(("127.0.0.1", port)).unwrap());
        let parameters = b"user\0streammaxing\0database\0postgres\0\0";
        let length = u32::try_from(8 + parameters.len()).unwrap();
        client.0.write_all(&length.to_be_bytes()).unwrap();
        client.0.write_all(&196_608_u32.to_be_bytes()).unwrap();
        client.0.write_all(parameters).unwrap();
        client.until_ready();
        client
    }

    /// Runs a statement; returns the first column of its rows.
    fn query(&mut self, statement: &str) -> Vec<String> {
        let length = u32::try_from(4 + statement.len() + 1).unwrap();
        self.0.write_all(b"Q").unwrap();
        self.0.write_all(&length.to_be_bytes()).unwrap();
        self.0.write_all(statement.as_bytes()).unwrap();
        self.0.write_all(&[0]).unwrap();
        self.until_ready()
    }

    fn until_ready(&mut self) -> Vec<String> {
        let mut rows = Vec::new();
        loop {
            let mut head = [0; 5];
            self.0.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
            let mut body = vec![0; length - 4];
            self.0.read_exact(&mut body).unwrap();
            match head[0] {
                b'Z' => return rows,
                b'E' => panic!("{}", String::from_utf8_lossy(&body)),
                // Two bytes count the columns, four give the length of the first.
                b'D' => rows.push(String::from_utf8(body[6..].to_vec()).unwrap()),
                _ => {}
            }
        }
    }
}

#[test]
fn data_survives_a_stop_and_a_crash_and_the_port_stays() {
    let mut postgres = Postgres::start(&durable()).unwrap();
    let port = postgres.port();
    assert_eq!(
        postgres.url("postgres"),
        format!("postgres://streammaxing@127.0.0.1:{port}/postgres")
    );
    let mut client = Client::connect(port);
    client.query("create table kept (name text)");
    client.query("insert into kept values ('Ana')");

    postgres.stop();
    TcpStream::connect(("127.0.0.1", port))
        .expect_err("nobody listens on the port of a stopped server");
    postgres.start_again().unwrap();
    let mut client = Client::connect(port);
    assert_eq!(client.query("select name from kept"), ["Ana"]);
    client.query("insert into kept values ('Bob')");

    postgres.kill();
    postgres.start_again().unwrap();
    assert_eq!(postgres.port(), port);
    assert_eq!(Client::connect(port).query("select name from kept order by 1"), ["Ana", "Bob"]);
}

#[test]
fn settings_are_those_that_were_asked_for() {
    let postgres = Postgres::start(&durable()).unwrap();
    let mut client = Client::connect(postgres.port());
    let mut show = |name: &str| client.query(&format!("show {name}")).remove(0);
    assert_eq!(show("listen_addresses"), "127.0.0.1");
    assert_eq!(show("unix_socket_directories"), "");
    assert_eq!(show("server_encoding"), "UTF8");
    assert_eq!(show("fsync"), "on");
    assert_eq!(client.query("select datcollate from pg_database limit 1"), ["C"]);
}

#[test]
fn kept_data_is_reused_but_not_by_two_at_once() {
    let directory = Directory::new();
    let mut first = Postgres::start_at(&durable(), &directory.kept()).unwrap();
    Client::connect(first.port()).query("create table kept as select 'Ana' as name");
    let second = Postgres::start_at(&options(), &directory.kept());
    assert!(matches!(second, Err(Error::Running(_))), "{second:?}");
    first.kill();
    drop(first);

    let again = Postgres::start_at(&options(), &directory.kept()).unwrap();
    assert_eq!(Client::connect(again.port()).query("select name from kept"), ["Ana"]);
}

#[test]
fn lock_that_names_a_foreign_process_is_removed() {
    let directory = Directory::new();
    drop(Postgres::start_at(&options(), &directory.kept()).unwrap());
    // Our own number: a process that runs, and that is no server.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let lock =
        format!("{}\n/nowhere\n1700000000\n{free}\n\n127.0.0.1\n\nready\n", std::process::id());
    fs::write(directory.0.join("cluster/postmaster.pid"), lock).unwrap();

    let postgres = Postgres::start_at(&options(), &directory.kept()).unwrap();
    assert_eq!(Client::connect(postgres.port()).query("select 1"), ["1"]);
}

#[test]
fn data_of_another_version_is_refused_and_kept() {
    let directory = Directory::new();
    let version = directory.0.join("cluster/PG_VERSION");
    fs::create_dir_all(version.parent().unwrap()).unwrap();
    fs::write(&version, "9\n").unwrap();
    let refused = Postgres::start_at(&options(), &directory.kept()).unwrap_err();
    assert!(refused.to_string().contains("was written by Postgres 9"), "{refused}");
    assert!(version.is_file());
}

#[test]
fn taken_port_is_named_by_the_servers_own_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let directory = Directory::new();
    let port = Some(taken.local_addr().unwrap().port());
    let refused = Postgres::start_at(&options(), &Kept { port, ..directory.kept() }).unwrap_err();
    assert!(refused.to_string().contains("Address already in use"), "{refused}");
}

/// Starts a server and ends without a word, as a process that the kernel kills.
#[test]
#[ignore = "the process that another test starts"]
fn process_that_dies() {
    let directory = PathBuf::from(environment("STREAMMAXING_TEST_DIRECTORY").unwrap());
    let kept = Kept { data_dir: directory.clone(), port: None };
    let postgres = Postgres::start_at(&options(), &kept).unwrap();
    fs::write(directory.join("port"), postgres.port().to_string()).unwrap();
    std::process::abort();
}

#[test]
fn server_does_not_survive_the_process_that_started_it() {
    let directory = Directory::new();
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "process_that_dies"])
        .env("STREAMMAXING_TEST_DIRECTORY", &directory.0)
        .output()
        .unwrap();
    assert!(!died.status.success());
    let port: u16 = fs::read_to_string(directory.0.join("port")).unwrap().parse().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    // The lock goes last.
    while directory.0.join("cluster/postmaster.pid").exists() {
        assert!(Instant::now() < until, "the server is still there");
        std::thread::yield_now();
    }
    TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens any more");
}
