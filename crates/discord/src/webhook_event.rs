//! Discord's outgoing webhook events, and what we make of them.

use serde::Deserialize;
use sm_types::{GuildId, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookEvent {
    /// Asks whether we are there.
    Ping,
    /// The bot was installed in a guild.
    Installed {
        guild: GuildId,
        name: String,
        /// Who installed it.
        by: UserId,
    },
    /// A user has removed our access to their account.
    Deauthorized { user: UserId },
    /// Something that is of no use here.
    Other(String),
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    event: Option<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Deserialize, Default)]
struct Data {
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    guild: Option<Guild>,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
struct User {
    id: UserId,
}

#[derive(Deserialize)]
struct Guild {
    id: GuildId,
    #[serde(default)]
    name: String,
}

impl WebhookEvent {
    /// Reads a body that was verified; `None` when it is no event.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let payload: Payload = serde_json::from_slice(&sm_types::json::cleaned(body)).ok()?;
        if payload.kind == 0 {
            return Some(Self::Ping);
        }
        let Event { kind, data } = payload.event?;
        // A plain sign-in is an authorisation too: only one with the bot in a guild is an install.
        let installs = data.scopes.iter().any(|scope| scope == "bot");
        Some(match (kind.as_str(), data.user, data.guild) {
            ("APPLICATION_AUTHORIZED", Some(user), Some(guild)) if installs => {
                Self::Installed { guild: guild.id, name: guild.name, by: user.id }
            }
            ("APPLICATION_DEAUTHORIZED", Some(user), _) => Self::Deauthorized { user: user.id },
            _ => Self::Other(kind),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_apart() {
        let parse = |json: &str| WebhookEvent::parse(json.as_bytes());
        assert_eq!(parse(r#"{"version":1,"type":0}"#), Some(WebhookEvent::Ping));
        let installed = r#"{"type":1,"event":{"type":"APPLICATION_AUTHORIZED","timestamp":"2026-11-20T18:00:01.064834",
            "data":{"scopes":["applications.commands","bot"],"user":{"id":"7"},"guild":{"id":"8","name":"Ana"}}}}"#;
        let expected =
            WebhookEvent::Installed { guild: GuildId(8), name: "Ana".into(), by: UserId(7) };
        assert_eq!(parse(installed), Some(expected));
        let signed_in = r#"{"type":1,"event":{"type":"APPLICATION_AUTHORIZED",
            "data":{"scopes":["identify"],"user":{"id":"7"}}}}"#;
        assert_eq!(
            parse(signed_in),
            Some(WebhookEvent::Other("APPLICATION_AUTHORIZED".to_owned()))
        );
        let gone =
            r#"{"type":1,"event":{"type":"APPLICATION_DEAUTHORIZED","data":{"user":{"id":"7"}}}}"#;
        assert_eq!(parse(gone), Some(WebhookEvent::Deauthorized { user: UserId(7) }));
        assert_eq!(parse("[]"), None);
    }
}
