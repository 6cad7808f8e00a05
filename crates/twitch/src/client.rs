//! The request function that all calls share, and the app access token.

use crate::{
    Error,
    eventsub::fields::given,
    list::{self, Page, Row},
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde::{Deserialize, de::DeserializeOwned};
use sm_types::{Clock, Secret, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use time::OffsetDateTime;

/// The HTTP client, built at its first use.
pub type Http = Arc<LazyLock<reqwest::Client>>;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Larger answers are refused; a page of 100 streams is about 60 KiB.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The bucket refills within a minute.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Where Twitch is and who we are.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `https://api.twitch.tv/helix`.
    pub api_url: String,
    /// `https://id.twitch.tv/oauth2`.
    pub auth_url: String,
    pub client_id: String,
    pub client_secret: Secret,
}

/// A client for Helix and Twitch's OAuth server.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
    http: Http,
    clock: Clock,
    refused: Arc<AtomicBool>,
    skipped: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

/// An app access token.
#[derive(Clone, Debug)]
pub struct AppToken {
    pub secret: Secret,
    /// How long it lives; about 60 days.
    pub expires_in: Duration,
}

/// What a request carries.
#[derive(Default)]
pub(crate) struct Request<'a> {
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) body: Option<serde_json::Value>,
}

impl Client {
    /// Builds a client; connects to nothing.
    pub fn new(config: ClientConfig, http: Http, clock: Clock) -> Self {
        Self {
            config: Arc::new(config),
            http,
            clock,
            refused: Arc::default(),
            skipped: Arc::default(),
        }
    }

    /// Fetches an app access token (client credentials). It cannot be refreshed: fetch another.
    pub async fn app_token(&self) -> Result<AppToken, Error> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            #[serde(default, deserialize_with = "given")]
            expires_in: u64,
        }
        let answer: Answer = self.token(&[("grant_type", "client_credentials")]).await?;
        let expires_in = Duration::from_secs(answer.expires_in);
        Ok(AppToken { secret: Secret::new(answer.access_token), expires_in })
    }

    pub fn client_id(&self) -> &str {
        &self.config.client_id
    }

    pub(crate) fn auth_url(&self) -> &str {
        &self.config.auth_url
    }

    /// Asks for a token with the application's own credentials and what else the grant needs.
    pub(crate) async fn token<T: DeserializeOwned>(
        &self,
        grant: &[(&str, &str)],
    ) -> Result<T, Error> {
        let credentials = [
            ("client_id", self.config.client_id.as_str()),
            ("client_secret", self.config.client_secret.expose()),
        ];
        let form: Vec<_> = credentials.iter().chain(grant).collect();
        let request = self.http.post(format!("{}/token", self.config.auth_url)).form(&form);
        let answer = self.read(dispatch(request).await?).await;
        // A wrong secret is a 403; a code or a token that is refused is a 400.
        if matches!(answer, Err(Error::Forbidden { .. } | Error::Unauthorized)) {
            self.refused.store(true, Ordering::Relaxed);
        }
        answer
    }

    pub(crate) async fn post_auth<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<T, Error> {
        let request = self.http.post(format!("{}/{path}", self.config.auth_url)).form(form);
        self.read(dispatch(request).await?).await
    }

    /// Whether Twitch has refused the application's secret since this was asked last.
    pub fn take_refusal(&self) -> bool {
        self.refused.swap(false, Ordering::Relaxed)
    }

    pub(crate) async fn get_auth<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &Secret,
    ) -> Result<T, Error> {
        let request = self.http.get(format!("{}/{path}", self.config.auth_url));
        let request = request.header("Authorization", format!("OAuth {}", token.expose()));
        self.read(dispatch(request).await?).await
    }

    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: &Secret,
        request: Request<'_>,
    ) -> Result<T, Error> {
        let answer = self.send(method, path, token, request).await?;
        self.read(answer).await
    }

    /// Like [`Client::call`], for what Twitch answers with 204: another success is a proxy's.
    pub(crate) async fn call_empty(
        &self,
        method: Method,
        path: &str,
        token: &Secret,
        request: Request<'_>,
    ) -> Result<(), Error> {
        let answer = self.send(method, path, token, request).await?;
        match answer.status() {
            StatusCode::NO_CONTENT => Ok(()),
            status if status.is_success() => Err(Error::Decode),
            _ => Err(self.refusal(answer).await),
        }
    }

    /// Posts what must not be posted twice; `None` when nobody knows whether it was carried out. An error says that it
    /// was not.
    pub(crate) async fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &Secret,
        request: Request<'_>,
    ) -> Result<Option<T>, Error> {
        let outgoing = self.outgoing(Method::POST, path, token, request).timeout(TIMEOUT);
        let answer = match outgoing.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Err(Error::Unavailable { status: None }),
            Err(_) => return Ok(None),
        };
        match self.read(answer).await {
            Ok(answer) => Ok(Some(answer)),
            // A proxy's word, half an answer, or a server that broke off: it may have been carried out.
            Err(Error::Unavailable { .. } | Error::Decode) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: &Secret,
        request: Request<'_>,
    ) -> Result<Response, Error> {
        dispatch(self.outgoing(method, path, token, request)).await
    }

    fn outgoing(
        &self,
        method: Method,
        path: &str,
        token: &Secret,
        request: Request<'_>,
    ) -> RequestBuilder {
        let url = format!("{}/{path}", self.config.api_url);
        let outgoing = self
            .http
            .request(method, url)
            .bearer_auth(token.expose())
            .header("Client-Id", &self.config.client_id)
            .query(request.query);
        match request.body {
            Some(body) => {
                outgoing.header("Content-Type", "application/json").body(body.to_string())
            }
            None => outgoing,
        }
    }

    async fn read<T: DeserializeOwned>(&self, answer: Response) -> Result<T, Error> {
        let body = self.success(answer).await?;
        serde_json::from_slice(&json::cleaned(&body)).map_err(|_| Error::Decode)
    }

    async fn success(&self, answer: Response) -> Result<Vec<u8>, Error> {
        if !answer.status().is_success() {
            return Err(self.refusal(answer).await);
        }
        body(answer).await
    }

    /// A page of a list; rows that cannot be read are counted.
    pub(crate) async fn list<T: Row>(
        &self,
        method: Method,
        path: &str,
        token: &Secret,
        request: Request<'_>,
    ) -> Result<Page<T>, Error> {
        let answer = self.send(method, path, token, request).await?;
        let body = self.success(answer).await?;
        let page = list::read::<T>(&json::cleaned(&body))?;
        if page.skipped > 0 {
            let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
            *skipped.entry(T::KIND).or_default() += page.skipped;
        }
        Ok(page)
    }

    /// How many rows of which kind could not be read since this was asked last.
    pub fn take_skipped(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut *self.skipped.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn refusal(&self, answer: Response) -> Error {
        let status = answer.status();
        let wait = wait(answer.headers(), self.clock.now());
        let body = body(answer).await.unwrap_or_default();
        refusal(status, wait, &body)
    }
}

