//! What a monitor asks: does the process answer, can it work, and how much has it done?

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use serde_json::json;
use sm_aws::metrics::{self, Counter, LATENCY_BOUNDS_MS};
use sm_db::{fitness::Obstacle, jobs::Status};
use sm_services::{
    App, LazyApp, SecurityEvent,
    jobs::{Job, schedule},
};
use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
};
use time::OffsetDateTime;

/// A scrape must not wait for the database as long as a request may.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// `/healthz` and `/readyz`.
pub fn probes(app: impl Into<LazyApp>) -> Router {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/readyz", get(ready))
        .with_state(app.into())
}

/// The probes and `/metrics`, for an address that only the monitor reaches.
pub fn router(app: impl Into<LazyApp>) -> Router {
    let app = app.into();
    Router::new().route("/metrics", get(scrape)).with_state(app.clone()).merge(probes(app))
}

/// Whether requests should come here: the database is there and as new as we are.
async fn ready(State(lazy): State<LazyApp>) -> impl IntoResponse {
    let Ok(app) = lazy.get().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable" })));
    };
    let (database, migrations) = match tokio::time::timeout(PATIENCE, state(&app)).await {
        Ok(Ok((Some(obstacle), _))) => (obstacle.code(), "unknown"),
        Ok(Ok((None, true))) => ("ok", "ok"),
        Ok(Ok((None, false))) => ("ok", "pending"),
        Ok(Err(error)) => {
            let obstacle = Obstacle::of(&error);
            (obstacle.map_or("unavailable", |obstacle| obstacle.code()), "unknown")
        }
        Err(_) => ("unavailable", "unknown"),
    };
    let stopping = app.is_stopping();
    let jobs =
        Job::ALL.map(|job| (job.as_str(), if app.health().is_stuck(job) { "stuck" } else { "ok" }));
    let stuck = jobs.iter().any(|(_, state)| *state != "ok");
    let ready = migrations == "ok" && !stopping && !stuck;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if ready { "ok" } else { "unavailable" };
    (
        status,
        Json(json!({
            "status": word, "database": database, "migrations": migrations, "stopping": stopping,
            "jobs": BTreeMap::from(jobs),
        })),
    )
}

/// What keeps us from writing, and whether all migrations are done.
async fn state(app: &App) -> sqlx::Result<(Option<Obstacle>, bool)> {
    let state = sm_db::migrations::state(&mut app.pool.acquire().await?).await?;
    let migrated = state.pending.is_empty() && state.broken.is_empty();
    // Before that, not all tables are there.
    let obstacle = if migrated { app.obstacle_to_writing().await? } else { None };
    Ok((obstacle, migrated))
}

async fn scrape(State(lazy): State<LazyApp>) -> impl IntoResponse {
    let mut page = Page::default();
    counters(&mut page);
    latency(&mut page);
    if let Ok(app) = lazy.get().await {
        gauges(&mut page, &app).await;
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.0)
}

/// Prometheus' text format.
#[derive(Default)]
struct Page(String);

impl Page {
    fn describe(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            self.0,
            "# HELP streammaxing_{name} {help}\n# TYPE streammaxing_{name} {kind}"
        );
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> =
            labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "streammaxing_{name}{labels} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.describe(name, "gauge", help);
        self.sample(name, &[], value);
    }
}

fn counters(page: &mut Page) {
    page.describe(
        "events_total",
        "counter",
        "What happened in this process, by operation and outcome.",
    );
    for counter in Counter::ALL {
        let (operation, outcome) = counter.dimensions();
        let labels = [("operation", operation), ("outcome", outcome)];
        page.sample("events_total", &labels, counter.total());
    }
    page.describe("security_events_total", "counter", "Security events in this process.");
    for event in SecurityEvent::ALL {
        page.sample("security_events_total", &[("event", event.as_str())], event.counted());
    }
}

fn latency(page: &mut Page) {
    const NAME: &str = "announcement_latency_seconds";
    page.describe(NAME, "histogram", "From a webhook of Twitch to the message on Discord.");
    let (buckets, sum_ms) = metrics::latency();
    let mut count = 0;
    for (bucket, bound_ms) in buckets.iter().zip(LATENCY_BOUNDS_MS) {
        count += bucket;
        let bound = Seconds(bound_ms.unsigned_abs()).to_string();
        page.sample(&format!("{NAME}_bucket"), &[("le", &bound)], count);
    }
    count += buckets[LATENCY_BOUNDS_MS.len()];
    page.sample(&format!("{NAME}_bucket"), &[("le", "+Inf")], count);
    page.sample(&format!("{NAME}_sum"), &[], Seconds(sum_ms));
    page.sample(&format!("{NAME}_count"), &[], count);
}

