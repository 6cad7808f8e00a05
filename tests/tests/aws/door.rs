//! What stands between the product and the local AWS: it counts, and answers by itself when told.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use sm_aws::{Http, lazy_http};
use sm_types::Clock;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};

const HOOK: &str = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus";

/// How requests are answered.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mode {
    /// By the local AWS.
    Open,
    /// By the local AWS, after a while.
    Slow,
    /// As AWS does when there are too many.
    Throttled,
    /// With a 500 of KMS's own.
    Broken,
    /// Never.
    Silent,
}

/// The door.
pub(super) struct Door {
    /// Its address.
    pub(super) url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    behind: String,
    http: Http,
    seen: Mutex<Vec<Seen>>,
    mode: Mutex<(Mode, u32)>,
    /// When each version of a secret was seen first, by the test's clock: the local AWS dates them by the machine's.
    versions: Option<(Clock, Mutex<HashMap<String, i64>>)>,
}

/// A request and its answer.
#[derive(Clone)]
struct Seen {
    action: String,
    asked: Bytes,
    answer: String,
}

impl Door {
    /// Opens one to the local AWS.
    pub(super) async fn open() -> Self {
        Self::open_with(None).await
    }

    /// The same, where versions of secrets are made at the time that this clock shows.
    pub(super) async fn open_at(clock: Clock) -> Self {
        Self::open_with(Some((clock, Mutex::default()))).await
    }

    async fn open_with(versions: Option<(Clock, Mutex<HashMap<String, i64>>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            behind: super::aws().url(),
            http: lazy_http(),
            seen: Mutex::default(),
            mode: Mutex::new((Mode::Open, 0)),
            versions,
        });
        let router = Router::new().fallback(pass).with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends with the test that holds it.
            let _ = axum::serve(listener, router).await;
        });
        Self { url, shared, server }
    }

    /// How often an action was asked for, such as `Decrypt`.
    pub(super) fn count(&self, action: &str) -> usize {
        self.shared.seen.lock().unwrap().iter().filter(|seen| seen.action == action).count()
    }

    /// What was asked for by an action, the oldest first.
    pub(super) fn asked(&self, action: &str) -> Vec<Value> {
        let seen = self.shared.seen.lock().unwrap();
        let asked = seen.iter().filter(|seen| seen.action == action).map(|seen| &seen.asked);
        asked.map(|body| serde_json::from_slice(body).unwrap()).collect()
    }

    /// The answers so far.
    pub(super) fn answers(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().iter().map(|seen| seen.answer.clone()).collect()
    }

    /// Answers the next requests so; then the door is open again.
    pub(super) fn set(&self, mode: Mode, times: u32) {
        *self.shared.mode.lock().unwrap() = (mode, times);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        let mut mode = self.mode.lock().unwrap();
        let (now, left) = *mode;
        *mode = if left > 1 { (now, left - 1) } else { (Mode::Open, 0) };
        now
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> (StatusCode, String) {
        // The local AWS has no CodeDeploy; what it was told is in `seen`.
        if headers.get("x-amz-target").is_some_and(|target| target == HOOK) {
            return (StatusCode::OK, "{}".to_owned());
        }
        let mut request = self.http.post(&self.behind).body(body);
        for (name, value) in headers {
            if name != header::HOST && name != header::CONTENT_LENGTH {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.unwrap();
        (answer.status(), self.dated(answer.text().await.unwrap()))
    }

    fn dated(&self, answer: String) -> String {
        let Some((clock, versions)) = &self.versions else { return answer };
        let Ok(mut parsed) = serde_json::from_str::<Value>(&answer) else { return answer };
        if let Some(version) = parsed["VersionId"].as_str().map(str::to_owned) {
            let now = clock.now().unix_timestamp();
            let made = *versions.lock().unwrap().entry(version).or_insert(now);
            if let Some(date) = parsed.get_mut("CreatedDate") {
                *date = made.into();
            }
        }
        parsed.to_string()
    }
}

async fn pass(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let action = target.rsplit('.').next().unwrap_or_default().to_owned();
    let mode = shared.mode();
    // Counted before it is answered: nobody may wait for the answer.
    let position = {
        let mut seen = shared.seen.lock().unwrap();
        seen.push(Seen { action, asked: body.clone(), answer: String::new() });
        seen.len() - 1
    };
    let (status, answer) = match mode {
        Mode::Open => shared.forward(&headers, body).await,
        Mode::Slow => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            shared.forward(&headers, body).await
        }
        Mode::Throttled => (
            StatusCode::BAD_REQUEST,
            r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#.to_owned(),
        ),
        Mode::Broken => (
            StatusCode::INTERNAL_SERVER_ERROR,
            r#"{"__type":"KMSInternalException","message":""}"#.to_owned(),
        ),
        Mode::Silent => std::future::pending().await,
    };
    shared.seen.lock().unwrap()[position].answer.clone_from(&answer);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], answer).into_response()
}
