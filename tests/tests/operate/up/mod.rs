//! `up` and `down`: from nothing to the first test message, and back.

mod down;
mod release;
mod server;

use sm_tests::{
    TestDatabase, World,
    process::{Ran, streammaxing},
};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Somebody who has two applications and a database, and nothing else.
struct Operator<'a> {
    t: &'a World,
    database: TestDatabase,
    folder: PathBuf,
    /// Where the product will be.
    address: String,
}

impl<'a> Operator<'a> {
    async fn new(t: &'a World) -> Self {
        let folder = std::env::temp_dir().join(format!("sm-up-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { t, database: TestDatabase::empty().await, folder, address }
    }

    async fn finish(self) {
        self.database.drop_it().await;
        fs::remove_dir_all(&self.folder).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.join("streammaxing.env")
    }

    fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every answer, by setting.
    fn answers(&self) -> BTreeMap<&'static str, String> {
        let of_world = |name| {
            let found = self.t.settings.iter().find(|(known, _)| *known == name);
            (name, found.unwrap().1.clone())
        };
        let mut answers: BTreeMap<_, _> = [
            "DISCORD_BOT_TOKEN",
            "DISCORD_CLIENT_SECRET",
            "TWITCH_CLIENT_ID",
            "TWITCH_CLIENT_SECRET",
        ]
        .map(of_world)
        .into();
        answers.insert("PUBLIC_BASE_URL", self.base());
        answers.insert("DATABASE_URL", self.database.url.clone());
        answers
    }

    /// Where the simulators are, in the place of Twitch and Discord.
    fn surroundings(&self) -> Vec<(&'static str, String)> {
        let names = ["DISCORD_API_URL", "TWITCH_API_URL", "TWITCH_AUTH_URL"];
        self.t.settings.iter().filter(|(name, _)| names.contains(name)).cloned().collect()
    }

    /// Runs a command where nobody can be asked, with these answers in the environment.
    async fn run(&self, arguments: &[&str], answers: &BTreeMap<&'static str, String>) -> Ran {
        let file = self.file().display().to_string();
        let given = answers.iter().map(|(name, value)| (*name, value.clone()));
        let settings: Vec<_> = self.surroundings().into_iter().chain(given).collect();
        streammaxing(&[arguments, &["--file", &file]].concat(), &settings).await
    }
}

/// No secret of an installation is in what was printed.
#[track_caller]
fn hidden(file: &str, printed: &str) {
    for (name, value) in file.lines().filter_map(|line| line.split_once('=')) {
        let secret = ["TOKEN", "SECRET", "_KEY", "DATABASE"].iter().any(|part| name.contains(part));
        let shown =
            secret && name != "DISCORD_PUBLIC_KEY" && printed.contains(value.trim_matches('\''));
        assert!(!shown, "{name} is shown: {printed}");
    }
}
