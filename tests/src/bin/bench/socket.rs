//! Five thousand sockets in one room, and socket.io beside it under the same load.
//!
//! Each is one server process; the clients are this process, the same code for both.

use crate::figures::{cpu, ms, percentile, resident_mib, say};
use futures_util::{SinkExt, StreamExt, future::join_all};
use serde_json::json;
use sm_db::accounts::{
    sessions::{self, NewSession},
    users::{self, User},
};
use sm_services::App;
use sm_tests::{Socket, World, process::Process, scenario, small_buffers};
use sm_types::UserId;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, Utf8Bytes},
};
use uuid::Uuid;

pub(crate) const SOCKETS: usize = 5_000;
/// Connections of one person at most.
pub(crate) const PER_PERSON: usize = 20;
/// Sockets that are opened at once.
pub(crate) const AT_ONCE: usize = 100;
const PER_SECOND: usize = 50;
const SECONDS: usize = 20;
/// Who speaks: each no oftener than one person may.
const SPEAKERS: usize = 150;
pub(crate) const ROOM: &str = "room:public";

pub(crate) type Stream = WebSocketStream<TcpStream>;

/// What a client has received.
#[derive(Default)]
struct Received {
    /// From the sending to the receipt.
    delays: Vec<Duration>,
    frames: usize,
    /// Messages that came out of order, twice or not at all.
    wrong: usize,
}

/// What a server has cost.
struct Cost {
    cpu: Duration,
    messages: usize,
    frames: usize,
}

impl Cost {
    fn micros_per_message(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.messages.max(1) as f64
    }
}

pub(crate) async fn run() {
    say(&format!(
        "\nLive updates: {SOCKETS} sockets in one room, {PER_SECOND} messages a second for {SECONDS} s to all of them"
    ));
    let mut ours = None;
    scenario(async |t| ours = Some(ours_under_load(t).await)).await;
    let theirs = theirs_under_load().await;
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        let ratio = ours.micros_per_message() / theirs.micros_per_message();
        say(&format!("  our CPU per delivered message is {ratio:.2} of socket.io's"));
    }
}

async fn ours_under_load(t: &World) -> Cost {
    let (address, process) = Process::serve(&t.settings);
    let pid = process.0.id();
    let before = resident_mib(pid);
    let begun = Instant::now();
    let people = people(t).await;
    let mut sockets = Vec::with_capacity(SOCKETS);
    let tickets: Vec<String> = tickets(t, &people).await;
    for some in tickets.chunks(AT_ONCE) {
        let opened = some.iter().map(|ticket| open_ours(&address, ticket));
        sockets.extend(join_all(opened).await);
    }
    say(&format!(
        "  opened in {:.1} s; {:.1} kB of our memory per idle socket",
        begun.elapsed().as_secs_f64(),
        (resident_mib(pid) - before) * 1024.0 / SOCKETS as f64
    ));
    let mut speakers = Vec::new();
    for ticket in tickets_of(t, &people[..SPEAKERS]).await {
        speakers.push(open_speaker(&address, &ticket).await);
    }
    let expected = PER_SECOND * SECONDS;
    let started = Instant::now();
    let cpu_before = cpu(pid);
    let mut readers = JoinSet::new();
    for mut socket in sockets {
        readers.spawn(async move {
            let mut received = Received::default();
            let mut position = 0;
            while received.delays.len() + received.wrong < expected {
                let Some(text) = next(&mut socket).await else {
                    received.wrong += expected - received.delays.len() - received.wrong;
                    break;
                };
                let Some(events) = text.as_str().strip_prefix(r#"{"type":"events""#) else {
                    continue;
                };
                received.frames += 1;
                for (at, sent) in ours_in(events) {
                    match sent {
                        Some(sent) if at > position => {
                            let sent = started + Duration::from_micros(sent);
                            received.delays.push(sent.elapsed());
                        }
                        _ => received.wrong += 1,
                    }
                    position = at;
                }
            }
            received
        });
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PER_SECOND as u32);
    for n in 0..expected {
        ticks.tick().await;
        let at = started.elapsed().as_micros();
        let text = format!("{at} A message of a usual length, as people write them in a room.");
        let frame =
            json!({ "type": "shout", "room": ROOM, "client_id": Uuid::new_v4(), "text": text });
        speakers[n % SPEAKERS].say(frame).await;
    }
    let cost = told("ours", readers, expected, || cpu(pid) - cpu_before).await;
    say(&format!("  {:.0} MiB resident at the end", resident_mib(pid)));
    cost
}

