//! Every route of the API, once: the router, its description and the tests are made of this table.

use crate::routes::{
    auth, channels,
    chat::{book, commands, deletions, run, timers, tokens, transfer},
    chat_bot, config, deliveries, discord_webhook, favorites, feeds, guilds, health, interactions,
    invites, meta, overview, own_channels, presence, rooms, rules, server_file, streamers,
    templates, twitch_webhook, users,
};
use axum::{
    Router,
    routing::{delete, get, post, put},
};
use sm_services::LazyApp;
use utoipa::OpenApi;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody.
    Public,
    /// Who is signed in.
    User,
    /// A member of the server in the path.
    Member,
    /// Who may manage the server in the path.
    Admin,
    /// Whoever the channel in the path belongs to.
    Owner,
    /// A program with a token of the channel in the path.
    Token,
}

/// A route of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method, in capitals.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
}

macro_rules! table {
    ($($who:ident $method:ident $path:literal $module:ident::$handler:ident;)*) => {
        /// The router of the API, without webhooks.
        pub(crate) fn api() -> Router<LazyApp> {
            Router::new()$(.route($path, $method($module::$handler)))*
        }

        /// Every route of the API.
        pub const ROUTES: &[Route] = &[$(
            Route { method: stringify!($method), path: $path, who: Who::$who },
        )*];

        #[derive(OpenApi)]
        #[openapi(paths($($module::$handler),*), components(schemas(crate::error::Problem)))]
        pub(crate) struct Described;
    };
}

