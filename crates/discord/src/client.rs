//! A thin client: one function sends, reads the limits, and names what went wrong.

use crate::{
    Error, Limits,
    answer::{limits, refusal},
    model::{
        Application, Channel, CreateMessage, EditMessage, EventWebhooks, Guild, GuildSummary,
        Member, Message, Role, User,
    },
};
use reqwest::{Method, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use sm_types::{ChannelId, GuildId, MessageId, Secret, UserId};
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The HTTP client, built at its first use.
pub type Http = Arc<LazyLock<reqwest::Client>>;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Of most answers; they are far smaller.
const MAX_BYTES: usize = 1024 * 1024;
/// Of what grows with a server: 500 channels with their overwrites, 250 roles, 100 messages with embeds.
const MAX_LIST_BYTES: usize = 8 * MAX_BYTES;

/// Where Discord is and who we are.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `https://discord.com/api/v10`: without the version Discord takes an old one.
    pub api_url: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub bot_token: Secret,
    /// `DiscordBot (URL, version)`; anything else may be blocked at the edge.
    pub user_agent: String,
}

/// A client for Discord's REST API as the bot.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) config: Arc<ClientConfig>,
    http: Http,
    refused: Arc<AtomicBool>,
}

/// An answer and what it tells of the limits.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    pub body: T,
    /// The bucket's state.
    pub limits: Limits,
}

impl Client {
    /// Builds a client; connects to nothing.
    pub fn new(config: ClientConfig, http: Http) -> Self {
        Self { config: Arc::new(config), http, refused: Arc::default() }
    }

    pub fn client_id(&self) -> &str {
        &self.config.client_id
    }

    pub async fn create_message(
        &self,
        channel: ChannelId,
        message: &CreateMessage,
    ) -> Result<Reply<Message>, Error> {
        self.call(Method::POST, format!("channels/{channel}/messages"), Some(message)).await
    }

    /// Changes a message of the bot's.
    pub async fn edit_message(
        &self,
        channel: ChannelId,
        message: MessageId,
        edit: &EditMessage,
    ) -> Result<Reply<Message>, Error> {
        let path = format!("channels/{channel}/messages/{message}");
        self.call(Method::PATCH, path, Some(edit)).await
    }

    /// Deletes a message of the bot's.
    pub async fn delete_message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Reply<()>, Error> {
        let path = format!("channels/{channel}/messages/{message}");
        self.delete(path).await
    }

    /// The latest messages of a channel, or the latest older than `before`; newest first, 100 at most.
    ///
    /// Whoever may see a channel but lacks Read Message History gets an empty list and no refusal.
    /// Source: Discord's "Get Channel Messages".
    pub async fn list_messages(
        &self,
        channel: ChannelId,
        before: Option<MessageId>,
        limit: u8,
    ) -> Result<Reply<Vec<Message>>, Error> {
        let before = before.map(|id| format!("&before={id}")).unwrap_or_default();
        self.get_list(format!("channels/{channel}/messages?limit={limit}{before}")).await
    }

    /// A channel. 403/50001 when it is hidden, 404/10003 when it is gone.
    pub async fn get_channel(&self, channel: ChannelId) -> Result<Reply<Channel>, Error> {
        self.get(format!("channels/{channel}")).await
    }

    /// A guild with its roles. 404/10004 when the bot is not in it.
    pub async fn get_guild(&self, guild: GuildId) -> Result<Reply<Guild>, Error> {
        self.get_list(format!("guilds/{guild}")).await
    }

    /// A guild's channels with their overwrites, threads excepted.
    pub async fn get_guild_channels(&self, guild: GuildId) -> Result<Reply<Vec<Channel>>, Error> {
        self.get_list(format!("guilds/{guild}/channels")).await
    }

    pub async fn get_guild_roles(&self, guild: GuildId) -> Result<Reply<Vec<Role>>, Error> {
        self.get_list(format!("guilds/{guild}/roles")).await
    }

    /// A member of a guild. For the bot itself its own id has to be given.
    pub async fn get_member(&self, guild: GuildId, user: UserId) -> Result<Reply<Member>, Error> {
        self.get(format!("guilds/{guild}/members/{user}")).await
    }

    pub async fn current_user(&self) -> Result<Reply<User>, Error> {
        self.get("users/@me".to_owned()).await
    }

    /// The application that the bot's token belongs to.
    pub async fn application(&self) -> Result<Reply<Application>, Error> {
        self.get("applications/@me".to_owned()).await
    }

    /// Changes where webhook events of the application go. Discord tries the address before it answers: one that does
    /// not verify signatures is refused with 400/50035.
    ///
    /// Redirects and whatever else concerns people cannot be changed by way of the API.
    pub async fn edit_application(
        &self,
        events: &EventWebhooks,
    ) -> Result<Reply<Application>, Error> {
        self.call(Method::PATCH, "applications/@me".to_owned(), Some(events)).await
    }

    /// Guilds of the bot with an id above `after`, in their order; 200 at most.
    pub async fn bot_guilds(&self, after: GuildId) -> Result<Reply<Vec<GuildSummary>>, Error> {
        self.get(format!("users/@me/guilds?limit=200&after={after}")).await
    }

