//! The secret settings by name: who makes each, and how one is made anew.

use sm_aws::rotation::{random_key, random_secret};
use std::collections::BTreeMap;

/// What is made at Postgres, Discord and Twitch, and where to get it.
pub const ASKED: [(&str, &str); 4] = [
    (
        "DATABASE_URL",
        "postgres://user:password@host:5432/database?sslmode=verify-full, a pooled address if there is one",
    ),
    ("DISCORD_BOT_TOKEN", "Discord developer portal, page Bot, Reset Token"),
    ("DISCORD_CLIENT_SECRET", "Discord developer portal, page OAuth2, Reset Secret"),
    ("TWITCH_CLIENT_SECRET", "Twitch developer console, New Secret"),
];
/// What is made at random, and rotated by the stack.
pub const MADE: [&str; 2] = [SESSION, EVENTSUB];
/// What is made at random where no KMS takes its place.
pub const LOCAL_KEY: &str = "LOCAL_ENCRYPTION_KEY";
/// Signs sessions.
pub const SESSION: &str = "SESSION_SECRET";
/// Signs what Twitch sends.
pub const EVENTSUB: &str = "TWITCH_EVENTSUB_SECRET";

/// Where to get the value of a setting that is made elsewhere; `None` for one of ours.
pub fn source(name: &str) -> Option<&'static str> {
    ASKED.iter().find(|(asked, _)| *asked == name).map(|(_, source)| *source)
}

/// Whether nobody has given any of the asked ones yet, as in a stack that was just made.
pub(crate) fn none_is_given(values: &BTreeMap<String, String>) -> bool {
    ASKED.iter().all(|(name, _)| values.get(*name).is_none_or(|value| value.trim().is_empty()))
}

/// A value made at random for one of ours.
pub fn make(name: &str) -> Result<String, String> {
    if name == LOCAL_KEY { random_key() } else { random_secret() }
}

/// A new value before the newest of the present ones, which stays valid beside it.
pub fn rotate(name: &str, present: &str) -> Result<String, String> {
    match newest(present) {
        "" => Err(format!("{name} has no value yet: run `streammaxing secrets bootstrap` first")),
        newest => Ok(format!("{},{newest}", make(name)?)),
    }
}

/// The value that signs or encrypts at present.
pub fn newest(present: &str) -> &str {
    present.split(',').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_value_goes_before_the_newest_and_the_oldest_goes() {
        for name in [SESSION, EVENTSUB, LOCAL_KEY] {
            let after = rotate(name, "b, a").unwrap();
            let (new, old) = after.split_once(',').unwrap();
            assert_eq!((new.len(), old), (if name == LOCAL_KEY { 44 } else { 64 }, "b"));
            assert!(rotate(name, " ").unwrap_err().contains(name));
        }
    }
}
