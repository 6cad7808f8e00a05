//! A browser without a screen: cookies with their rules, and redirects followed one at a time.

use crate::World;
use reqwest::{Method, Response, header};
use serde_json::Value;
use sm_types::UserId;
use std::{cell::RefCell, collections::BTreeMap};

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    pub headers: header::HeaderMap,
    /// The body; a text that is no JSON becomes a JSON text.
    pub body: Value,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the answer is a text");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// A header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The problem's code, or an empty text.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The fields that the problem is about.
    pub fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error["field"].as_str()).collect()
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// Asserts a refusal, its shape included.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        self
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location")
    }
}

/// A browser of one person.
pub struct Browser<'a> {
    world: &'a World,
    http: sm_aws::Http,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl World {
    /// A browser that has been nowhere yet.
    pub fn browser(&self) -> Browser<'_> {
        Browser { world: self, http: sm_aws::lazy_http(), cookies: RefCell::default() }
    }

    /// A browser whose user has signed in, by way of Discord's consent page.
    pub async fn signed_in(&self, user: UserId) -> Browser<'_> {
        let browser = self.browser();
        let landed = browser.sign_in(user).await;
        assert_eq!(landed, "/servers");
        browser
    }
}

impl Browser<'_> {
    pub(crate) fn world(&self) -> &World {
        self.world
    }

    /// Signs in by way of Discord's consent page; returns the page it ended on.
    pub async fn sign_in(&self, user: UserId) -> String {
        let begun = self.get("/api/auth/discord/login").await;
        self.consent(begun.location(), &format!("as={user}")).await.location().to_owned()
    }

    /// Answers a consent page and calls our callback; `choice` as in `as=7` or `deny=1`.
    pub async fn consent(&self, page: &str, choice: &str) -> Answer {
        let answered = self.http.get(format!("{page}&{choice}")).send().await;
        let answered = Answer::read(answered.expect("the consent page answers")).await;
        let callback = answered.header("location");
        let path = callback.strip_prefix(&self.world.url).unwrap_or_else(|| {
            panic!("it does not lead back to us: {} {}", answered.status, answered.body)
        });
        self.get(path).await
    }

    /// The cookie of a name.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Sets a cookie, as nobody but a test can.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Puts JSON without a precondition.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, &[], Some(body)).await
    }

    /// Puts JSON that was made from a revision.
    pub async fn put_from(&self, path: &str, etag: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, &[("if-match", etag)], Some(body)).await
    }

    /// Sends a request as a page of ours would.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.world.url));
        if !headers.iter().any(|(name, _)| *name == "origin") {
            request = request.header("origin", &self.world.url);
        }
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("the app answers");
        let answer = Answer::read(response).await;
        for set in answer.headers.get_all("set-cookie") {
            self.keep(set.to_str().expect("cookies are ASCII"));
        }
        answer
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.borrow();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Keeps a cookie as a browser does, and insists on what the `__Host-` prefix demands.
    fn keep(&self, text: &str) {
        let (pair, flags) = text.split_once(';').expect("a cookie has flags");
        let (name, value) = pair.split_once('=').expect("a cookie has a name");
        let flags: Vec<_> = flags.split(';').map(str::trim).collect();
        for flag in ["Path=/", "Secure", "HttpOnly"] {
            assert!(flags.contains(&flag), "{text}");
        }
        assert!(name.starts_with("__Host-") && !text.contains("Domain"), "{text}");
        let mut cookies = self.cookies.borrow_mut();
        if flags.contains(&"Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
