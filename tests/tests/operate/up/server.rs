//! `up server`.

use super::{Operator, hidden};
use crate::operate::terminal::{Answer, in_a_terminal};
use sm_tests::{
    World,
    process::{Process, binary},
    scenario,
};
use std::{fs, os::unix::fs::PermissionsExt, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr},
    time::timeout,
};

/// `up` under way.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    said: String,
}

impl Running {
    fn start(operator: &Operator<'_>, arguments: &[&str]) -> Self {
        let mut command = tokio::process::Command::new(binary("streammaxing"));
        command.args(["up", "server", "--file"]).arg(operator.file()).args(arguments);
        command.env_clear().envs(operator.answers()).envs(operator.surroundings());
        command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, said: String::new() }
    }

    /// Waits for a line with this text.
    async fn says(&mut self, text: &str) {
        let found = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                self.said += &format!("{line}\n");
                if line.contains(text) {
                    return true;
                }
            }
            false
        };
        let found = timeout(Duration::from_secs(60), found).await;
        assert!(matches!(found, Ok(true)), "`{text}` is not said: {}", self.said);
    }

    async fn end(mut self) -> (Option<i32>, String) {
        self.says("ready: ").await;
        (self.child.wait().await.unwrap().code(), self.said)
    }
}

/// Starts the product as `up` has told.
fn serve(operator: &Operator<'_>) -> Process {
    let file = operator.file().display().to_string();
    let arguments = ["--env-file", &file, "serve", "--api-only", "--listen", &operator.address];
    Process::start("streammaxing", &arguments, &operator.surroundings())
}

fn twitch_redirect(operator: &Operator<'_>) -> String {
    format!("{}/api/auth/twitch/callback", operator.base())
}

