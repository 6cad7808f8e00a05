//! `--release`: nothing of an archive is used that is not what the checksums say.

use crate::template::root;
use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use sm_tests::process::{Ran, streammaxing};
use std::{fs, path::PathBuf, process::Command};
use tokio::net::TcpListener;

/// A release, packed as releases are.
struct Packed(PathBuf);

impl Packed {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("sm-release-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(folder.join("dashboard/assets")).unwrap();
        fs::write(folder.join("dashboard/index.html"), "<!doctype html>").unwrap();
        fs::write(folder.join("dashboard/assets/a.js"), "1").unwrap();
        fs::write(folder.join("program"), "a program").unwrap();
        let packed = Self(folder);
        packed.pack();
        packed
    }

    fn pack(&self) {
        let at = |name: &str| self.0.join(name).display().to_string();
        let mut command = Command::new("python3");
        command.arg(root().join("tools/release.py")).args(["v1.2.3", &at("out")]);
        command.args(["--cli", &format!("x86_64={}", at("program")), "--deployment"]);
        command.args(["--function", &format!("arm64={}", at("program"))]);
        assert!(command.args(["--dashboard", &at("dashboard")]).status().unwrap().success());
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join("out").join(name)).unwrap()
    }

    /// Runs `up aws` as far as it comes with an AWS that does not answer.
    async fn up(&self, from: &str) -> Ran {
        let kept = self.0.join("kept").display().to_string();
        // A Python without what deploys: the first thing that is asked of it fails.
        let arguments = [
            "up",
            "aws",
            "--release",
            from,
            "--python",
            "/usr/bin/python3",
            "--folder",
            &kept,
            "--region",
            "eu-central-1",
            "--stack",
            "none",
            "--alarm-email",
            "-",
            "--no-test",
        ];
        streammaxing(&arguments, &[("PATH", "/usr/bin:/bin".to_owned())]).await
    }
}

impl Drop for Packed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const FUNCTION: &str = "streammaxing-v1.2.3-function-arm64.zip";
const GOOD: &str = "as its checksums say";

#[tokio::test]
async fn archive_that_is_not_what_its_checksum_says_is_refused() {
    let packed = Packed::new();
    let from = packed.0.join("out").display().to_string();
    let ran = packed.up(&from).await;
    assert!(ran.stderr.contains(GOOD), "{}", ran.stderr);
    // What comes next is Python's, which knows no boto3.
    assert!(ran.code == 1 && ran.stderr.contains("AWS_REGION"), "{}", ran.stderr);

    fs::write(packed.0.join("out").join(FUNCTION), "another").unwrap();
    let ran = packed.up(&from).await;
    let text = format!("{FUNCTION} is not what SHA256SUMS says");
    assert!(ran.code == 1 && ran.stderr.contains(&text), "{}", ran.stderr);
    fs::remove_file(packed.0.join("out").join(FUNCTION)).unwrap();
    let ran = packed.up(&from).await;
    assert!(ran.code == 1 && ran.stderr.contains(FUNCTION), "{}", ran.stderr);
    fs::write(packed.0.join("out/SHA256SUMS"), "").unwrap();
    let ran = packed.up(&from).await;
    assert!(ran.code == 1 && ran.stderr.contains("does not name one file"), "{}", ran.stderr);
}

#[tokio::test]
async fn release_is_fetched_from_an_address_that_leads_elsewhere() {
    let packed = Packed::new();
    let out = packed.0.join("out");
    let file = async move |Path(name): Path<String>| match fs::read(out.join(name)) {
        Ok(bytes) => bytes.into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    };
    let elsewhere = async |Path(name): Path<String>| Redirect::temporary(&format!("/files/{name}"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/v1.2.3/{name}", axum::routing::get(elsewhere))
        .route("/files/{name}", axum::routing::get(file));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let ran = packed.up(&format!("{url}/v1.2.3")).await;
    assert!(ran.stderr.contains(GOOD), "{}", ran.stderr);
    let ran = packed.up(&format!("{url}/none")).await;
    assert!(ran.code == 1 && ran.stderr.contains("404"), "{}", ran.stderr);
}

#[test]
fn same_files_make_the_same_archives() {
    let (one, two) = (Packed::new(), Packed::new());
    let names = fs::read_dir(one.0.join("out")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "SHA256SUMS",
            "streammaxing-v1.2.3-dashboard.tar.gz",
            "streammaxing-v1.2.3-deployment.tar.gz",
            FUNCTION,
            "streammaxing-v1.2.3-linux-x86_64.tar.gz",
        ]
    );
    for name in names {
        assert!(one.read(&name) == two.read(&name), "{name}");
    }
}
