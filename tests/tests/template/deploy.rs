//! `make deploy`, as far as it goes without AWS: what it asks, remembers and refuses before anything is made.

use super::{Scratch, release::deploy};
use crate::aws::aws;
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

/// Which processor an ELF file is for.
const ARM64: u8 = 183;
const X86_64: u8 = 62;

/// A stage of nobody else's, and a function that is built for it.
struct Stage {
    scratch: Scratch,
    stack: String,
}

impl Stage {
    fn new(machine: u8) -> Self {
        let scratch = Scratch::new();
        let mut program = b"\x7fELF".to_vec();
        program.resize(18, 0);
        program.extend([machine, 0]);
        fs::create_dir(scratch.0.join("AppFunction")).unwrap();
        fs::write(scratch.0.join("AppFunction/bootstrap"), program).unwrap();
        Self { scratch, stack: format!("s{}", uuid::Uuid::new_v4().simple()) }
    }

    fn run(&self, command: &str, arguments: &[&str]) -> (bool, String) {
        let mut command = self.command(command);
        let output = command.args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }

    fn command(&self, command: &str) -> Command {
        let mut command = deploy(&[command, "dev", "--no-build"]);
        command.arg("--file").arg(self.file()).arg("--build-dir").arg(&self.scratch.0);
        command.envs(aws().environment());
        command
    }

    fn file(&self) -> std::path::PathBuf {
        self.scratch.0.join("remembered/dev.json")
    }

    /// With everything that has to be asked.
    fn deploy(&self, changes: &[&str]) -> (bool, String) {
        let key = format!("DiscordPublicKey={}", "ab".repeat(32));
        let given = ["DiscordClientId=1100000000000000001", &key, "TwitchClientId=abc"];
        let place = ["--region", sm_sim::aws::REGION, "--stack", &self.stack];
        self.run("deploy", &[&place, given.as_slice(), changes].concat())
    }
}

#[test]
fn what_is_missing_is_named_where_nobody_can_be_asked() {
    let stage = Stage::new(ARM64);
    let (done, text) = stage.run("deploy", &[]);
    assert!(!done, "{text}");
    for name in ["DiscordClientId", "DiscordPublicKey", "TwitchClientId", "--region", "--stack"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    for wrong in ["LogLevel=loud", "DatabaseConnections=0", "Nobody=1", "DiscordClientId=7"] {
        let (done, text) = stage.run("deploy", &[wrong]);
        assert!(!done && text.contains(wrong.split('=').next().unwrap()), "{wrong}: {text}");
    }
    let (done, text) = stage.run("environment", &[]);
    assert!(!done && text.contains("make deploy STAGE=dev"), "{text}");
    assert!(!stage.file().exists(), "what is wrong is not remembered");
}

#[test]
fn limit_of_the_account_is_looked_at_before_anything_is_made() {
    let stage = Stage::new(X86_64);
    let (done, text) = stage.deploy(&["ReservedConcurrency=1000"]);
    assert!(!done && text.contains("more than this account can reserve, which is"), "{text}");
    assert!(text.contains("ReservedConcurrency=0"), "{text}");
    let (_, text) = stage.run("deploy", &["ReservedConcurrency=0"]);
    assert!(text.contains("is not built for arm64"), "it gets further now: {text}");
}

#[test]
fn function_of_another_processor_is_not_deployed() {
    let stage = Stage::new(X86_64);
    let (done, text) = stage.deploy(&[]);
    assert!(!done && text.contains("is not built for arm64"), "{text}");

    // What was asked is remembered for the next try, for nobody else to read.
    let mode = fs::metadata(stage.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (_, text) = stage.run("deploy", &[]);
    assert!(text.contains("is not built for arm64"), "{text}");
    let (done, text) = stage.run("environment", &[]);
    let named = format!("export STREAMMAXING_STACK={}\n", stage.stack);
    assert!(done && text.contains(&named) && text.contains("export AWS_REGION="), "{text}");
}
