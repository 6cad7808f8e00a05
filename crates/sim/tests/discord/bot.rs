//! A bot of the simulated Discord.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sm_sim::discord::{DiscordSim, Options};
use sm_types::{ChannelId, GuildId};

const TOKEN: &str = "token-of-the-bot";

/// A simulator with one guild and one text channel.
pub(crate) struct Bot {
    pub(crate) sim: DiscordSim,
    pub(crate) guild: GuildId,
    pub(crate) channel: ChannelId,
    http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Discord's own code.
    pub(crate) fn code(&self) -> u64 {
        self.body["code"].as_u64().unwrap_or_default()
    }

    pub(crate) fn expect(self, status: u16, code: u64) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{self:?}");
        self
    }

    pub(crate) fn ok(self) -> Value {
        assert!(StatusCode::from_u16(self.status).unwrap().is_success(), "{self:?}");
        self.body
    }
}

impl Bot {
    pub(crate) async fn start() -> Self {
        Self::with(Options::local(TOKEN)).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let sim = DiscordSim::start(Options { bot_token: TOKEN.to_owned(), ..options }).await;
        let sim = sim.unwrap();
        let guild = sim.add_guild("Test Hall");
        let channel = sim.add_channel(guild, "live");
        let _ = rustls::crypto::ring::default_provider().install_default();
        #[expect(clippy::disallowed_methods, reason = "this is the other side of the wire")]
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.unwrap();
        Self { sim, guild, channel, http }
    }

    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.sim.url()))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path)
            .header("authorization", format!("Bot {TOKEN}"))
            .header("user-agent", "DiscordBot (https://streammaxing.example, 1)")
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, body: &Value) -> Answer {
        self.post_in(self.channel, body).await
    }

    pub(crate) async fn post_in(&self, channel: ChannelId, body: &Value) -> Answer {
        let request = self.request(Method::POST, &format!("/channels/{channel}/messages"));
        self.send(request.body(body.to_string())).await
    }

    pub(crate) async fn edit(&self, message: &Value, body: &Value) -> Answer {
        let request = self.request(Method::PATCH, &self.path_of(message));
        self.send(request.body(body.to_string())).await
    }

    pub(crate) fn path_of(&self, message: &Value) -> String {
        format!("/channels/{}/messages/{}", self.channel, message["id"].as_str().unwrap())
    }

    /// A request of a browser, to no API.
    pub(crate) fn browse(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.sim.origin()))
    }

    /// The control API.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.sim.origin()));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.send(request).await
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.sim.messages(self.channel).into_iter().map(|message| message.content).collect()
    }
}

/// A message as the product would send it.
pub(crate) fn message(content: &str, nonce: &str) -> Value {
    json!({
        "content": content, "nonce": nonce, "enforce_nonce": true,
        "allowed_mentions": { "parse": [] },
    })
}
