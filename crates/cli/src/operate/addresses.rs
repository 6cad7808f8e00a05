//! The product's addresses, as Twitch and Discord have to know them.

/// The addresses below one base.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Where Discord sends people back to.
    pub discord_redirect: String,
    /// Where Discord tells of installs and withdrawn consents.
    pub discord_events: String,
    /// Where Discord posts what people do with commands and buttons.
    pub discord_interactions: String,
    /// Where Twitch sends streamers back to.
    pub twitch_redirect: String,
    /// Where Twitch posts events; the product tells Twitch itself.
    pub twitch_callback: String,
    /// Tells that the process answers.
    pub health: String,
}

impl Addresses {
    /// The addresses below `PUBLIC_BASE_URL`.
    pub fn below(base: &str) -> Self {
        let base = base.trim_end_matches('/');
        Self {
            discord_redirect: format!("{base}/api/auth/discord/callback"),
            discord_events: format!("{base}/webhooks/discord"),
            discord_interactions: format!("{base}/interactions"),
            twitch_redirect: format!("{base}/api/auth/twitch/callback"),
            twitch_callback: format!("{base}/webhooks/twitch"),
            health: format!("{base}/api/health"),
        }
    }
}

/// Where an admin of a Discord server invites the bot, with the permissions it needs.
pub(super) fn invite(discord_client_id: &str) -> String {
    let permissions = sm_discord::INSTALL_PERMISSIONS.0;
    format!(
        "https://discord.com/oauth2/authorize?client_id={discord_client_id}&scope=bot+applications.commands&permissions={permissions}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_routes_of_the_api() {
        let all = Addresses::below("/");
        for path in [&all.discord_redirect, &all.twitch_redirect, &all.health] {
            assert!(sm_api::ROUTES.iter().any(|route| route.path == path), "{path}");
        }
    }
}