async fn set_up(t: &World, operator: &Operator<'_>) {
    // Of somebody else: from now on Twitch takes no address that is not registered.
    t.twitch.add_redirect_uri("https://other.example");
    let guild = t.discord.add_guild("Guild");
    let channel = t.discord.add_channel(guild, "live");
    t.discord.set_bot_present(guild, false);
    let mut up = Running::start(operator, &["--channel", &channel.to_string()]);
    up.says("serve").await;
    up.says("✖ health").await;
    let _server = serve(operator);
    up.says("✔ discord events").await;
    up.says("✔ discord interactions").await;
    up.says("✔ discord commands").await;
    up.says("✖ discord redirect").await;
    t.discord.add_redirect_uri(&format!("{}/api/auth/discord/callback", operator.base()));
    up.says("✖ twitch redirect").await;
    t.twitch.add_redirect_uri(&twitch_redirect(operator));
    up.says("oauth2/authorize?client_id=").await;
    t.discord.set_bot_present(guild, true);
    let (code, said) = up.end().await;
    assert_eq!(code, Some(0), "{said}");

    let messages = t.discord.messages(channel);
    assert_eq!(messages.len(), 1);
    assert!(messages[0].content.starts_with("**Test**"), "{messages:?}");
    let events = format!("{}/webhooks/discord", operator.base());
    assert_eq!(t.discord.webhook_events_url(), Some(events));
    let interactions = format!("{}/interactions", operator.base());
    assert_eq!(t.discord.interactions_url(), Some(interactions));
    assert_eq!(t.discord.commands().len(), 2);
    let file = fs::read_to_string(operator.file()).unwrap();
    hidden(&file, &said);
    let mode = fs::metadata(operator.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Once more: everything is there, nothing is asked, and nothing changes.
    let up = Running::start(operator, &["--no-test"]);
    let (code, said) = up.end().await;
    assert_eq!((code, fs::read_to_string(operator.file()).unwrap()), (Some(0), file), "{said}");
    assert!(!said.contains("Start it now"), "it runs: {said}");
}

#[tokio::test]
async fn nothing_becomes_a_test_message_while_up_waits_for_what_is_missing() {
    scenario(async |t| {
        let operator = Operator::new(t).await;
        set_up(t, &operator).await;
        operator.finish().await;
    })
    .await;
}

#[tokio::test]
async fn each_wrong_answer_is_named_with_its_remedy_and_not_kept() {
    scenario(async |t| {
        let operator = Operator::new(t).await;
        let away = "postgres://nobody:hunter2-secret@127.0.0.1:1/none";
        let cases = [
            ("PUBLIC_BASE_URL", "http://alerts.example", "is not encrypted"),
            ("PUBLIC_BASE_URL", "https://a.example/path", "PUBLIC_BASE_URL"),
            ("DISCORD_BOT_TOKEN", "hunter2-token", "is refused by Discord"),
            ("DISCORD_CLIENT_SECRET", "hunter2-secret", "is refused by Discord"),
            ("TWITCH_CLIENT_ID", "hunter2-id", "is not known to Twitch"),
            ("TWITCH_CLIENT_SECRET", "hunter2-secret", "is refused by Twitch for client"),
            ("DATABASE_URL", away, "does not connect"),
            ("DATABASE_URL", "mysql://a:hunter2-secret@b/c", "is for mysql"),
        ];
        for (name, wrong, why) in cases {
            let mut answers = operator.answers();
            answers.insert(name, wrong.to_owned());
            let ran = operator.run(&["up", "server", "--no-test", "--wait", "0"], &answers).await;
            assert_eq!(ran.code, 1, "{name}: {}", ran.stderr);
            for words in [name, why, "Remedy: "] {
                assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
            }
            assert!(!ran.stderr.contains("hunter2-secret"), "{}", ran.stderr);
            let kept = fs::read_to_string(operator.file()).unwrap_or_default();
            assert!(!kept.contains(wrong), "{name}: {kept}");
        }
        let down = [
            ("DISCORD_API_URL", "http://127.0.0.1:1/api/v10", "may this machine reach Discord?"),
            ("TWITCH_AUTH_URL", "http://127.0.0.1:1", "may this machine reach Twitch?"),
        ];
        for (name, url, why) in down {
            let mut answers = operator.answers();
            answers.insert(name, url.to_owned());
            let ran = operator.run(&["up", "server", "--no-test", "--wait", "0"], &answers).await;
            assert!(ran.code == 1 && ran.stderr.contains(why), "{}", ran.stderr);
        }
        operator.finish().await;
    })
    .await;
}

#[tokio::test]
async fn everything_that_is_missing_is_named_at_once_where_nobody_can_be_asked() {
    scenario(async |t| {
        let operator = Operator::new(t).await;
        let ran = operator.run(&["up", "server"], &[].into()).await;
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        for name in operator.answers().keys() {
            assert!(ran.stderr.contains(&format!("{name} is missing (")), "{name}: {}", ran.stderr);
        }
        assert!(ran.stderr.contains("--channel VALUE"), "{}", ran.stderr);
        assert!(ran.stderr.contains("--discord-bot-token-file FILE"), "{}", ran.stderr);
        assert!(!operator.file().exists());
        operator.finish().await;
    })
    .await;
}

#[tokio::test]
async fn whoever_leaves_goes_on_at_the_question_where_they_were() {
    scenario(async |t| {
        let operator = Operator::new(t).await;
        let answers = operator.answers();
        let file = operator.file().display().to_string();
        let arguments = ["up", "server", "--no-test", "--wait", "0", "--file", &file];
        let mut settings = operator.surroundings();
        // Those of the tests themselves.
        settings.extend([("DATABASE_URL", String::new()), ("NO_COLOR", "1".to_owned())]);
        let first = [
            Answer::Open(&answers["PUBLIC_BASE_URL"]),
            Answer::Hidden("hunter2"),
            Answer::Hidden(&answers["DISCORD_BOT_TOKEN"]),
            Answer::Hidden(&answers["DISCORD_CLIENT_SECRET"]),
            Answer::Leave,
        ];
        let (code, shown) = in_a_terminal(&arguments, &settings, &first).await;
        assert!(code == 1 && shown.contains("run the same command to go on"), "{shown}");
        assert!(shown.contains("✖ DISCORD_BOT_TOKEN"), "{shown}");
        let kept = fs::read_to_string(operator.file()).unwrap();
        hidden(&kept, &shown);
        assert!(!shown.contains("hunter2") && !kept.contains("hunter2"), "{shown}");

        let rest = [
            Answer::Open(&answers["TWITCH_CLIENT_ID"]),
            Answer::Hidden(&answers["TWITCH_CLIENT_SECRET"]),
            Answer::Hidden(&answers["DATABASE_URL"]),
        ];
        let (code, shown) = in_a_terminal(&arguments, &settings, &rest).await;
        // Nobody has started it yet.
        assert!(code == 1 && shown.contains("✖ health"), "{shown}");
        let file = fs::read_to_string(operator.file()).unwrap();
        hidden(&file, &shown);
        for name in answers.keys().chain(&["SESSION_SECRET", "LOCAL_ENCRYPTION_KEY"]) {
            assert!(file.contains(&format!("{name}=")), "{name}: {file}");
        }
        operator.finish().await;
    })
    .await;
}

#[test]
fn program_that_the_service_would_not_see_is_refused_before_anything_is_asked() {
    let folder =
        std::path::PathBuf::from(format!("/tmp/streammaxing-hidden-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("streammaxing");
    fs::copy(binary("streammaxing"), &program).unwrap();
    let mut command = std::process::Command::new(&program);
    let ran = command.args(["up", "server", "--service"]).env_clear().output().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && ran.stdout.is_empty(), "{said}");
    assert!(
        said.contains("--service: a service may not read /tmp/") && said.contains("sudo install"),
        "{said}"
    );
}

#[tokio::test]
async fn service_is_the_one_of_the_document_and_is_started() {
    scenario(async |t| {
        let operator = Operator::new(t).await;
        let (programs, units) = (operator.folder.join("bin"), operator.folder.join("units"));
        fs::create_dir_all(&programs).unwrap();
        fs::create_dir_all(&units).unwrap();
        let (log, systemctl) = (operator.folder.join("log"), programs.join("systemctl"));
        fs::write(&systemctl, format!("#!/bin/sh\necho \"$@\" >> {}\n", log.display())).unwrap();
        fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
        let mut answers = operator.answers();
        answers.insert("PATH", format!("{}:/usr/bin:/bin", programs.display()));
        let units_of_it = units.display().to_string();
        let arguments =
            ["up", "server", "--service", "--units", &units_of_it, "--no-test", "--wait", "0"];
        let ran = operator.run(&arguments, &answers).await;
        // Here systemd starts nothing.
        assert!(
            ran.code == 1 && ran.stdout.contains("") && ran.stderr.contains("✖ health"),
            "{}",
            ran.stderr
        );
        let commands = fs::read_to_string(log).unwrap();
        assert_eq!(
            commands,
            "daemon-reload\nenable streammaxing.service\nrestart streammaxing.service\n"
        );
        let unit = fs::read_to_string(units.join("streammaxing.service")).unwrap();
        let document = crate::self_hosting::docs::block("ini", "[Service]");
        let program = binary("streammaxing").canonicalize().unwrap();
        let expected = document
            .replace("/usr/local/bin/streammaxing", &program.display().to_string())
            .replace(
                "/etc/streammaxing.env",
                &operator.file().canonicalize().unwrap().display().to_string(),
            );
        assert_eq!(unit.trim(), expected.trim());
        operator.finish().await;
    })
    .await;
}
