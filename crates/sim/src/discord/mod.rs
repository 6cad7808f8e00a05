//! Discord as far as the product uses it: REST v10 with permissions, limits, nonces and faults, and
//! OAuth2 with a page on which a person picks the user to be.
//!
//! Beside `/api/v10/…` and `/oauth2/authorize` it serves a control API for pages and the command
//! line:
//!
//! | request | does |
//! |---|---|
//! | `GET /_sim/discord/world` | users, guilds and channels, and whether the bot can post in each |
//! | `POST /_sim/discord/users` | adds a user: `{"username":"ana","global_name":"Ana"}`; answers the id |
//! | `POST /_sim/discord/guilds/{guild}/members/{user}` | brings a user into a guild |
//! | `DELETE /_sim/discord/guilds/{guild}/members/{user}` | takes a user out of a guild |
//! | `POST /_sim/discord/guilds/{guild}/channels` | adds a text channel: `{"name":"live"}`; answers the id |
//! | `DELETE /_sim/discord/channels/{channel}` | deletes a channel; none comes back |
//! | `POST /_sim/discord/guilds/{guild}/roles` | adds a role: `{"name":"pings","mentionable":true}`; answers the id |
//! | `DELETE /_sim/discord/guilds/{guild}/roles/{role}` | deletes a role; none comes back |
//! | `POST /_sim/discord/guilds/{guild}/bot` | brings the bot back into a guild |
//! | `DELETE /_sim/discord/guilds/{guild}/bot` | takes it out |
//! | `GET /_sim/discord/messages?since=0` | messages that changed after a cursor, the next cursor, and whether changes were lost before |
//! | `POST /_sim/discord/interactions` | presses a button: `{"user":"1","channel":"2","message":"3","custom_id":"x"}`; answers what the user is told |
//! | `GET /_sim/discord/violations` | requests that break Discord's contract |
//! | `GET /_sim/discord/faults` | the faults that are left |
//! | `POST /_sim/discord/faults` | adds a fault: `{"path":"GET guilds/*","times":3,"status":503}`, as [`crate::unkind`] has it, or with one of Discord's own: `{"kind":"cloudflare"}` |
//! | `DELETE /_sim/discord/faults` | removes all faults |

mod accounts;
mod answers;
mod ask;
mod authorize;
mod bearer;
mod call;
mod components;
mod contract;
mod control;
mod events;
mod faults;
mod forms;
mod grants;
mod interactions;
mod limits;
mod members;
mod messages;
mod model;
mod page;
mod permissions;
mod resources;
mod routes;
mod token;
mod world;

pub use events::Signing;
pub use faults::{Fault, FaultKind, LimitScope};
pub use interactions::{Answered, Doer};
use model::Overwrite;
pub use model::{SeenRequest, SimMessage};
pub use routes::ROUTES;

use axum::{
    Router,
    routing::{any, get},
};
use serde_json::Value;
use sm_types::{ChannelId, Clock, GuildId, MessageId, RoleId, UserId};
use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::{net::TcpListener, task::AbortHandle};
use world::World;

/// How to run it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The only token that is accepted.
    pub bot_token: String,
    /// Discord's OpenAPI document, to hold requests to.
    pub openapi: Option<PathBuf>,
    /// Requests per second before a global 429; `None` sets no limit, per channel neither.
    ///
    /// With one, a user's guilds can be listed once per second.
    pub rate_limit: Option<usize>,
    /// The only application.
    pub client_id: String,
    pub client_secret: String,
    /// Where it lets users be sent back to, byte for byte; empty: anywhere.
    pub redirect_uris: Vec<String>,
    /// How long after a failed webhook event it is sent again; empty: never.
    pub event_retries: Vec<Duration>,
    /// The clock by which codes and tokens expire.
    pub clock: Clock,
}

impl Options {
    /// A free port, no limits.
    pub fn local(bot_token: &str) -> Self {
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            addr,
            bot_token: bot_token.to_owned(),
            openapi: None,
            rate_limit: None,
            client_id: "1100000000000000001".to_owned(),
            client_secret: "discord-client-secret".to_owned(),
            redirect_uris: Vec::new(),
            event_retries: Vec::new(),
            clock: Clock::system(),
        }
    }
}

/// A running simulator; clones are the same one.
#[derive(Clone, Debug)]
pub struct DiscordSim {
    addr: SocketAddr,
    shared: Arc<Shared>,
    server: AbortHandle,
}

#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    token: String,
    contract: Option<contract::Contract>,
    application: Application,
    sender: events::Sender,
}

