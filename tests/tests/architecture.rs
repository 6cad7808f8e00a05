//! The arrows between crates, kept by reading the manifests; those between files, by reading these.

use crate::imports;
use std::{collections::BTreeMap, fs, path::Path};

/// What each crate may use; a crate that is missing here fails the test.
const MAY_USE: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("db", &["types"]),
    ("twitch", &["types"]),
    ("discord", &["types"]),
    ("aws", &["types"]),
    ("services", &["types", "db", "twitch", "discord", "aws"]),
    ("api", &["types", "db", "twitch", "discord", "aws", "services"]),
    ("lambda", &["types", "db", "twitch", "discord", "aws", "services", "api"]),
    ("sim", &["types"]),
    ("cli", &["types", "db", "twitch", "discord", "aws", "services", "api", "lambda", "sim"]),
];

fn crates() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let read = |entry: fs::DirEntry| {
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).expect("a manifest");
        (entry.file_name().into_string().expect("a name of ours"), manifest)
    };
    fs::read_dir(root).expect("crates").map(|entry| read(entry.expect("an entry"))).collect()
}

#[test]
fn arrows_between_crates_go_one_way() {
    let allowed: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    for (name, manifest) in crates() {
        let may_use =
            allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the table"));
        let uses = manifest.lines().filter_map(|line| line.strip_prefix("sm-"));
        for used in uses.filter_map(|rest| rest.split(['.', ' ', '=']).next()) {
            assert!(may_use.contains(&used), "{name} must not use {used}");
        }
    }
}

#[test]
fn no_two_files_of_a_crate_import_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    for name in crates().into_keys() {
        let arrows = imports::arrows(&root.join(&name).join("src"));
        for circle in imports::circles(&arrows) {
            let files: Vec<&str> = circle.iter().map(String::as_str).collect();
            let between = |from: &str, to: &str| files.contains(&from) && files.contains(&to);
            let tied: Vec<_> = arrows.iter().filter(|(from, to)| between(from, to)).collect();
            assert!(
                tied.is_empty(),
                "{name}: files import each other, perhaps over others: {tied:#?}"
            );
        }
    }
}

#[test]
fn sql_stands_in_db_alone_and_db_speaks_no_http() {
    for (name, manifest) in crates() {
        let uses = |library: &str| manifest.lines().any(|line| line.starts_with(library));
        let source = sources(&name);
        if name != "db" {
            let sql = ["sqlx::query", "sqlx::raw_sql"].iter().any(|call| source.contains(call));
            assert!(!sql, "{name} has SQL of its own");
        }
        if matches!(name.as_str(), "twitch" | "discord" | "api" | "sim") {
            assert!(!uses("sqlx"), "{name} must not know Postgres");
        }
        if name == "db" {
            assert!(!uses("reqwest") && !uses("axum"), "db must not know HTTP");
        }
    }
}

fn sources(name: &str) -> String {
    fn read(folder: &Path, into: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                read(&entry.path(), into);
            } else if entry.path().extension().is_some_and(|ending| ending == "rs") {
                into.push_str(&fs::read_to_string(entry.path()).expect("a source"));
            }
        }
    }
    let mut all = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(name).join("src"), &mut all);
    all
}
