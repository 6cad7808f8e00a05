//! Acknowledging signed `stream.online` posts, beside the bare statement on the same Postgres, each of whose
//! connections is held throughout.

use crate::figures::{cpu, ms, percentile, say};
use sm_db::announce::acceptance::{Notice, StreamStart, stream_online};
use sm_lambda::Config;
use sm_tests::{EVENTSUB_SECRET, World, process::Process, scenario};
use sm_types::{Clock, StreamId, TwitchUserId};
use std::{
    process::{Child, Command},
    time::{Duration, Instant},
};
use time::format_description::well_known::Rfc3339;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const STREAMERS: usize = 5_000;
const PER_CONNECTION_COUNT: [usize; 3] = [1, 8, 32];
const REQUESTS: usize = 8_000;
/// Far enough below the default limit that nothing is refused: what is compared is what the limit costs.
const PACED_PER_SECOND: usize = 60;
const PACED_REQUESTS: usize = 300;
const PACED_CONNECTIONS: usize = 8;
const NO_LIMIT: &str = "1000000";
const DEFAULT_LIMIT: &str = "100";

/// In the process that is measured: where to listen.
#[expect(clippy::disallowed_methods, reason = "how the measured process is told what it is")]
pub(crate) fn server_address() -> Option<String> {
    std::env::var("BENCH_ACK_SERVER").ok()
}

/// In the process that is measured: the router and nothing else.
pub(crate) async fn serve(address: String) {
    let config = Config::from_env().expect("settings from the parent");
    let app = sm_lambda::build_app(&config, Clock::system()).expect("they are valid");
    let listener = TcpListener::bind(address).await.expect("the parent chose a free port");
    axum::serve(listener, sm_api::router(app)).await.expect("it serves until it is killed");
}

pub(crate) async fn run() {
    say("\nAcknowledging signed stream.online posts (durable: one commit each, fsync on)");
    scenario(async |t| {
        seed(t).await;
        for connections in PER_CONNECTION_COUNT {
            let bare = bare(t, connections).await;
            t.sql("truncate stream_sessions, webhook_messages cascade").await;
            let (http, cpu_ms) = over_http(t, &Load::full(connections)).await;
            t.sql("truncate stream_sessions, webhook_messages cascade").await;
            say(&format!("  {connections:2} connections   {}", bare.line("bare statement")));
            say(&format!("                   {}", http.line("webhook → 204 ")));
            say(&format!(
                "                   ratio of throughput {:.2}, p99 {:+.2} ms, {cpu_ms:.3} ms of our CPU per ack",
                http.per_second / bare.per_second,
                ms(http.p99) - ms(bare.p99),
            ));
        }
        for limit in [NO_LIMIT, DEFAULT_LIMIT] {
            let (http, cpu_ms) = over_http(t, &Load::paced(limit)).await;
            t.sql("truncate stream_sessions, webhook_messages cascade").await;
            let what = if limit == NO_LIMIT { "no limit     " } else { "default limit" };
            say(&format!(
                "  {PACED_PER_SECOND} a second     {}  {cpu_ms:.3} ms of our CPU per ack",
                http.line(what)
            ));
        }
    })
    .await;
}

/// How the server is used.
struct Load {
    connections: usize,
    requests: usize,
    /// Between two requests of one connection; without one, as soon as the last is answered.
    pace: Option<Duration>,
    limit: &'static str,
}

impl Load {
    fn full(connections: usize) -> Self {
        Self { connections, requests: REQUESTS, pace: None, limit: NO_LIMIT }
    }

    fn paced(limit: &'static str) -> Self {
        let (connections, requests) = (PACED_CONNECTIONS, PACED_REQUESTS);
        let pace = Duration::from_secs(1) * u32::try_from(connections).unwrap_or(1);
        let pace = Some(pace / u32::try_from(PACED_PER_SECOND).unwrap_or(1));
        Self { connections, requests, pace, limit }
    }
}

struct Run {
    p50: Duration,
    p99: Duration,
    per_second: f64,
}

impl Run {
    fn new(mut latencies: Vec<Duration>, took: Duration) -> Self {
        latencies.sort();
        let per_second = latencies.len() as f64 / took.as_secs_f64();
        Self { p50: percentile(&latencies, 0.5), p99: percentile(&latencies, 0.99), per_second }
    }

    fn line(&self, what: &str) -> String {
        let (p50, p99) = (ms(self.p50), ms(self.p99));
        format!("{what}  p50 {p50:6.2}  p99 {p99:6.2} ms  {:6.0}/s", self.per_second)
    }
}

/// Streamers whom webhooks may tell of.
pub(crate) async fn seed(t: &World) {
    sqlx::query(
        "insert into streamers (twitch_user_id, login, display_name)
         select n::text, 'streamer' || n, 'Streamer' || n from generate_series(1, $1) n",
    )
    .bind(i32::try_from(STREAMERS).unwrap_or(i32::MAX))
    .execute(&t.app.pool)
    .await
    .expect("the streamers are new");
}