async fn dispatch(request: RequestBuilder) -> Result<Response, Error> {
    let answer = request.timeout(TIMEOUT).send().await;
    answer.map_err(|_| Error::Unavailable { status: None })
}

/// How long until the bucket is full again (`Ratelimit-Reset`, Unix seconds).
fn wait(headers: &HeaderMap, now: OffsetDateTime) -> Duration {
    let reset = headers.get("Ratelimit-Reset").and_then(|v| v.to_str().ok()?.parse().ok());
    let seconds = reset.map_or(1, |reset: i64| reset.saturating_sub(now.unix_timestamp()));
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0).max(1)).min(MAX_WAIT)
}

/// Reads a body up to the limit.
async fn body(mut answer: Response) -> Result<Vec<u8>, Error> {
    let unavailable = |_| Error::Unavailable { status: None };
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unavailable)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Error::Decode);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[derive(Deserialize, Default)]
struct Problem {
    #[serde(default, deserialize_with = "given")]
    message: String,
    #[serde(default)]
    id: Option<String>,
}

fn refusal(status: StatusCode, retry_after: Duration, body: &[u8]) -> Error {
    let problem = serde_json::from_slice::<Problem>(&json::cleaned(body)).ok();
    // Twitch gives a reason for every refusal. Without one, a proxy may have answered in its place, and
    // whether a right is missing or something is gone or moved is not for a proxy to say.
    let says_all = [StatusCode::UNAUTHORIZED, StatusCode::CONFLICT, StatusCode::TOO_MANY_REQUESTS];
    if problem.is_none() && !says_all.contains(&status) {
        return Error::Unavailable { status: Some(status.as_u16()) };
    }
    let Problem { message, id } = problem.unwrap_or_default();
    match status {
        StatusCode::UNAUTHORIZED => Error::Unauthorized,
        StatusCode::FORBIDDEN => Error::Forbidden { message },
        StatusCode::NOT_FOUND => Error::NotFound,
        StatusCode::CONFLICT => Error::AlreadyExists { id },
        StatusCode::TOO_MANY_REQUESTS if message.contains("maximum") => {
            Error::TooManySubscriptions { message }
        }
        StatusCode::TOO_MANY_REQUESTS => Error::RateLimited { retry_after },
        status if status.is_server_error() => Error::Unavailable { status: Some(status.as_u16()) },
        status => Error::Rejected { status: status.as_u16(), message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_lasts_until_the_reset_and_a_minute_at_most() {
        let now = OffsetDateTime::from_unix_timestamp(1_000).unwrap();
        let seconds = |reset: &str| {
            let value = reset.parse().unwrap();
            wait(&HeaderMap::from_iter([("ratelimit-reset".parse().unwrap(), value)]), now)
                .as_secs()
        };
        let all = ["1007", "990", "99999", "soon", "-9223372036854775808"].map(seconds);
        assert_eq!(all, [7, 1, 60, 1, 1]);
    }

    #[test]
    fn refusals_are_named_after_the_remedy() {
        let second = Duration::from_secs(1);
        let named = |status: u16, body: &str| {
            refusal(StatusCode::from_u16(status).unwrap(), second, body.as_bytes())
        };
        assert_eq!(named(401, "{}"), Error::Unauthorized);
        let exists = r#"{"error":"Conflict","status":409,"message":"subscription already exists","id":"s1"}"#;
        assert_eq!(named(409, exists), Error::AlreadyExists { id: Some("s1".into()) });
        assert_eq!(named(409, "not json"), Error::AlreadyExists { id: None });
        assert_eq!(named(429, ""), Error::RateLimited { retry_after: second });
        let many = r#"{"message":"maximum subscriptions with type and condition exceeded"}"#;
        assert!(matches!(named(429, many), Error::TooManySubscriptions { .. }));
        let cost = r#"{"message":"maximum total cost exceeded"}"#;
        assert!(matches!(named(429, cost), Error::TooManySubscriptions { .. }));
        assert_eq!(named(503, "<html>"), Error::Unavailable { status: Some(503) });
        for (status, body) in
            [(301, ""), (400, ""), (403, ""), (403, "<html>"), (404, "<html>"), (403, "{\"mess")]
        {
            let unreadable = Error::Unavailable { status: Some(status) };
            assert_eq!(named(status, body), unreadable, "{status} {body}");
        }
        let bad = r#"{"message":"bad"}"#;
        assert_eq!(named(400, bad), Error::Rejected { status: 400, message: "bad".into() });
    }
}
