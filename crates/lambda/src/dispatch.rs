//! Every event that starts the function ends up here.

use crate::{
    event::{Kind, Message, classify},
    ops::{Hook, Ops, Step, smoke},
    websocket::Sockets,
};
use axum::{Router, extract::Request, middleware::map_request};
use lambda_http::{
    Adapter, LambdaEvent,
    request::{LambdaRequest, RequestContext},
};
use lambda_runtime::Error;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use sm_api::{Edge, Peer};
use sm_aws::{
    Ring, TraceHeader,
    metrics::{Counter, Gauge},
};
use sm_services::{
    App, LazyApp, SecurityEvent,
    chat::sender,
    interactions::follow_up,
    jobs::{sweep, worker},
    live::{hints, push, relay},
};
use std::{collections::BTreeMap, time::Duration};
use time::OffsetDateTime;
use tokio::time::Instant;
use tower::Service;
use tracing::{Instrument, Span};

/// What an operator may ask for by `{"task": …}`.
const TASKS: [&str; 6] = ["health", "migrate", "redrive", "smoke", "sweep", "work"];

/// Whether an event would find its handler.
pub fn knows(event: &str) -> bool {
    match classify(event) {
        Kind::Unknown => false,
        Kind::Task(task) => TASKS.contains(&task.as_str()),
        _ => true,
    }
}

/// Sends each event to its handler.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    app: LazyApp,
    router: Router,
    sockets: Sockets,
    ops: Option<Ops>,
}

/// What Lambda returns to the source of the event.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// To API Gateway.
    Http(Box<RawValue>),
    /// To everyone else.
    Json(Value),
}

impl Dispatcher {
    /// Dispatches to this app, which is built when an event needs it, behind this edge.
    pub fn new(edge: Edge, app: LazyApp) -> Self {
        let sockets = Sockets::new(edge.clone(), app.clone());
        let router = sm_api::router_behind(edge, app.clone()).layer(map_request(with_peer));
        Self { router, sockets, app, ops: None }
    }

    /// Lets it rotate secrets, report to CodeDeploy, and bring dead letters back.
    pub fn with_ops(self, ops: Ops) -> Self {
        Self { ops: Some(ops), ..self }
    }

    fn ops(&self) -> Result<&Ops, Error> {
        self.ops.as_ref().ok_or_else(|| "this process takes no part in operations".into())
    }