/// Who may ask users for their consent.
#[derive(Debug)]
pub(crate) struct Application {
    client_id: String,
    client_secret: String,
    redirect_uris: Mutex<Vec<String>>,
}

impl Application {
    fn redirect_uris(&self) -> Vec<String> {
        self.redirect_uris.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiscordSim {
    /// Registers another address that users may be sent back to.
    pub fn add_redirect_uri(&self, uri: &str) {
        let registered = &self.shared.application.redirect_uris;
        registered.lock().unwrap_or_else(PoisonError::into_inner).push(uri.to_owned());
    }

    /// Starts listening.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.addr).await?;
        let addr = listener.local_addr()?;
        let contract = options.openapi.as_deref().map(contract::Contract::load).transpose()?;
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(options.rate_limit, options.clock)),
            token: options.bot_token,
            contract,
            application: Application {
                client_id: options.client_id,
                client_secret: options.client_secret,
                redirect_uris: Mutex::new(options.redirect_uris),
            },
            sender: events::Sender::new(options.event_retries)?,
        });
        let router = Router::new()
            .merge(control::router())
            .route("/oauth2/authorize", get(routes::consent))
            .fallback(any(routes::handle))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends with the process or by `stop`.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { addr, shared, server: server.abort_handle() })
    }

    /// Stops listening.
    pub fn stop(&self) {
        self.server.abort();
    }

    /// The value of `DISCORD_API_URL`.
    pub fn url(&self) -> String {
        format!("http://{}/api/v10", self.addr)
    }

    /// Where the control API is.
    pub fn origin(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Adds a guild in which the bot is, with the permissions the product asks for.
    pub fn add_guild(&self, name: &str) -> GuildId {
        GuildId(self.shared.world().add_guild(name))
    }

    /// Adds a text channel.
    pub fn add_channel(&self, guild: GuildId, name: &str) -> ChannelId {
        self.add_channel_of_kind(guild, name, 0)
    }

    /// Adds a channel of a type: 0 text, 2 voice, 5 announcement, 11 thread, 15 forum.
    pub fn add_channel_of_kind(&self, guild: GuildId, name: &str, kind: u8) -> ChannelId {
        ChannelId(self.shared.world().add_channel(guild.0, name, kind))
    }

    pub fn add_role(&self, guild: GuildId, name: &str, mentionable: bool) -> RoleId {
        RoleId(self.shared.world().add_role(guild.0, name, mentionable))
    }

    /// Adds a role of an integration, such as the one of Twitch's subscribers.
    pub fn add_managed_role(&self, guild: GuildId, name: &str) -> RoleId {
        let mut world = self.shared.world();
        let id = world.add_role(guild.0, name, false);
        let roles = world.guilds.get_mut(&guild.0).map(|guild| guild.roles.iter_mut());
        if let Some(role) = roles.into_iter().flatten().find(|role| role.id == id) {
            role.managed = true;
        }
        RoleId(id)
    }

    /// Adds a thread to a channel.
    pub fn add_thread(&self, guild: GuildId, channel: ChannelId, name: &str) -> ChannelId {
        let mut world = self.shared.world();
        let id = world.add_channel(guild.0, name, 11);
        world.set_parent(id, channel.0);
        ChannelId(id)
    }

    /// Puts a channel in a category (a channel of type 4), in step with its permissions.
    pub fn set_category(&self, channel: ChannelId, category: ChannelId) {
        self.shared.world().set_parent(channel.0, category.0);
    }

    /// Times the bot out in a guild, until a moment by the simulator's clock, or ends that.
    pub fn set_bot_timeout(&self, guild: GuildId, until: Option<OffsetDateTime>) {
        let ms = until.map(|until| until.unix_timestamp_nanos() / 1_000_000);
        if let Some(guild) = self.shared.world().guilds.get_mut(&guild.0) {
            guild.bot_timeout_ms = ms.and_then(|ms| u64::try_from(ms).ok());
        }
    }

    /// Suppresses a message's embeds, as a moderator would.
    pub fn suppress_embeds(&self, channel: ChannelId, message: MessageId) {
        if let Some(found) = self.shared.world().message_mut(channel.0, message.0) {
            found.suppressed = true;
        }
    }

    /// Sets the permissions of the bot's own role.
    pub fn set_bot_permissions(&self, guild: GuildId, permissions: u64) {
        self.shared.world().set_bot_permissions(guild.0, permissions);
    }

    /// Sets what a channel adds to and takes from `@everyone`.
    pub fn set_everyone_overwrite(&self, channel: ChannelId, allow: u64, deny: u64) {
        self.shared.world().set_everyone_overwrite(channel.0, allow, deny);
    }

    /// Sets what a channel adds to and takes from the bot itself.
    pub fn set_bot_overwrite(&self, channel: ChannelId, allow: u64, deny: u64) {
        self.shared.world().set_bot_overwrite(channel.0, allow, deny);
    }

    /// Adds exceptions for members who are in no guild, as large servers have many.
    pub fn add_overwrites(&self, channel: ChannelId, count: usize) {
        let mut world = self.shared.world();
        for _ in 0..count {
            let id = world.snowflake();
            if let Some(channel) = world.channels.get_mut(&channel.0) {
                channel.overwrites.push(Overwrite { id, member: true, allow: 0, deny: 0 });
            }
        }
    }

    /// Removes the bot from a guild, or brings it back.
    pub fn set_bot_present(&self, guild: GuildId, present: bool) {
        self.shared.world().set_bot_present(guild.0, present);
    }

    /// Deletes a role; `@everyone` and the bot's own stay.
    pub fn delete_role(&self, guild: GuildId, role: RoleId) -> bool {
        self.shared.world().delete_role(guild.0, role.0)
    }

    /// Deletes a channel. Discord brings none back; a new one has another id.
    pub fn delete_channel(&self, channel: ChannelId) {
        self.shared.world().delete_channel(channel.0);
    }

    /// Lets somebody who is not the bot write in a channel.
    pub fn add_message(&self, channel: ChannelId, content: &str) {
        let world = &mut self.shared.world();
        let author = world.snowflake();
        messages::say(world, channel.0, author, content, &[]);
    }

    /// Lets somebody else write in a channel; the message may have embeds, as another bot's has.
    pub fn say(
        &self,
        channel: ChannelId,
        author: UserId,
        content: &str,
        embeds: &[Value],
    ) -> MessageId {
        MessageId(messages::say(&mut self.shared.world(), channel.0, author.0, content, embeds))
    }

    /// Sets for how long, by the simulator's clock, a nonce brings back the message that it was used for.
    ///
    /// It is 3 minutes unless it is set, since Discord says "a few"; with zero it is forgotten at once.
    pub fn set_nonce_memory(&self, memory: Duration) {
        self.shared.world().nonce_memory = memory;
    }

    /// Deletes a message, as a moderator would.
    pub fn delete_message(&self, channel: ChannelId, message: MessageId) {
        self.shared.world().delete_message(channel.0, message.0);
    }

    pub fn bot_user(&self) -> UserId {
        UserId(self.shared.world().bot)
    }

    /// The messages of a channel by whomever, oldest first, deleted ones left out.
    pub fn messages(&self, channel: ChannelId) -> Vec<SimMessage> {
        self.shared.world().messages(channel.0)
    }

    /// How many messages have been posted in all channels, deleted ones included.
    pub fn message_count(&self) -> usize {
        self.shared.world().message_count()
    }

    /// Channels with more than one message.
    pub fn channels_with_several(&self) -> Vec<ChannelId> {
        self.shared.world().channels_with_several().into_iter().map(ChannelId).collect()
    }

    /// The latest requests, oldest first; at most 10,000 are kept.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shared.world().requests.iter().cloned().collect()
    }

    /// How many requests came in.
    pub fn request_count(&self) -> u64 {
        self.shared.world().request_count
    }

    /// The most requests within any second.
    pub fn max_requests_in_a_second(&self) -> usize {
        self.shared.world().limits.max_in_a_second
    }

    /// Answers of 401, 403 and 429.
    pub fn invalid_responses(&self) -> u64 {
        self.shared.world().invalid_responses
    }

    /// Requests that break Discord's contract or our own rules.
    pub fn violations(&self) -> Vec<String> {
        self.shared.world().violations.clone()
    }

    /// Forgets every nonce, as Discord does after some minutes: what is sent again is posted again.
    pub fn forget_nonces(&self) {
        self.shared.world().nonces.clear();
    }

    /// Shows nonces in lists of messages, as Discord does at times, or leaves them out.
    pub fn list_nonces(&self, shown: bool) {
        self.shared.world().lists_nonces = shown;
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.push(fault);
    }

    /// The faults that are left.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.world().faults.clone()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
    }

    /// Answers 503 to every request to the API, or stops doing so.
    pub fn set_down(&self, down: bool) {
        self.shared.world().down = down;
    }

    /// Forgets requests and their figures; the world stays.
    pub fn reset_figures(&self) {
        let mut world = self.shared.world();
        world.requests.clear();
        world.request_count = 0;
        world.invalid_responses = 0;
        world.limits.max_in_a_second = 0;
        world.grants.reset_figures();
    }
}