table! {
    Public get "/api/health" health::health;
    Public get "/api/config" meta::config;
    Public get "/api/openapi.json" meta::openapi_json;
    Public get "/api/schemas/server.json" server_file::schema;
    Public get "/api/auth/discord/login" auth::discord_login;
    Public get "/api/auth/discord/callback" auth::discord_callback;
    Public get "/api/auth/twitch/callback" auth::twitch_callback;
    User get "/api/auth/me" auth::me;
    User post "/api/auth/logout" auth::logout;
    User get "/api/auth/sessions" auth::sessions;
    User delete "/api/auth/sessions" auth::end_sessions;
    User delete "/api/auth/sessions/{session_id}" auth::end_session;
    User get "/api/guilds" guilds::list;
    User get "/api/guilds/{guild_id}/install" guilds::install;
    Admin get "/api/guilds/{guild_id}/overview" overview::get;
    Admin get "/api/guilds/{guild_id}/audit" overview::audit_log;
    Admin get "/api/guilds/{guild_id}/places" guilds::get_places;
    Admin get "/api/guilds/{guild_id}/export" server_file::export;
    Admin post "/api/guilds/{guild_id}/import" server_file::import;
    Admin get "/api/guilds/{guild_id}/config" config::get;
    Admin put "/api/guilds/{guild_id}/config" config::put;
    Admin get "/api/guilds/{guild_id}/streamers" streamers::list;
    Admin post "/api/guilds/{guild_id}/streamers" streamers::add;
    Admin get "/api/guilds/{guild_id}/streamers/search" streamers::search;
    Admin get "/api/guilds/{guild_id}/streamers/link" streamers::link;
    Admin get "/api/guilds/{guild_id}/streamers/{streamer_id}" streamers::get;
    Admin put "/api/guilds/{guild_id}/streamers/{streamer_id}" streamers::put;
    Admin delete "/api/guilds/{guild_id}/streamers/{streamer_id}" streamers::remove;
    Admin post "/api/guilds/{guild_id}/streamers/{streamer_id}/subscribe" streamers::subscribe;
    Admin post "/api/guilds/{guild_id}/streamers/{streamer_id}/dry-run" rules::dry_run;
    Admin get "/api/guilds/{guild_id}/categories/search" rules::search_categories;
    Admin get "/api/guilds/{guild_id}/invites" invites::list;
    Admin post "/api/guilds/{guild_id}/invites" invites::create;
    Admin delete "/api/guilds/{guild_id}/invites/{code}" invites::revoke;
    Admin get "/api/guilds/{guild_id}/templates" templates::list;
    Admin post "/api/guilds/{guild_id}/templates" templates::create;
    Admin post "/api/guilds/{guild_id}/templates/preview" templates::preview;
    Admin get "/api/guilds/{guild_id}/templates/{template_id}" templates::get;
    Admin put "/api/guilds/{guild_id}/templates/{template_id}" templates::put;
    Admin delete "/api/guilds/{guild_id}/templates/{template_id}" templates::delete;
    Admin post "/api/guilds/{guild_id}/test-send" templates::test_send;
    Admin get "/api/guilds/{guild_id}/deliveries" deliveries::list;
    Admin get "/api/guilds/{guild_id}/deliveries/{delivery_id}" deliveries::get;
    Admin post "/api/guilds/{guild_id}/deliveries/{delivery_id}/resend" deliveries::resend_one;
    Public get "/api/invites/{code}" invites::get;
    Public get "/api/invites/{code}/link" invites::link;
    Member get "/api/guilds/{guild_id}/presence" presence::list;
    User put "/api/presence" presence::beat;
    User get "/api/presence/visibility" presence::visibility;
    User put "/api/presence/visibility" presence::set_visibility;
    User post "/api/ws/tickets" rooms::ticket;
    Member get "/api/rooms/{room}" rooms::state;
    Member get "/api/rooms/{room}/messages" rooms::messages;
    Member post "/api/rooms/{room}/messages" rooms::say;
    Member put "/api/rooms/{room}/messages/{message_id}" rooms::edit;
    Member delete "/api/rooms/{room}/messages/{message_id}" rooms::delete;
    Member put "/api/rooms/{room}/mark" rooms::mark;
    Admin get "/api/rooms/{room}/mutes" rooms::mutes;
    Admin put "/api/rooms/{room}/mutes/{user_id}" rooms::mute;
    Admin delete "/api/rooms/{room}/mutes/{user_id}" rooms::unmute;
    User get "/api/channels/{login}" channels::get;
    User get "/api/feeds" feeds::list;
    User get "/api/feeds/{streamer_id}" feeds::history;
    User post "/api/feeds/{streamer_id}/test" feeds::test;
    Owner get "/api/channels/{channel_id}/commands" commands::list;
    Owner post "/api/channels/{channel_id}/commands" commands::create;
    Owner post "/api/channels/{channel_id}/commands/switch" commands::switch;
    Owner post "/api/channels/{channel_id}/commands/dry-run" commands::dry_run;
    Owner post "/api/channels/{channel_id}/commands/import" transfer::import;
    Owner get "/api/channels/{channel_id}/commands/export" transfer::export;
    Owner get "/api/channels/{channel_id}/commands/settings" book::get;
    Owner put "/api/channels/{channel_id}/commands/settings" book::put;
    Owner put "/api/channels/{channel_id}/commands/secrets/{secret}" book::set_secret;
    Owner delete "/api/channels/{channel_id}/commands/secrets/{secret}" book::delete_secret;
    Owner get "/api/channels/{channel_id}/commands/{command}" commands::get;
    Owner put "/api/channels/{channel_id}/commands/{command}" commands::put;
    Owner delete "/api/channels/{channel_id}/commands/{command}" commands::delete;
    Token post "/api/channels/{channel_id}/commands/{command}/run" run::run;
    Owner get "/api/channels/{channel_id}/timers" timers::list;
    Owner post "/api/channels/{channel_id}/timers" timers::create;
    Owner put "/api/channels/{channel_id}/timers/{timer_id}" timers::put;
    Owner delete "/api/channels/{channel_id}/timers/{timer_id}" timers::delete;
    Owner get "/api/channels/{channel_id}/deletions" deletions::list;
    Owner get "/api/channels/{channel_id}/tokens" tokens::list;
    Owner post "/api/channels/{channel_id}/tokens" tokens::create;
    Owner delete "/api/channels/{channel_id}/tokens/{token_id}" tokens::revoke;
    User get "/api/streamers/search" favorites::search;
    User get "/api/users/me/channel/link" feeds::link;
    User get "/api/users/me/bot" chat_bot::list;
    User get "/api/users/me/bot/link" chat_bot::link;
    User get "/api/channels/{channel_id}/bot" chat_bot::get;
    User delete "/api/channels/{channel_id}/bot" chat_bot::leave;
    User get "/api/channels/{channel_id}/bot/lines" chat_bot::lines;
    User get "/api/channels/{channel_id}/bot/account/link" chat_bot::link_account;
    User delete "/api/channels/{channel_id}/bot/account" chat_bot::drop_account;
    User get "/api/users/me/channel" own_channels::list;
    User delete "/api/users/me/channel/{streamer_id}" own_channels::withdraw;
    User get "/api/users/me/favorites" favorites::list;
    User put "/api/users/me/favorites" favorites::put;
    User get "/api/users/me/preferences" users::list;
    Member get "/api/users/me/preferences/{guild_id}" users::list_guild;
    Member put "/api/users/me/preferences/{guild_id}" users::put_guild;
    Member put "/api/users/me/preferences/{guild_id}/{streamer_id}" users::put_streamer;
    User get "/api/users/me/export" users::export;
    User delete "/api/users/me" users::delete;
}

/// What Twitch and Discord post to us. They are no part of the described API.
pub(crate) fn webhooks() -> Router<LazyApp> {
    Router::new()
        .route("/webhooks/twitch", post(twitch_webhook::receive))
        .route("/webhooks/discord", post(discord_webhook::receive))
        .route("/interactions", post(interactions::receive))
}
