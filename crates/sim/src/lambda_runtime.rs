//! The Lambda Runtime API, spoken to a real `bootstrap` over HTTP.
//!
//! `GET /2018-06-01/runtime/invocation/next` waits for an event, `POST …/{id}/response` and
//! `…/{id}/error` hand its outcome back. One event is under way at a time, as in Lambda.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use sm_types::Clock;
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
};

/// The trace of every invocation.
pub const TRACE: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700";

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function returned this.
    Response(Value),
    /// The function reported an error.
    Error(Value),
}

impl Outcome {
    /// The response.
    ///
    /// # Panics
    /// When the function reported an error.
    #[track_caller]
    pub fn response(self) -> Value {
        match self {
            Self::Response(value) => value,
            Self::Error(error) => panic!("the function reported an error: {error}"),
        }
    }
}

/// A runtime that invokes the one function that polls it.
#[derive(Debug)]
pub struct LambdaRuntime {
    addr: SocketAddr,
    events: mpsc::UnboundedSender<(Value, oneshot::Sender<Outcome>)>,
    shared: Arc<Shared>,
    clock: Clock,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Value, oneshot::Sender<Outcome>)>>,
    waiting: Mutex<Waiting>,
    polled: Notify,
    timeout: Duration,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Waiting {
    replies: HashMap<String, oneshot::Sender<Outcome>>,
    invocations: u64,
    first_poll: Option<Instant>,
}

impl LambdaRuntime {
    /// Starts on a free port; the function has `timeout` for each event.
    pub async fn start(timeout: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let (events, queue) = mpsc::unbounded_channel();
        let clock = Clock::system();
        let shared = Arc::new(Shared {
            queue: tokio::sync::Mutex::new(queue),
            waiting: Mutex::default(),
            polled: Notify::new(),
            timeout,
            clock: clock.clone(),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(finish))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            // The server ends with the test that holds it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { addr, events, shared, clock, server })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn api(&self) -> String {
        self.addr.to_string()
    }

    /// The environment that Lambda gives a function, without the function's own settings.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_LAMBDA_RUNTIME_API", self.api()),
            ("AWS_LAMBDA_FUNCTION_NAME", "streammaxing".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/streammaxing".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ]
    }

    /// Invokes the function and waits for its outcome; `None` when the function died first.
    pub async fn invoke(&self, event: Value) -> Option<Outcome> {
        let (reply, outcome) = oneshot::channel();
        self.events.send((event, reply)).ok()?;
        tokio::time::timeout(self.shared.timeout, outcome).await.ok()?.ok()
    }

    /// Waits until the function asks for its first event, and tells when it did.
    pub async fn first_poll(&self) -> Instant {
        loop {
            let polled = self.shared.polled.notified();
            if let Some(at) = self.shared.waiting().first_poll {
                return at;
            }
            polled.await;
        }
    }

    /// The clock by which deadlines are set.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Drop for LambdaRuntime {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.waiting().first_poll.get_or_insert_with(Instant::now);
    shared.polled.notify_waiters();
    let Some((event, reply)) = shared.queue.lock().await.recv().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let id = {
        let mut waiting = shared.waiting();
        waiting.invocations += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", waiting.invocations);
        waiting.replies.insert(id.clone(), reply);
        id
    };
    let deadline = shared.clock.now() + shared.timeout;
    let deadline_ms = (deadline.unix_timestamp_nanos() / 1_000_000).to_string();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline_ms),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:000000000000:function:streammaxing".to_owned(),
        ),
        ("lambda-runtime-trace-id", TRACE.to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (axum::response::AppendHeaders(headers), event.to_string()).into_response()
}

async fn finish(
    State(shared): State<Arc<Shared>>,
    Path((id, outcome)): Path<(String, String)>,
    _headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let outcome = if outcome == "error" { Outcome::Error(value) } else { Outcome::Response(value) };
    if let Some(reply) = shared.waiting().replies.remove(&id) {
        // The caller may have given up waiting.
        let _ = reply.send(outcome);
    }
    StatusCode::ACCEPTED
}
