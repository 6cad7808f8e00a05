//! The management side of API Gateway's WebSocket API, and as much of SQS as a doorbell needs.
//!
//! `POST /{stage}/@connections/{id}` sends a frame, `DELETE` closes; a connection that is not open answers 410. Each
//! call has to be signed for `execute-api`.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// API Gateway takes no longer frame.
pub const MAX_FRAME: usize = 32 * 1024;

/// The simulated gateway.
#[derive(Debug)]
pub struct GatewaySim {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    connections: HashMap<String, Connection>,
    rings: Vec<String>,
}

#[derive(Debug, Default)]
struct Connection {
    open: bool,
    /// So many calls are refused next, since they are too many.
    limited: u32,
    frames: Vec<Value>,
    /// Calls so far, whatever was answered.
    calls: usize,
}

impl GatewaySim {
    /// Starts on a free port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/", post(ring))
            .route("/{stage}/@connections/{id}", post(send).delete(close))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends with the test that holds it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, shared, server })
    }

    /// The settings of a function behind it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("WEBSOCKET_ENDPOINT", format!("{}/ws", self.url)),
            ("QUEUE_URL", format!("{}/queue", self.url)),
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ]
    }

    /// A connection is open from now on.
    pub fn open(&self, id: &str) {
        self.shared.state().connections.entry(id.to_owned()).or_default().open = true;
    }

    /// A connection is gone without a word.
    pub fn lose(&self, id: &str) {
        self.shared.state().connections.entry(id.to_owned()).or_default().open = false;
    }

    /// Refuses the next calls about a connection, since they are too many.
    pub fn limit(&self, id: &str, times: u32) {
        self.shared.state().connections.entry(id.to_owned()).or_default().limited = times;
    }

    /// Whether a connection is open.
    pub fn is_open(&self, id: &str) -> bool {
        self.shared.state().connections.get(id).is_some_and(|connection| connection.open)
    }

    /// What was sent to a connection since this was asked last.
    pub fn take(&self, id: &str) -> Vec<Value> {
        let mut state = self.shared.state();
        state.connections.get_mut(id).map(|c| std::mem::take(&mut c.frames)).unwrap_or_default()
    }

    /// How many calls were about a connection.
    pub fn calls(&self, id: &str) -> usize {
        self.shared.state().connections.get(id).map_or(0, |connection| connection.calls)
    }

    /// What the doorbell was rung for since this was asked last.
    pub fn rings(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.state().rings)
    }
}

impl Drop for GatewaySim {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(
    State(shared): State<Arc<Shared>>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if body.len() > MAX_FRAME {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException");
    }
    let Ok(frame) = serde_json::from_slice(&body) else {
        return refused(StatusCode::BAD_REQUEST, "BadRequestException");
    };
    call(&shared, &id, &headers, |connection| connection.frames.push(frame))
}

async fn close(
    State(shared): State<Arc<Shared>>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    call(&shared, &id, &headers, |connection| connection.open = false)
}

fn call(
    shared: &Shared,
    id: &str,
    headers: &HeaderMap,
    change: impl FnOnce(&mut Connection),
) -> Response {
    let signed = headers.get("authorization").and_then(|value| value.to_str().ok());
    let scope = |text: &str| text.starts_with("AWS4-HMAC-SHA256") && text.contains("/execute-api/");
    if !signed.is_some_and(scope) {
        return refused(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException");
    }
    let mut state = shared.state();
    let connection = state.connections.entry(id.to_owned()).or_default();
    connection.calls += 1;
    if !connection.open {
        return refused(StatusCode::GONE, "GoneException");
    }
    if connection.limited > 0 {
        connection.limited -= 1;
        return refused(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException");
    }
    change(connection);
    StatusCode::OK.into_response()
}

fn refused(status: StatusCode, kind: &'static str) -> Response {
    (status, [("x-amzn-errortype", kind)], Json(json!({ "message": kind }))).into_response()
}

/// A message for the queue.
async fn ring(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = message["MessageBody"].as_str().unwrap_or_default().to_owned();
    shared.state().rings.push(text);
    let answer = json!({ "MessageId": "1", "MD5OfMessageBody": "" }).to_string();
    ([("content-type", "application/x-amz-json-1.0")], answer).into_response()
}
