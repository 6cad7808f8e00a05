//! A thin client: one function sends, reads the limits, and names what went wrong.

use crate::{
    Error, Scope,
    model::{
        Channel, CreateMessage, EditMessage, Guild, GuildSummary, Member, Message, Role, User,
    },
};
use reqwest::{Method, Response, StatusCode, header::HeaderMap};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
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
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// A 429 that tells no time at all.
const DEFAULT_WAIT: f64 = 1.0;
/// Nothing asks for longer than a day, whatever a header says.
const MAX_WAIT: f64 = 86_400.0;

/// Where Discord is and who we are.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `https://discord.com/api/v10`: without the version Discord takes an old one.
    pub api_url: String,
    /// The application.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Secret,
    /// The bot's token.
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
    /// The answer.
    pub body: T,
    /// The bucket's state.
    pub limits: Limits,
}

/// The state of a bucket after an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// Discord's name of the bucket.
    pub bucket: Option<String>,
    /// Requests left.
    pub remaining: Option<u32>,
    /// Time until there are more.
    pub reset_after: Option<Duration>,
}

impl Client {
    /// Builds a client; connects to nothing.
    pub fn new(config: ClientConfig, http: Http) -> Self {
        Self { config: Arc::new(config), http, refused: Arc::default() }
    }

    /// The application.
    pub fn client_id(&self) -> &str {
        &self.config.client_id
    }

    /// Posts a message.
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
        let (_, limits) = self.send(Outgoing::new(Method::DELETE, path)).await?;
        Ok(Reply { body: (), limits })
    }

    /// The latest messages of a channel, newest first; at most 100.
    pub async fn recent_messages(
        &self,
        channel: ChannelId,
        limit: u8,
    ) -> Result<Reply<Vec<Message>>, Error> {
        self.get(format!("channels/{channel}/messages?limit={limit}")).await
    }

    /// A channel. 403/50001 when it is hidden, 404/10003 when it is gone.
    pub async fn get_channel(&self, channel: ChannelId) -> Result<Reply<Channel>, Error> {
        self.get(format!("channels/{channel}")).await
    }

    /// A guild with its roles. 404/10004 when the bot is not in it.
    pub async fn get_guild(&self, guild: GuildId) -> Result<Reply<Guild>, Error> {
        self.get(format!("guilds/{guild}")).await
    }

    /// A guild's channels with their overwrites, threads excepted.
    pub async fn get_guild_channels(&self, guild: GuildId) -> Result<Reply<Vec<Channel>>, Error> {
        self.get(format!("guilds/{guild}/channels")).await
    }

    /// A guild's roles.
    pub async fn get_guild_roles(&self, guild: GuildId) -> Result<Reply<Vec<Role>>, Error> {
        self.get(format!("guilds/{guild}/roles")).await
    }

    /// A member of a guild. For the bot itself its own id has to be given.
    pub async fn get_member(&self, guild: GuildId, user: UserId) -> Result<Reply<Member>, Error> {
        self.get(format!("guilds/{guild}/members/{user}")).await
    }

    /// The bot itself.
    pub async fn current_user(&self) -> Result<Reply<User>, Error> {
        self.get("users/@me".to_owned()).await
    }

    /// Guilds of the bot with an id above `after`, in their order; 200 at most.
    pub async fn bot_guilds(&self, after: GuildId) -> Result<Reply<Vec<GuildSummary>>, Error> {
        self.get(format!("users/@me/guilds?limit=200&after={after}")).await
    }

    /// Leaves a guild.
    pub async fn leave_guild(&self, guild: GuildId) -> Result<(), Error> {
        let request = Outgoing::new(Method::DELETE, format!("users/@me/guilds/{guild}"));
        self.send(request).await.map(|_| ())
    }

    async fn get<T: DeserializeOwned>(&self, path: String) -> Result<Reply<T>, Error> {
        self.read(Outgoing::new(Method::GET, path)).await
    }

    async fn call<T: DeserializeOwned>(
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
        let body = serde_json::from_slice(&bytes).map_err(|_| Error::Decode { status: 200 })?;
        Ok(Reply { body, limits })
    }

    /// Whether Discord has refused the bot's token or the application's secret since this was asked
    /// last.
    pub fn take_refusal(&self) -> bool {
        self.refused.swap(false, Ordering::Relaxed)
    }

    pub(crate) async fn send(&self, request: Outgoing<'_>) -> Result<(Vec<u8>, Limits), Error> {
        let Outgoing { method, path, identity, body } = request;
        let config = &self.config;
        let request = self
            .http
            .request(method, format!("{}/{path}", config.api_url))
            .header("User-Agent", &config.user_agent)
            .timeout(TIMEOUT);
        let is_ours = !matches!(identity, Identity::User(_));
        let request = match identity {
            Identity::Bot => {
                request.header("Authorization", format!("Bot {}", config.bot_token.expose()))
            }
            Identity::User(token) => request.bearer_auth(token.expose()),
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
        let bytes = read(answer).await;
        if status.is_success() {
            return Ok((bytes?, limits(&headers)));
        }
        if status == StatusCode::UNAUTHORIZED && is_ours {
            self.refused.store(true, Ordering::Relaxed);
        }
        // A refusal stays one, whatever has become of its text.
        Err(refusal(status.as_u16(), &headers, &bytes.unwrap_or_default()))
    }
}