/// Milliseconds, shown in seconds.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// The sockets of this process.
fn sockets(page: &mut Page, app: &App) {
    page.gauge("sockets_open", "Sockets that are open at this process.", app.hub().len());
    let notified = u8::from(app.hub().listens());
    let help = "Whether other processes reach this one at once; else it looks each second.";
    page.gauge("sockets_notified", help, notified);
}

/// How what this process runs all the time is: delivery, subscriptions, sweep.
fn loops(page: &mut Page, app: &App) {
    page.describe("job_stuck", "gauge", "Whether a job did not come back and is not well again.");
    for job in Job::ALL {
        let stuck = u8::from(app.health().is_stuck(job));
        page.sample("job_stuck", &[("job", job.as_str())], stuck);
    }
    page.describe("job_replaced_total", "counter", "How often a job was replaced.");
    for job in Job::ALL {
        let times = app.health().times_replaced(job);
        page.sample("job_replaced_total", &[("job", job.as_str())], times);
    }
    page.describe("job_idle_seconds", "gauge", "Since when no turn of a job came to a good end.");
    for job in Job::ALL {
        if let Some(idle) = app.health().idle_for(job) {
            page.sample("job_idle_seconds", &[("job", job.as_str())], idle.as_secs());
        }
    }
}

/// What the database knows is the same on every server: take the maximum over them, not the sum.
async fn gauges(page: &mut Page, app: &App) {
    let known = tokio::time::timeout(PATIENCE, async {
        let backlog = sm_db::guilds::status::backlog(&app.pool, app.clock.now()).await?;
        Ok::<_, sqlx::Error>((
            backlog,
            sm_db::streamers::subscriptions::count_all(&app.pool).await?,
            sm_db::jobs::list(&app.pool).await?,
            app.obstacle_to_writing().await?,
        ))
    })
    .await;
    let known = known.ok().and_then(Result::ok);
    page.gauge("database_up", "Whether the database answers.", u8::from(known.is_some()));
    let writable = known.as_ref().is_some_and(|(.., obstacle)| obstacle.is_none());
    page.gauge("database_writable", "Whether the database takes writes.", u8::from(writable));
    let open = app.pool.size();
    let idle = u32::try_from(app.pool.num_idle()).unwrap_or(open);
    page.describe("database_connections", "gauge", "Connections to the database of this process.");
    page.sample("database_connections", &[("state", "idle")], idle);
    page.sample("database_connections", &[("state", "used")], open.saturating_sub(idle));
    loops(page, app);
    sockets(page, app);
    page.gauge("stopping", "Whether this process is about to end.", u8::from(app.is_stopping()));
    if let Ok(Ok(Some(depth))) = tokio::time::timeout(PATIENCE, app.doorbell.depth()).await {
        page.gauge("queue_messages", "Messages that wait in the doorbell's queue.", depth);
    }
    let Some((backlog, subscriptions, known_jobs, _)) = known else { return };
    jobs(page, &known_jobs, app.clock.now());
    page.gauge(
        "outbox_oldest_seconds",
        "How long the oldest work that is due has waited.",
        backlog.oldest_seconds,
    );
    page.describe("outbox_rows", "gauge", "Work that is due or under way.");
    page.sample("outbox_rows", &[("kind", "event")], backlog.events);
    page.sample("outbox_rows", &[("kind", "delivery")], backlog.deliveries);
    page.gauge(
        "destinations_degraded",
        "Destinations to which nothing can be posted now.",
        backlog.degraded,
    );
    page.describe("subscriptions", "gauge", "Subscriptions at Twitch that should exist, by state.");
    for state in ["wanted", "pending", "enabled", "failed", "unwanted"] {
        let count =
            subscriptions.iter().find(|(name, _)| name == state).map_or(0, |(_, count)| *count);
        page.sample("subscriptions", &[("state", state)], count);
    }
}

/// Jobs as the database knows them; one that has never begun is left out.
fn jobs(page: &mut Page, known: &[Status], now: OffsetDateTime) {
    let known = || {
        let status = |name| known.iter().find(|status: &&Status| status.name == name);
        schedule::JOBS.iter().filter_map(move |job| Some((job, status(job.name)?)))
    };
    page.describe(
        "job_last_success_timestamp_seconds",
        "gauge",
        "When a job has last come to its end.",
    );
    for (job, status) in known() {
        if let Some(at) = status.succeeded_at {
            let labels = [("job", job.name)];
            page.sample("job_last_success_timestamp_seconds", &labels, at.unix_timestamp());
        }
    }
    page.describe("job_overdue_seconds", "gauge", "For how long a job has owed a success.");
    for (job, status) in known() {
        let overdue = schedule::overdue(job, status, now).whole_seconds();
        page.sample("job_overdue_seconds", &[("job", job.name)], overdue);
    }
    page.describe(
        "job_failures_total",
        "counter",
        "Turns of a job that have failed, on all servers.",
    );
    for (job, status) in known() {
        page.sample("job_failures_total", &[("job", job.name)], status.failed);
    }
}