    pub async fn leave_guild(&self, guild: GuildId) -> Result<(), Error> {
        self.delete(format!("users/@me/guilds/{guild}")).await.map(|_| ())
    }

    /// Deletes something. Discord says so with 204 and nothing else: another success is a proxy's.
    async fn delete(&self, path: String) -> Result<Reply<()>, Error> {
        let (status, _, limits) = self.exchange(Outgoing::new(Method::DELETE, path)).await?;
        match status {
            StatusCode::NO_CONTENT => Ok(Reply { body: (), limits }),
            other => Err(Error::Decode { status: other.as_u16() }),
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: String) -> Result<Reply<T>, Error> {
        self.read(Outgoing::new(Method::GET, path)).await
    }

    pub(crate) async fn get_list<T: DeserializeOwned>(
        &self,
        path: String,
    ) -> Result<Reply<T>, Error> {
        let request = Outgoing::new(Method::GET, path);
        self.read(Outgoing { max_bytes: MAX_LIST_BYTES, ..request }).await
    }

    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        body: Option<&impl Serialize>,
    ) -> Result<Reply<T>, Error> {
        let json = body.map(serde_json::to_vec).transpose();
        let body = json.map_err(|_| Error::Decode { status: 0 })?.map_or(Body::Empty, Body::Json);
        self.read(Outgoing { body, ..Outgoing::new(method, path) }).await
    }

    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        request: Outgoing<'_>,
    ) -> Result<Reply<T>, Error> {
        let (bytes, limits) = self.send(request).await?;
        let body = serde_json::from_slice(&sm_types::json::cleaned(&bytes))
            .map_err(|_| Error::Decode { status: 200 })?;
        Ok(Reply { body, limits })
    }

    /// Whether Discord has refused the bot's token or the application's secret since this was asked
    /// last.
    pub fn take_refusal(&self) -> bool {
        self.refused.swap(false, Ordering::Relaxed)
    }

    pub(crate) async fn send(&self, request: Outgoing<'_>) -> Result<(Vec<u8>, Limits), Error> {
        self.exchange(request).await.map(|(_, body, limits)| (body, limits))
    }

    /// Sends a request; status, body and limits of a success.
    async fn exchange(
        &self,
        request: Outgoing<'_>,
    ) -> Result<(StatusCode, Vec<u8>, Limits), Error> {
        let Outgoing { method, path, identity, body, max_bytes } = request;
        let config = &self.config;
        let request = self
            .http
            .request(method, format!("{}/{path}", config.api_url))
            .header("User-Agent", &config.user_agent)
            .timeout(TIMEOUT);
        let is_ours = matches!(identity, Identity::Bot | Identity::Application);
        let request = match identity {
            Identity::Bot => {
                request.header("Authorization", format!("Bot {}", config.bot_token.expose()))
            }
            Identity::User(token) => request.bearer_auth(token.expose()),
            Identity::InPath => request,
            Identity::Application => {
                request.basic_auth(&config.client_id, Some(config.client_secret.expose()))
            }
        };
        let request = match body {
            Body::Empty => request,
            Body::Json(json) => request.header("Content-Type", "application/json").body(json),
            Body::Form(form) => request.form(form),
        };
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = read(answer, max_bytes).await;
        if status.is_success() {
            return Ok((status, bytes?, limits(&headers)));
        }
        if status == StatusCode::UNAUTHORIZED && is_ours {
            self.refused.store(true, Ordering::Relaxed);
        }
        let status = status.as_u16();
        match bytes {
            Ok(bytes) => Err(refusal(status, &headers, &bytes)),
            // These two need no text; of any other, the text would have told what to do.
            Err(_) if matches!(status, 401 | 429) => Err(refusal(status, &headers, b"")),
            Err(_) => Err(Error::Unavailable { status: Some(status), sent: true }),
        }
    }
}

/// A request to send.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) identity: Identity<'a>,
    pub(crate) body: Body<'a>,
    /// A longer answer is not read.
    pub(crate) max_bytes: usize,
}

impl Outgoing<'_> {
    /// A request of the bot's without a body.
    pub(crate) fn new(method: Method, path: String) -> Self {
        Self { method, path, identity: Identity::Bot, body: Body::Empty, max_bytes: MAX_BYTES }
    }
}

/// In whose name a request is sent.
pub(crate) enum Identity<'a> {
    Bot,
    User(&'a Secret),
    Application,
    /// A token in the path says whose it is.
    InPath,
}

pub(crate) enum Body<'a> {
    Empty,
    Json(Vec<u8>),
    Form(&'a [(&'a str, &'a str)]),
}

fn unavailable(error: &reqwest::Error) -> Error {
    Error::Unavailable { status: None, sent: !error.is_connect() }
}

async fn read(mut answer: Response, max_bytes: usize) -> Result<Vec<u8>, Error> {
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unavailable(&error))? {
        if bytes.len() + chunk.len() > max_bytes {
            return Err(Error::Decode { status });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