/// A request to send.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) identity: Identity<'a>,
    pub(crate) body: Body<'a>,
}

impl Outgoing<'_> {
    /// A request of the bot's without a body.
    pub(crate) fn new(method: Method, path: String) -> Self {
        Self { method, path, identity: Identity::Bot, body: Body::Empty }
    }
}

/// In whose name a request is sent.
pub(crate) enum Identity<'a> {
    Bot,
    User(&'a Secret),
    Application,
}

pub(crate) enum Body<'a> {
    Empty,
    Json(Vec<u8>),
    Form(&'a [(&'a str, &'a str)]),
}

fn unavailable(error: &reqwest::Error) -> Error {
    Error::Unavailable { status: None, sent: !error.is_connect() }
}

async fn read(mut answer: Response) -> Result<Vec<u8>, Error> {
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unavailable(&error))? {
        if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Error::Decode { status });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn header<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn limits(headers: &HeaderMap) -> Limits {
    Limits {
        bucket: header(headers, "X-RateLimit-Bucket"),
        remaining: header(headers, "X-RateLimit-Remaining"),
        reset_after: header(headers, "X-RateLimit-Reset-After").map(seconds),
    }
}

fn seconds(seconds: f64) -> Duration {
    let sane = if seconds.is_finite() { seconds.clamp(0.0, MAX_WAIT) } else { DEFAULT_WAIT };
    Duration::from_secs_f64(sane)
}

#[derive(Default)]
struct Problem {
    code: u32,
    message: String,
    errors: Option<Value>,
    retry_after: Option<f64>,
    global: bool,
}

impl Problem {
    /// Reads what is there and of the expected type.
    fn read(json: &Value) -> Self {
        let code = json.get("code").and_then(Value::as_u64).and_then(|c| u32::try_from(c).ok());
        Self {
            code: code.unwrap_or(0),
            // OAuth's routes name the error in a field of its own.
            message: (json.get("message").or_else(|| json.get("error")))
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned(),
            errors: json.get("errors").cloned(),
            retry_after: json.get("retry_after").and_then(Value::as_f64),
            global: json.get("global").and_then(Value::as_bool).unwrap_or(false),
        }
    }
}

/// Reads an error leniently: the status first, then the JSON, if it is any.
fn refusal(status: u16, headers: &HeaderMap, body: &[u8]) -> Error {
    let json = serde_json::from_slice::<Value>(body).ok();
    let problem = json.as_ref().map(Problem::read);
    if is_block(status, problem.as_ref()) {
        let retry_after = header(headers, "Retry-After").map(seconds);
        return Error::Blocked { retry_after };
    }
    let problem = problem.unwrap_or_default();
    match status {
        401 => Error::Unauthorized { code: problem.code },
        429 => rate_limited(headers, &problem),
        500.. => Error::Unavailable { status: Some(status), sent: true },
        _ => Error::Rejected {
            status,
            code: problem.code,
            message: problem.message.chars().take(300).collect(),
            errors: problem.errors,
        },
    }
}