    /// Handles one event; its log lines name its request and trace.
    ///
    /// An error makes Lambda report the invocation as failed: the source tries again.
    pub async fn handle(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Reply, Error> {
        let context = &event.context;
        let trace = context.xray_trace_id.as_deref().and_then(TraceHeader::parse);
        let span = tracing::error_span!(
            "invocation",
            aws.request_id = context.request_id,
            trace.id = trace.as_ref().map(tracing::field::display),
            trace.rung_by = tracing::field::Empty,
        );
        // Boxed: what it awaits comes near the compiler's limit on nested types.
        let work = Box::pin(self.work_off(event)).instrument(span);
        match trace {
            Some(trace) => trace.scope(work).await,
            None => work.await,
        }
    }

    /// Handles an event, and rings for what it has told: afterwards Lambda freezes the process.
    async fn work_off(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Reply, Error> {
        let reply = self.dispatch(event).await;
        if let Some(app) = self.app.built() {
            hints::tell(&app).await;
            relay::announce(&app).await;
        }
        reply
    }

    async fn dispatch(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Reply, Error> {
        let (payload, context) = event.into_parts();
        match classify(payload.get()) {
            Kind::Http => Box::pin(self.http(LambdaEvent::new(payload, context))).await,
            Kind::WebSocket => Box::pin(self.sockets.answer(payload.get())).await.map(Reply::Json),
            Kind::Sqs(messages) => {
                Ok(Reply::Json(Box::pin(self.sqs(&messages, context.deadline)).await))
            }
            Kind::Schedule => Box::pin(self.sweep(context.deadline)).await.map(Reply::Json),
            Kind::Task(task) => Box::pin(self.task(&task, context.deadline)).await.map(Reply::Json),
            Kind::Hook(hook) => Box::pin(self.hook(&hook)).await.map(Reply::Json),
            Kind::Rotation(step) => Box::pin(self.rotate(&step)).await.map(Reply::Json),
            Kind::Unknown => {
                Err("this event is none that the function knows: expected HTTP API 2.0, \
                                  WebSocket, SQS, EventBridge or {\"task\": …}"
                    .into())
            }
        }
    }

    async fn http(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Reply, Error> {
        let (payload, context) = event.into_parts();
        let request: LambdaRequest = serde_json::from_str(payload.get())?;
        let mut adapter = Adapter::from(self.router.clone());
        let response = adapter.call(LambdaEvent::new(request, context)).await?;
        Ok(Reply::Http(serde_json::value::to_raw_value(&response)?))
    }

    /// The doorbell. A failed message comes back and, after some tries, ends in the dead letters.
    async fn sqs(&self, messages: &[Message], deadline_ms: u64) -> Value {
        let rung_by: Vec<_> =
            messages.iter().filter_map(|m| Some(m.trace.as_ref()?.to_string())).collect();
        Span::current().record("trace.rung_by", rung_by.join(" "));
        let failed = match self.answer(messages, deadline_ms).await {
            Ok(()) => Vec::new(),
            Err(error) => {
                Counter::DatabaseError.count();
                tracing::error!(%error, "the worker failed; its messages come back");
                messages.iter().map(|m| json!({ "itemIdentifier": m.id })).collect()
            }
        };
        json!({ "batchItemFailures": failed })
    }

    /// Does the work that the messages ask for.
    async fn answer(&self, messages: &[Message], deadline_ms: u64) -> Result<(), Error> {
        let asked = |ring: Ring| messages.iter().any(|m| ring.is_asked_by(&m.body));
        let app = self.app.get().await?;
        let deadline = deadline(&app, deadline_ms);
        let worked = async {
            match (asked(Ring::Deliver), asked(Ring::Subscribe)) {
                (true, true) => worker::run(&app, deadline).await.map(drop),
                (true, false) => worker::deliver(&app, deadline).await.map(drop),
                (false, true) => worker::subscribe(&app, deadline).await,
                (false, false) => Ok(()),
            }
        };
        let pushed =
            async { if asked(Ring::Live) { push::run(&app, deadline).await } else { Ok(()) } };
        let said = async {
            if asked(Ring::Chat) { sender::run(&app, deadline).await.map(drop) } else { Ok(()) }
        };
        let answered = async {
            if asked(Ring::Interact) {
                follow_up::run(&app, deadline).await.map(drop)
            } else {
                Ok(())
            }
        };
        let (worked, pushed, said, answered) = tokio::join!(worked, pushed, said, answered);
        self.app.settle().await;
        worked?;
        pushed?;
        said?;
        answered?;
        Ok(())
    }

    async fn work(&self, deadline_ms: u64) -> Result<worker::Report, Error> {
        let app = self.app.get().await?;
        let deadline = deadline(&app, deadline_ms);
        let said = Box::pin(sender::run(&app, deadline));
        let answered = Box::pin(follow_up::run(&app, deadline));
        let (report, said, answered) = tokio::join!(worker::run(&app, deadline), said, answered);
        self.app.settle().await;
        said?;
        answered?;
        Ok(report?)
    }

    async fn sweep(&self, deadline_ms: u64) -> Result<Value, Error> {
        let app = match self.app.get().await {
            Ok(app) => app,
            Err(_) if self.waits_for_secrets().await => return Ok(waiting("secrets")),
            Err(error) => return Err(error.into()),
        };
        let swept = match sweep::run(&app, deadline(&app, deadline_ms)).await {
            Err(_) if has_no_tables(&app).await => return Ok(waiting("migrations")),
            swept => swept.inspect_err(|_| Counter::DatabaseError.count())?,
        };
        Gauge::OldestOutbox.note(oldest_due(&app).await?);
        Gauge::OldestChat.note(sm_db::chat::sends::oldest_queued_s(&app.pool).await?);
        self.app.settle().await;
        if let Some(obstacle) = app.obstacle_to_writing().await? {
            Counter::DatabaseError.count();
            return Err(obstacle.to_string().into());
        }
        Ok(json!({
            "checked": swept.checked, "healed": swept.healed, "attempts": swept.worker.attempts,
            "failed_jobs": swept.failed_jobs,
        }))
    }

    async fn task(&self, task: &str, deadline_ms: u64) -> Result<Value, Error> {
        match task {
            "health" => self.health().await,
            "migrate" => {
                sm_db::migrate(&self.app.get().await?.pool).await?;
                Ok(json!({ "migrated": true }))
            }
            "redrive" => {
                let app = self.app.get().await?;
                Ok(json!({ "redriven": self.ops()?.redrive(&app).await? }))
            }
            "smoke" => Ok(json!(smoke::look(&self.app.get().await).await)),
            "sweep" => self.sweep(deadline_ms).await,
            "work" => {
                let done = self.work(deadline_ms).await?;
                Ok(
                    json!({ "chunks": done.chunks, "attempts": done.attempts, "work_left": done.work_left }),
                )
            }
            other => Err(format!("no task `{other}`: expected {}", TASKS.join(", ")).into()),
        }
    }

    /// Before a release gets traffic: migrates, looks at everything, and tells CodeDeploy.
    async fn hook(&self, hook: &Hook) -> Result<Value, Error> {
        let app = self.app.get().await;
        let found = match &app {
            Err(_) if self.waits_for_secrets().await => smoke::waiting(),
            _ => smoke::prepare(&app).await,
        };
        self.ops()?.report(hook, &found).await?;
        Ok(json!(found))
    }

    async fn waits_for_secrets(&self) -> bool {
        match &self.ops {
            Some(ops) => ops.waits_for_secrets().await,
            None => false,
        }
    }

    async fn rotate(&self, step: &Step) -> Result<Value, Error> {
        match self.ops()?.rotate(step).await {
            Ok(()) => Ok(json!({ "done": true })),
            Err(error) => {
                Counter::RotationFailed.count();
                tracing::error!(error, ?step, "the rotation has failed; the secrets in use stay");
                Err(error.into())
            }
        }
    }

    async fn health(&self) -> Result<Value, Error> {
        let app = self.app.get().await?;
        let late = oldest_due(&app).await?;
        let obstacle = app.obstacle_to_writing().await?;
        let database = obstacle.map_or("ok", |obstacle| obstacle.code());
        let counted = SecurityEvent::ALL.iter().map(|event| (event.as_str(), event.counted()));
        let events: BTreeMap<_, _> = counted.filter(|(_, count)| *count > 0).collect();
        Ok(json!({
            "status": if database == "ok" { "ok" } else { "unavailable" }, "database": database, "oldest_due_s": late, "security_events": events,
        }))
    }
}

/// Tells the API who has called API Gateway.
async fn with_peer(mut request: Request) -> Request {
    let context = request.extensions().get::<RequestContext>();
    let peer = match context {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
        _ => None,
    };
    if let Some(peer) = peer.and_then(|ip| ip.parse().ok()) {
        request.extensions_mut().insert(Peer(peer));
    }
    request
}

/// What a new stack waits for: it has nothing to do yet, and nothing of it is late.
fn waiting(what: &str) -> Value {
    Gauge::OldestOutbox.note(0);
    json!({ "waiting": what })
}

/// Whether nobody has migrated the database yet.
async fn has_no_tables(app: &App) -> bool {
    let Ok(mut db) = app.pool.acquire().await else { return false };
    sm_db::migrations::state(&mut db).await.is_ok_and(|state| state.applied == 0)
}

/// For how many seconds the oldest work that is due has waited.
async fn oldest_due(app: &App) -> Result<i64, Error> {
    let due = sm_db::announce::events::next_due(&app.pool, app.clock.now()).await?;
    Ok(due.map_or(0, |due| (app.clock.now() - due).whole_seconds().max(0)))
}

/// Lambda's deadline (Unix milliseconds) on this process's clock.
fn deadline(app: &App, deadline_ms: u64) -> Instant {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(deadline_ms) * 1_000_000);
    let left = at.map_or(time::Duration::ZERO, |at| at - app.clock.now());
    Instant::now() + Duration::try_from(left).unwrap_or_default()
}
