//! Every call that the product makes of Twitch and Discord. A call that the clients can make and that is not
//! listed here fails a test.

use std::{collections::BTreeSet, fs, path::Path};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remote {
    Twitch,
    Discord,
}

/// Which calls share a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What jobs and announcements ask of Twitch.
    Streams,
    /// What people ask of Twitch.
    Channels,
    /// What the chat bot asks of Twitch.
    Chat,
    /// What announcements ask of Discord.
    Messages,
    /// What people and jobs ask of Discord.
    Servers,
}

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) remote: Remote,
    /// The client's method.
    pub(super) name: &'static str,
    /// The simulator's route.
    pub(super) route: &'static str,
    pub(super) part: Part,
    /// Whether a list is told.
    pub(super) list: bool,
}

impl Call {
    pub(super) fn full_name(&self) -> String {
        let remote = if self.remote == Remote::Twitch { "twitch" } else { "discord" };
        format!("{remote}.{}", self.name)
    }
}

macro_rules! calls {
    ($($remote:ident $part:ident $name:ident $route:literal $list:literal;)*) => {
        pub(super) const CALLS: &[Call] = &[$(Call {
            remote: Remote::$remote, name: stringify!($name), route: $route, part: Part::$part, list: $list,
        },)*];
    };
}

calls! {
    Twitch Streams app_token "POST token" false;
    Twitch Streams users "GET users" true;
    Twitch Streams channels "GET channels" true;
    Twitch Streams streams "GET streams" true;
    Twitch Streams archives "GET videos" true;
    Twitch Streams create_subscription "POST eventsub/subscriptions" true;
    Twitch Streams subscriptions_page "GET eventsub/subscriptions" true;
    Twitch Streams subscription "GET eventsub/subscriptions" true;
    Twitch Streams delete_subscription "DELETE eventsub/subscriptions" false;
    Twitch Channels list_subscriptions "GET eventsub/subscriptions" true;
    Twitch Channels subscription_budget "GET eventsub/subscriptions" true;
    Twitch Channels users_by_login "GET users" true;
    Twitch Channels search_channels "GET search/channels" true;
    Twitch Channels search_categories "GET search/categories" true;
    Twitch Channels games "GET games" true;
    Twitch Channels exchange_code "POST token" false;
    Twitch Channels validate "GET validate" false;
    Twitch Chat send_chat_message "POST chat/messages" false;
    Twitch Chat delete_chat_message "DELETE moderation/chat" false;
    Twitch Chat authorizations "GET authorization/users" true;
    Twitch Chat follower_count "GET channels/followers" false;
    Twitch Chat followed_since "GET channels/followers" false;
    Twitch Chat begin_device "POST device" false;
    Twitch Chat device_token "POST token" false;
    Twitch Chat refresh_user_token "POST token" false;
    Discord Messages create_message "POST channels/*/messages" false;
    Discord Messages edit_message "PATCH channels/*/messages/*" false;
    Discord Messages delete_message "DELETE channels/*/messages/*" false;
    Discord Messages list_messages "GET channels/*/messages" true;
    Discord Messages get_channel "GET channels/*" false;
    Discord Messages get_guild "GET guilds/*" false;
    Discord Messages get_member "GET guilds/*/members/*" false;
    Discord Messages current_user "GET users/@me" false;
    Discord Servers get_guild_channels "GET guilds/*/channels" true;
    Discord Servers get_guild_roles "GET guilds/*/roles" true;
    Discord Servers bot_guilds "GET users/@me/guilds" true;
    Discord Servers leave_guild "DELETE users/@me/guilds/*" false;
    Discord Servers application "GET applications/@me" false;
    Discord Servers edit_application "PATCH applications/@me" false;
    Discord Servers set_interactions_url "PATCH applications/@me" false;
    Discord Servers commands "GET applications/*/commands" true;
    Discord Servers overwrite_commands "PUT applications/*/commands" true;
    Discord Servers edit_original "PATCH webhooks/*/*/messages/@original" false;
    Discord Servers exchange_code "POST oauth2/token" false;
    Discord Servers refresh_tokens "POST oauth2/token" false;
    Discord Servers revoke_tokens "POST oauth2/token/revoke" false;
    Discord Servers user "GET users/@me" false;
    Discord Servers user_guilds "GET users/@me/guilds" true;
}

/// What the clients offer the rest of the product that asks for something and waits for the answer.
fn offered(of: &str, files: &[&str]) -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(of).join("src");
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(source.join(file)).unwrap();
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("pub async fn ")) {
            let name: String =
                line.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.insert(name);
        }
    }
    found
}

/// The files that send something; others could do so only behind the clients' backs.
fn senders(of: &str) -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(of).join("src");
    let sends = |text: &str| text.contains("async fn ");
    let files = fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
        .filter(|path| sends(&fs::read_to_string(path).unwrap()))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_call_of_the_clients_is_in_the_matrix() {
    for (remote, of, files) in [
        (
            Remote::Twitch,
            "twitch",
            &["chat.rs", "client.rs", "followers.rs", "helix.rs", "oauth.rs"][..],
        ),
        (Remote::Discord, "discord", &["client.rs", "interaction_calls.rs", "oauth.rs"]),
    ] {
        assert_eq!(
            senders(of),
            files.iter().map(|file| (*file).to_owned()).collect(),
            "another file of crates/{of} talks to the remote: name it here"
        );
        let listed = CALLS.iter().filter(|call| call.remote == remote);
        assert_eq!(
            offered(of, files),
            listed.map(|call| call.name.to_owned()).collect(),
            "a call to {of} is new or gone: give it a line in CALLS (tests/tests/matrix/calls.rs), an arm in \
             drive.rs that makes the product ask, and a row in docs/reliability.md (MATRIX_TABLE=1 make chaos)"
        );
    }
}

#[test]
fn every_call_has_a_route_of_its_simulator() {
    for call in CALLS {
        let routes = match call.remote {
            Remote::Twitch => sm_sim::twitch::ROUTES,
            Remote::Discord => sm_sim::discord::ROUTES,
        };
        assert!(routes.contains(&call.route), "{}: {}", call.full_name(), call.route);
    }
}
