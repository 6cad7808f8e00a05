//! The local AWS as a process.

use serde_json::json;
use sm_sim::aws::Ministack;
use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use uuid::Uuid;

#[expect(clippy::disallowed_methods, reason = "how tests are told where things are")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the command line keeps downloads too, so that one serves all.
fn cache() -> PathBuf {
    let cache = environment("STREAMMAXING_CACHE").map(PathBuf::from);
    let home = || environment("HOME").filter(|home| home != "/root" && home != "/");
    let in_home = || home().map(|home| Path::new(&home).join(".cache/streammaxing"));
    cache.or_else(in_home).unwrap_or_else(|| "/var/cache/streammaxing".into())
}

#[test]
fn services_answer_and_are_gone_with_the_value() {
    let aws = Ministack::start(&cache()).unwrap();
    let (status, key) = aws.call("TrentService.CreateKey", &json!({})).unwrap();
    assert_eq!(status, 200, "{key}");
    let arn = key["KeyMetadata"]["Arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:kms:eu-central-1:"), "{arn}");
    let (refused, _) =
        aws.call("TrentService.DescribeKey", &json!({ "KeyId": "alias/none" })).unwrap();
    assert_eq!(refused, 400);
    let port: u16 = aws.url().rsplit_once(':').unwrap().1.parse().unwrap();
    drop(aws);
    TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens any more");
}

/// Starts the emulator and ends without a word, as a process that the kernel kills.
#[test]
#[ignore = "the process that another test starts"]
fn process_that_dies() {
    let aws = Ministack::start(&cache()).unwrap();
    fs::write(environment("STREAMMAXING_TEST_FILE").unwrap(), aws.url()).unwrap();
    std::process::abort();
}

#[test]
fn emulator_does_not_survive_the_process_that_started_it() {
    let file = std::env::temp_dir().join(format!("streammaxing-test-{}", Uuid::new_v4()));
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "process_that_dies"])
        .env("STREAMMAXING_TEST_FILE", &file)
        .output()
        .unwrap();
    assert!(!died.status.success());
    let url = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let port: u16 = url.rsplit_once(':').unwrap().1.parse().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        assert!(Instant::now() < until, "the emulator is still there");
        std::thread::yield_now();
    }
}