/// Positions and times of sending, in microseconds, of the events in a frame.
///
/// Both servers' frames are searched, not parsed: the clients share two cores with what they measure.
fn ours_in(events: &str) -> impl Iterator<Item = (i64, Option<u64>)> {
    let events =
        events.split(r#"{"position":"#).skip(1).filter(|event| event.contains("client_id"));
    events.map(|event| {
        let position = event.split(',').next().and_then(|position| position.parse().ok());
        let text = event.split_once(r#""text":""#).map(|(_, text)| text);
        let sent = text.and_then(|text| text.split(' ').next()).and_then(|us| us.parse().ok());
        (position.unwrap_or_default(), sent)
    })
}

/// The number behind a name.
fn number(json: &str, name: &str) -> Option<f64> {
    let (_, rest) = json.split_once(name)?;
    rest.split([',', '}']).next()?.parse().ok()
}

pub(crate) async fn people(t: &World) -> Vec<Uuid> {
    let now = t.clock.now();
    let mut sessions = Vec::new();
    for n in 0..SOCKETS / PER_PERSON + SPEAKERS {
        let user_id = UserId(1_200_000_000_000_000_000 + n as u64);
        let user = User { user_id, username: format!("user{n}"), global_name: None, avatar: None };
        users::upsert(&t.app.pool, &user).await.expect("a new user");
        let session_id = Uuid::now_v7();
        let expires_at = now + time::Duration::DAY;
        let new = NewSession { session_id, user: user_id, user_agent: "bench", now, expires_at };
        sessions::insert(&t.app.pool, &new, 20).await.expect("a new session");
        sessions.push(session_id);
    }
    // Those who speak come first, and have no other connection.
    sessions
}

async fn tickets(t: &World, people: &[Uuid]) -> Vec<String> {
    let listeners = people[SPEAKERS..].iter().flat_map(|session| [*session; PER_PERSON]);
    tickets_of(t, &listeners.collect::<Vec<_>>()).await
}

pub(crate) async fn tickets_of(t: &World, sessions: &[Uuid]) -> Vec<String> {
    let mut tickets = Vec::new();
    for session in sessions {
        tickets.push(ticket_of(&t.app, *session).await.expect("it is given"));
    }
    tickets
}

/// The subprotocols to offer, with a ticket among them.
pub(crate) async fn ticket_of(app: &App, session: Uuid) -> Option<String> {
    let ticket = sm_services::live::tickets::give(app, session).await.ok()??;
    Some(format!("streammaxing.v1, ticket.{}", ticket.expose()))
}

pub(crate) async fn open_speaker(address: &str, offered: &str) -> Socket {
    let mut socket =
        Socket::open(address, &[("sec-websocket-protocol", offered)]).await.expect("it opens");
    socket.say(json!({ "type": "hello", "version": 1 })).await;
    socket.expect("welcome").await;
    socket
}

async fn open_ours(address: &str, offered: &str) -> Stream {
    let mut socket = open_speaker(address, offered).await;
    socket.subscribe(ROOM).await;
    socket.into_stream()
}

/// socket.io's server with its packages, unless they cannot be installed here.
fn start_theirs() -> Option<(Child, u16)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/socketio");
    let install = Command::new("npm")
        .args(["ci", "--silent", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .status();
    if !install.is_ok_and(|status| status.success()) {
        say("  socket.io could not be installed: it is left out");
        return None;
    }
    let mut child = Command::new("node")
        .arg("server.js")
        .args([PER_SECOND.to_string(), SECONDS.to_string()])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    Some((child, line.trim().parse().ok()?))
}

async fn theirs_under_load() -> Option<Cost> {
    let (mut child, port) = start_theirs()?;
    let pid = child.id();
    let before = resident_mib(pid);
    let address = format!("127.0.0.1:{port}");
    let mut sockets = Vec::with_capacity(SOCKETS);
    while sockets.len() < SOCKETS {
        sockets.extend(join_all((0..AT_ONCE).map(|_| open_theirs(&address))).await);
    }
    say(&format!(
        "  socket.io: {:.1} kB of its memory per idle socket",
        (resident_mib(pid) - before) * 1024.0 / SOCKETS as f64
    ));
    let expected = PER_SECOND * SECONDS;
    let cpu_before = cpu(pid);
    let mut readers = JoinSet::new();
    for mut socket in sockets {
        readers.spawn(async move {
            let mut received = Received::default();
            let mut position = 0;
            while received.delays.len() + received.wrong < expected {
                let Some(text) = next(&mut socket).await else {
                    received.wrong += expected - received.delays.len() - received.wrong;
                    break;
                };
                // Engine.io's ping.
                if text.as_str() == "2" {
                    let _ = socket.send(Message::text("3")).await;
                }
                let Some(event) = text.as_str().strip_prefix("42") else { continue };
                received.frames += 1;
                let at = number(event, "\"position\":").unwrap_or_default() as i64;
                let sent = number(event, "\"sent_ms\":").unwrap_or_default();
                if at == position + 1 {
                    let delay = (unix_ms() - sent).max(0.0) / 1000.0;
                    received.delays.push(Duration::from_secs_f64(delay));
                } else {
                    received.wrong += 1;
                }
                position = at;
            }
            received
        });
    }
    drop(child.stdin.take());
    let cost = told("socket.io", readers, expected, || cpu(pid) - cpu_before).await;
    let _ = child.kill();
    let _ = child.wait();
    Some(cost)
}

#[expect(clippy::disallowed_methods, reason = "the other process tells the time of its own clock")]
fn unix_ms() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64() * 1000.0
}

async fn open_theirs(address: &str) -> Stream {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let (mut socket, _) =
        client_async_with_config(url, stream, Some(small_buffers())).await.expect("it opens");
    // Engine.io's handshake, and socket.io's.
    next(&mut socket).await;
    socket.send(Message::text("40")).await.expect("it reads");
    next(&mut socket).await;
    socket
}

/// The next text; `None` once the socket has ended.
pub(crate) async fn next(socket: &mut Stream) -> Option<Utf8Bytes> {
    loop {
        match socket.next().await?.ok()? {
            Message::Text(text) => return Some(text),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

async fn told(
    who: &str,
    mut readers: JoinSet<Received>,
    expected: usize,
    cpu: impl Fn() -> Duration,
) -> Cost {
    let (mut delays, mut frames, mut wrong) = (Vec::new(), 0, 0);
    while let Some(received) = readers.join_next().await {
        let Ok(received) = received else { continue };
        delays.extend(received.delays);
        frames += received.frames;
        wrong += received.wrong;
    }
    let cpu = cpu();
    delays.sort_unstable();
    let lost = SOCKETS * expected - delays.len();
    let cost = Cost { cpu, messages: delays.len(), frames };
    say(&format!(
        "  {who:9}  p50 {:6.1}  p99 {:6.1}  max {:6.1} ms  {lost} lost or out of order ({wrong})  {:.2} µs of CPU per message, \
         {:.2} per frame, {:.1} s of CPU",
        ms(percentile(&delays, 0.5)),
        ms(percentile(&delays, 0.99)),
        ms(percentile(&delays, 1.0)),
        cost.micros_per_message(),
        cpu.as_secs_f64() * 1e6 / cost.frames.max(1) as f64,
        cpu.as_secs_f64(),
    ));
    cost
}