/// The same statement without anything around it, on connections that are held.
async fn bare(t: &World, connections: usize) -> Run {
    let url = t.settings.iter().find(|(name, _)| *name == "DATABASE_URL").map(|(_, v)| v.clone());
    let url = sm_types::Secret::new(url.unwrap_or_default());
    let pool = sm_lambda::pool(
        &url,
        false,
        sm_db::PoolLimits::with_connections(u32::try_from(connections).unwrap_or(1)),
    )
    .expect("a valid URL");
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for worker in 0..connections {
        let mut held = pool.acquire().await.expect("Postgres answers");
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            for n in (worker..REQUESTS).step_by(connections) {
                let streamer = TwitchUserId((1 + n % STREAMERS).to_string());
                let (stream, message_id) = (StreamId(format!("bare-{n}")), format!("bare-{n}"));
                let now = Clock::system().now();
                let notice = Notice {
                    message_id: &message_id,
                    occurred_at: now,
                    received_at: now,
                    streamer: &streamer,
                    login: "",
                    display_name: "",
                };
                let start = StreamStart {
                    takes_back_end: true,
                    stream_id: &stream,
                    kind: "live",
                    started_at: now,
                    source: "eventsub",
                };
                let sent = Instant::now();
                stream_online(&mut held, &notice, &start, false).await.expect("Postgres answers");
                latencies.push(sent.elapsed());
            }
            latencies
        });
    }
    let latencies = tasks.join_all().await.concat();
    let run = Run::new(latencies, started.elapsed());
    pool.close().await;
    run
}

/// The same over HTTP, in a process of its own.
async fn over_http(t: &World, load: &Load) -> (Run, f64) {
    let free = TcpListener::bind("127.0.0.1:0").await.and_then(|l| l.local_addr());
    let address = free.expect("a free port").to_string();
    let mut server = Process(start_server(t, &address, load));
    while TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut tasks = JoinSet::new();
    let (started, cpu_before) = (Instant::now(), cpu(server.0.id()));
    let &Load { connections, requests, pace, .. } = load;
    for worker in 0..connections {
        let address = address.clone();
        let numbers = (worker..requests).step_by(connections);
        tasks.spawn(async move { post_all(&address, numbers, pace).await });
    }
    let latencies = tasks.join_all().await.concat();
    let took = started.elapsed();
    let cpu_ms = ms(cpu(server.0.id()) - cpu_before) / latencies.len() as f64;
    server.kill();
    (Run::new(latencies, took), cpu_ms)
}

fn start_server(t: &World, address: &str, load: &Load) -> Child {
    let mut settings = t.settings.clone();
    settings.push(("DATABASE_CONNECTIONS", load.connections.to_string()));
    settings.push(("WEBHOOK_RATE_PER_SECOND", load.limit.to_owned()));
    Command::new(std::env::current_exe().expect("a program has a path"))
        .env_clear()
        .envs(settings)
        .env("BENCH_ACK_SERVER", address)
        .spawn()
        .expect("it starts")
}

async fn post_all(
    address: &str,
    numbers: impl Iterator<Item = usize>,
    pace: Option<Duration>,
) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a TCP stream");
    let (mut latencies, mut buffer) = (Vec::new(), vec![0; 4096]);
    let mut next = Instant::now();
    for n in numbers {
        if let Some(pace) = pace {
            tokio::time::sleep_until(next.into()).await;
            // What comes late is not made up for: that would be more than the limit.
            next = next.max(Instant::now()) + pace;
        }
        let request = request(n);
        let sent = Instant::now();
        stream.write_all(&request).await.expect("the server reads");
        let read = stream.read(&mut buffer).await.expect("the server answers");
        latencies.push(sent.elapsed());
        let answer = String::from_utf8_lossy(&buffer[..read]);
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }
    latencies
}

/// Posts one webhook on a connection of its own; whether it was answered 204.
pub(crate) async fn post(address: &str, n: usize) -> bool {
    let answered = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(&request(n)).await?;
        let mut buffer = [0; 64];
        let read = stream.read(&mut buffer).await?;
        std::io::Result::Ok(buffer[..read].starts_with(b"HTTP/1.1 204"))
    };
    answered.await.unwrap_or(false)
}

fn request(n: usize) -> Vec<u8> {
    let now = Clock::system().now().format(&Rfc3339).unwrap_or_default();
    let id = 1 + n % STREAMERS;
    let body = format!(
        r#"{{"subscription":{{"id":"6a1f0f52-93c1-4f7e-8e0a-5d1b7c20e9aa","type":"stream.online","version":"1","status":"enabled","cost":0,"condition":{{"broadcaster_user_id":"{id}"}},"transport":{{"method":"webhook","callback":"https://hooks.example.test/twitch"}},"created_at":"2026-11-20T07:44:31.120045009Z"}},"event":{{"id":"http-{n}","broadcaster_user_id":"{id}","broadcaster_user_login":"streamer{id}","broadcaster_user_name":"Streamer{id}","type":"live","started_at":"{now}"}}}}"#
    );
    let message_id = format!("http-{n}");
    let signature = sm_sim::twitch::sign(EVENTSUB_SECRET, &message_id, &now, body.as_bytes());
    format!(
        "POST /webhooks/twitch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\ntwitch-eventsub-message-id: {message_id}\r\n\
         twitch-eventsub-message-timestamp: {now}\r\ntwitch-eventsub-message-type: notification\r\n\
         twitch-eventsub-message-signature: {signature}\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}
