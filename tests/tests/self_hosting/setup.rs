//! The set-up commands of docs/self-hosting.md, as they stand there: twice, and nothing is lost.

use super::docs;
use sm_tests::process::{binary, streammaxing};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

/// Runs the document's commands in a folder that stands for `/`.
fn set_up(root: &Path) {
    let block = docs::block("sh", "secrets bootstrap");
    let commands: String = block
        .lines()
        // Built already.
        .filter(|line| !line.starts_with("make release"))
        .map(|line| {
            let line =
                line.replace("sudo ", "").replace("/etc/", &format!("{}/etc/", root.display()));
            let line = line.replace("/usr/local", &format!("{}/usr/local", root.display()));
            line.replace(
                "target/release/streammaxing",
                &binary("streammaxing").display().to_string(),
            ) + "\n"
        })
        .collect();
    let path = format!("{}/usr/local/bin:/usr/bin:/bin", root.display());
    let ran =
        Command::new("sh").args(["-e", "-c", &commands]).env_clear().env("PATH", path).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{commands}{}", String::from_utf8_lossy(&ran.stderr));
}

#[tokio::test]
async fn set_up_can_be_run_twice_and_loses_nothing() {
    let root = std::env::temp_dir().join(format!("sm-setup-{}", uuid::Uuid::new_v4()));
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::create_dir_all(root.join("usr/local/bin")).unwrap();
    set_up(&root);
    let file = root.join("etc/streammaxing.env");
    let first = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        first.contains("LOCAL_ENCRYPTION_KEY=") && first.contains("\nDISCORD_BOT_TOKEN=\n"),
        "{first}"
    );
    let password = "p$HOME&`id`";
    let url = format!("DATABASE_URL=postgres://a:{password}@localhost/c?x=1&y=2");
    let filled = first.replace("DATABASE_URL=\n", &format!("{url}\n"));
    assert!(filled.contains(&url), "{first}");
    fs::write(&file, &filled).unwrap();
    set_up(&root);
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        filled,
        "the second run adds nothing and empties nothing"
    );
    let arguments = ["--env-file", file.to_str().unwrap(), "secrets", "bootstrap", "--dry-run"];
    let ran = streammaxing(&arguments, &[]).await;
    assert_eq!((ran.code, ran.stdout.trim()), (0, ""), "{}", ran.stderr);
    fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn file_that_cannot_be_read_is_named() {
    let ran = streammaxing(&["--env-file", "/nowhere.env", "urls"], &[]).await;
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("--env-file /nowhere.env"), "{}", ran.stderr);
}
