//! `compose.yaml` and `.env.example` give the product what it asks for.

use super::root;
use sm_lambda::Config;
use std::{cell::RefCell, collections::BTreeSet, fs};

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// Names of the settings that the product may be given, and of those that it must.
fn settings() -> (BTreeSet<String>, BTreeSet<String>) {
    let asked = RefCell::new(BTreeSet::new());
    let error = Config::from_lookup(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    let needed = error.unwrap_err().problems;
    (asked.into_inner(), needed.into_iter().map(|(name, _)| name.to_owned()).collect())
}

#[test]
fn containers_are_given_every_setting_that_is_needed_and_none_that_is_not_one() {
    let (example, compose) = (read(".env.example"), read("compose.yaml"));
    let lines = example.lines().filter(|line| !line.starts_with('#'));
    let asked: BTreeSet<&str> =
        lines.filter_map(|line| line.split_once('=')).map(|(n, _)| n).collect();
    let (known, needed) = settings();
    // Of these compose.yaml makes the settings that it sets itself.
    let of_compose = ["DOMAIN", "POSTGRES_PASSWORD"];
    for name in &asked {
        let used = compose.contains(&format!("${{{name}"));
        assert!(known.contains(*name) || of_compose.contains(name) && used, "{name} is no setting");
    }
    for name in needed {
        let given = asked.contains(name.as_str()) || compose.contains(&format!("\n    {name}: "));
        assert!(given, "{name} is set nowhere");
    }
    assert!(read(".gitignore").lines().any(|line| line == "/.env"));
    assert!(read(".dockerignore").lines().any(|line| line == ".env"));
}

#[test]
fn image_is_run_by_nobody_in_particular_and_writes_nothing() {
    let dockerfile = read("Dockerfile");
    let last = dockerfile.rsplit("\nFROM ").next().unwrap();
    assert!(last.contains("\nUSER 10001:10001\n") && last.contains("\"ready\""), "{last}");
    let builds = dockerfile.lines().find(|line| line.contains("cargo build")).unwrap();
    assert!(builds.contains("--features dashboard"), "`serve` would not start: {builds}");
    let compose = read("compose.yaml");
    assert!(compose.contains("read_only: true") && compose.contains("cap_drop: [ALL]"));
    let toolchain = read("rust-toolchain.toml");
    let version = toolchain.split('"').nth(1).unwrap();
    assert!(dockerfile.contains(&format!("RUSTUP_TOOLCHAIN={version}\n")), "{version}");
}