/// Cloudflare answers with a page of its own, or with a text about being blocked.
fn is_block(status: u16, problem: Option<&Problem>) -> bool {
    match problem {
        None => matches!(status, 403 | 429),
        Some(problem) => {
            problem.code == 40333 || problem.message.contains("blocked from accessing our API")
        }
    }
}

/// The header can be wrong by far, so the longest of the three waits counts.
fn rate_limited(headers: &HeaderMap, problem: &Problem) -> Error {
    let told = [
        header(headers, "Retry-After"),
        problem.retry_after,
        header(headers, "X-RateLimit-Reset-After"),
    ];
    let longest = told.into_iter().flatten().fold(f64::NAN, f64::max);
    let scope: Option<String> = header(headers, "X-RateLimit-Scope");
    let scope = match scope.as_deref() {
        Some("global") => Scope::Global,
        Some("shared") => Scope::Shared,
        _ if problem.global => Scope::Global,
        _ => Scope::User,
    };
    Error::RateLimited {
        scope,
        retry_after: seconds(longest),
        code: (problem.code != 0).then_some(problem.code),
        bucket: header(headers, "X-RateLimit-Bucket"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn longest_wait_counts() {
        let headers = headers(&[
            ("Retry-After", "1"),
            ("X-RateLimit-Reset-After", "2.5"),
            ("X-RateLimit-Scope", "user"),
        ]);
        let body = br#"{"message":"You are being rate limited.","retry_after":1163.2,"global":false,"code":20028}"#;
        let Error::RateLimited { scope, retry_after, code, .. } = refusal(429, &headers, body)
        else {
            panic!()
        };
        assert_eq!((scope, code), (Scope::User, Some(20028)));
        assert_eq!(retry_after, Duration::from_secs_f64(1163.2));
    }

    #[test]
    fn scopes_are_told_apart_and_shared_is_not_invalid() {
        let body = br#"{"message":"","retry_after":1.0,"global":true}"#;
        let global = refusal(429, &HeaderMap::new(), body);
        assert!(matches!(global, Error::RateLimited { scope: Scope::Global, .. }));
        let shared = refusal(429, &headers(&[("X-RateLimit-Scope", "shared")]), b"{}");
        assert!(!shared.counts_as_invalid() && global.counts_as_invalid());
    }

    #[test]
    fn cloudflare_is_recognised() {
        let html = b"<html>error code: 1015</html>";
        let wait = Some(Duration::from_secs(600));
        assert_eq!(
            refusal(429, &headers(&[("Retry-After", "600")]), html),
            Error::Blocked { retry_after: wait }
        );
        let banned =
            br#"{"code":0,"message":"You are being blocked from accessing our API temporarily"}"#;
        assert_eq!(refusal(429, &HeaderMap::new(), banned), Error::Blocked { retry_after: None });
        let agent = br#"{"code":40333,"message":"internal network error"}"#;
        assert_eq!(refusal(403, &HeaderMap::new(), agent), Error::Blocked { retry_after: None });
    }

    #[test]
    fn json_of_another_shape_is_no_block() {
        let odd = br#"{"code":null,"message":5,"retry_after":"1"}"#;
        assert!(matches!(refusal(403, &HeaderMap::new(), odd), Error::Rejected { code: 0, .. }));
        assert!(matches!(refusal(429, &HeaderMap::new(), odd), Error::RateLimited { .. }));
    }

    #[test]
    fn codes_and_statuses_are_kept() {
        let denied =
            refusal(403, &HeaderMap::new(), br#"{"message":"Missing Access","code":50001}"#);
        assert_eq!((denied.status(), denied.code()), (Some(403), Some(50001)));
        assert_eq!(
            refusal(502, &HeaderMap::new(), b"<html>"),
            Error::Unavailable { status: Some(502), sent: true }
        );
        assert_eq!(refusal(401, &HeaderMap::new(), b"{}"), Error::Unauthorized { code: 0 });
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic(
            status in 400_u16..600,
            body in prop::collection::vec(any::<u8>(), 0..200),
            wait in "[-+0-9.eEinfNa]{0,12}",
        ) {
            let headers = headers(&[("Retry-After", &wait), ("X-RateLimit-Reset-After", &wait)]);
            let _ = limits(&headers);
            let _ = refusal(status, &headers, &body);
        }
    }
}
