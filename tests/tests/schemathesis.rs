//! The API against its own description: schemathesis sends what the description allows, and what it does
//! not, and holds every answer to it.

use crate::setup::admin;
use sm_sim::python::{Package, Python};
use sm_tests::{cache_dir, scenario};
use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

const PACKAGE: Package = Package {
    name: "schemathesis",
    module: "schemathesis",
    extras: "",
    version: "4.32.5",
    beside: &[],
    about: "holds the API to its description, 100 MB",
};
/// What would end the session that the others need; `permissions` calls these.
const SKIPPED: [&str; 4] =
    ["/api/users/me", "/api/auth/logout", "/api/auth/sessions", "/api/auth/sessions/{session_id}"];

#[tokio::test]
async fn api_keeps_to_its_description() {
    let _loaded = sm_tests::machine().await;
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let ada = admin(t, &ana).await;
        t.twitch.go_live(&ana).await;
        t.work().await;
        let deliveries = ada.browser.get(&ada.path("deliveries")).await.ok();
        let template = serde_json::json!({"name": "One", "message": {}});
        let template = ada.browser.post(&ada.path("templates"), &template).await.ok();
        let home = std::env::temp_dir().join(format!("streammaxing-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(&home).unwrap();
        let ids = format!(
            "[parameters]\n\"path.guild_id\" = \"{}\"\n\"path.delivery_id\" = {}\n\"path.template_id\" = {}\n",
            ada.guild.id, deliveries["items"][0]["id"], template["id"],
        );
        fs::write(home.join("schemathesis.toml"), ids).unwrap();
        let cookie = ada.browser.cookie("__Host-session").unwrap();
        let python = tokio::task::spawn_blocking(|| Python::with(PACKAGE, &cache_dir()));
        let python = python.await.unwrap().unwrap_or_else(|why| panic!("{why}"));
        let mut command = Command::new(python.program());
        python.environment(&mut command);
        command
            .args(["-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"])
            .arg(format!("{}/api/openapi.json", t.url))
            .args(["-H", &format!("Cookie: __Host-session={cookie}")])
            .args(["-H", &format!("Origin: {}", t.url)])
            .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--seed", "1"])
            .args(["--checks", "not_a_server_error,status_code_conformance"])
            .args(["--checks", "content_type_conformance,response_schema_conformance"])
            .args(["--max-redirects", "0", "--continue-on-failure", "--no-color"])
            .args(SKIPPED.iter().flat_map(|path| ["--exclude-path", path]))
            .current_dir(&home)
            .stdin(Stdio::null());
        let run = tokio::task::spawn_blocking(move || command.output().unwrap());
        // The limit per user is another test's business.
        let unlimited = async {
            loop {
                t.sql("delete from rate_buckets").await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let output = tokio::select! {
            output = run => output.unwrap(),
            () = unlimited => unreachable!("it never ends"),
        };
        fs::remove_dir_all(&home).unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{errors}");
        assert!(text.contains("Test cases:"), "{text}");
        t.work().await;
    })
    .await;
}
