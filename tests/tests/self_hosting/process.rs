//! The process: where it listens, what stops it, and what it says of itself.

use sm_tests::{
    World,
    process::{Process, streammaxing},
    scenario,
};
use std::net::{TcpListener, TcpStream};

#[tokio::test]
async fn address_in_use_is_named() {
    scenario(async |t| {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let ran = streammaxing(&["serve", "--api-only", "--listen", &address], &t.settings).await;
        assert_ne!(ran.code, 0);
        assert!(
            ran.stderr.contains(&format!("--listen {address}: another process")),
            "{}",
            ran.stderr
        );
    })
    .await;
}

#[tokio::test]
async fn name_is_an_address_to_listen_at() {
    scenario(async |t| {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let _server = Process::serve_at(&format!("localhost:{port}"), &t.settings);
        TcpStream::connect(format!("localhost:{port}")).unwrap();
    })
    .await;
}

#[tokio::test]
async fn version_names_release_and_commit() {
    let ran = streammaxing(&["--version"], &[]).await;
    let line = ran.stdout.trim();
    let (release, commit) = line.split_once(" (").unwrap();
    assert_eq!(release, format!("streammaxing {}", env!("CARGO_PKG_VERSION")));
    assert!(commit.ends_with(')') && commit.len() > 7, "{line}");
}

/// How a server ends at a signal, once it listens.
fn ends_at(t: &World, signal: &str) -> Option<i32> {
    let (_, mut server) = Process::serve(&t.settings);
    let id = server.0.id().to_string();
    let sent = std::process::Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
    server.0.wait().unwrap().code()
}

#[tokio::test]
async fn terminal_that_is_closed_lets_it_finish_its_work() {
    scenario(async |t| {
        // One that is ended by a signal has no code.
        for signal in ["-HUP", "-TERM", "-INT"] {
            assert_eq!(ends_at(t, signal), Some(0), "{signal}");
        }
    })
    .await;
}
