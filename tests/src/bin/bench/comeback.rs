//! Five thousand sockets whose server is killed while a room is busy: all come back at once, and miss nothing.
//!
//! Two servers share the database. The speakers are at the one that stays; webhooks go to the one that comes back.

use crate::{
    ack,
    figures::{ms, percentile, say},
    socket::{
        AT_ONCE, PER_PERSON, ROOM, SOCKETS, Stream, next, open_speaker, people, ticket_of,
        tickets_of,
    },
};
use futures_util::{SinkExt, future::join_all};
use serde_json::{Value, json};
use sm_tests::{Socket, World, process::Process, scenario};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

const PER_SECOND: usize = 20;
const SPEAKERS: usize = 60;
/// For so long it is talked before the kill, and after it.
const BEFORE: Duration = Duration::from_secs(5);
const AFTER: Duration = Duration::from_secs(40);
/// The protocol's first wait after a restart: a random share of it.
const FIRST_WAIT: Duration = Duration::from_secs(4);
/// How often a client says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// One webhook each.
const WEBHOOK_EVERY: Duration = Duration::from_millis(50);

/// What a client has received over all of its sockets.
#[derive(Default)]
struct Received {
    ids: Vec<(i64, String)>,
    resets: usize,
    refused: usize,
    /// From the kill until it listened again.
    back_after: Option<Duration>,
}

struct Shared {
    app: sm_services::App,
    address: String,
    over: AtomicBool,
    back: AtomicUsize,
    killed_at: Mutex<Option<Instant>>,
}

pub(crate) async fn run() {
    say(&format!("\nA server is killed under {SOCKETS} sockets while a room is busy"));
    scenario(async |t| measure(t).await).await;
}

async fn measure(t: &World) {
    ack::seed(t).await;
    let (stays, other) = Process::serve(&t.settings);
    let (address, mut process) = Process::serve(&t.settings);
    let people = people(t).await;
    let shared = Arc::new(Shared {
        app: t.app.clone(),
        address: address.clone(),
        over: AtomicBool::new(false),
        back: AtomicUsize::new(0),
        killed_at: Mutex::default(),
    });
    let sessions: Vec<Uuid> = people[SPEAKERS..]
        .iter()
        .flat_map(|session| [*session; PER_PERSON])
        .take(SOCKETS)
        .collect();
    let mut clients = JoinSet::new();
    for some in sessions.chunks(AT_ONCE) {
        let opened = join_all(some.iter().map(|session| listen(&shared, *session, None))).await;
        for (session, socket) in some.iter().zip(opened) {
            clients.spawn(client(shared.clone(), *session, socket.expect("it opens")));
        }
    }
    let mut speakers = Vec::new();
    for ticket in tickets_of(t, &people[..SPEAKERS]).await {
        speakers.push(open_speaker(&stays, &ticket).await);
    }
    let talk = tokio::spawn(talk(speakers, BEFORE + AFTER));
    tokio::time::sleep(BEFORE).await;
    *lock(&shared.killed_at) = Some(Instant::now());
    process.kill();
    let process = Process::serve_at(&address, &t.settings);
    let listened_after = lock(&shared.killed_at).map(|at| at.elapsed()).unwrap_or_default();
    let webhooks = tokio::spawn({
        let (shared, address) = (shared.clone(), address.clone());
        async move { webhooks(&shared, &address).await }
    });
    let said = talk.await.expect("the speakers end");
    // What was said last is on its way.
    let quiet = Instant::now();
    while shared.back.load(Ordering::Relaxed) < SOCKETS && quiet.elapsed() < AFTER {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    shared.over.store(true, Ordering::Relaxed);
    let received = clients.join_all().await;
    let (answered, refused) = webhooks.await.expect("the webhooks end");
    tell(&received, &said, listened_after);
    let took = Figures::of(answered);
    say(&format!("  webhooks to the server that came back: {took}, {refused} not answered 204"));
    drop((process, other));
}

fn tell(received: &[Received], said: &HashSet<String>, listened_after: Duration) {
    let mut back: Vec<_> = received.iter().filter_map(|client| client.back_after).collect();
    back.sort_unstable();
    let (mut missing, mut twice, mut disorder) = (0, 0, 0);
    for client in received {
        let mut ids: HashMap<&str, usize> = HashMap::new();
        for (_, id) in &client.ids {
            *ids.entry(id).or_default() += 1;
        }
        twice += ids.values().map(|n| n - 1).sum::<usize>();
        missing += said.iter().filter(|id| !ids.contains_key(id.as_str())).count();
        disorder += client.ids.windows(2).filter(|pair| pair[0].0 >= pair[1].0).count();
    }
    let resets: usize = received.iter().map(|client| client.resets).sum();
    let refused: usize = received.iter().map(|client| client.refused).sum();
    say(&format!(
        "  it listened again after {:.1} s; {} of {SOCKETS} came back, after p50 {:.1}, p99 {:.1}, at most {:.1} s; \
         {refused} tries failed",
        listened_after.as_secs_f64(),
        back.len(),
        percentile(&back, 0.5).as_secs_f64(),
        percentile(&back, 0.99).as_secs_f64(),
        percentile(&back, 1.0).as_secs_f64(),
    ));
    say(&format!(
        "  {} messages to each: {missing} missing, {twice} twice, {disorder} out of order, {resets} told to begin anew",
        said.len()
    ));
}

/// Opens a socket and listens to the room, from a place on.
async fn listen(shared: &Shared, session: Uuid, after: Option<&Value>) -> Result<Stream, u16> {
    let offered = ticket_of(&shared.app, session).await.ok_or(0_u16)?;
    let mut socket = Socket::open(&shared.address, &[("sec-websocket-protocol", &offered)]).await?;
    socket.say(json!({ "type": "hello", "version": 1 })).await;
    let mut subscribe = json!({ "type": "subscribe", "topic": ROOM });
    if let Some(after) = after {
        subscribe["after"] = after.clone();
    }
    socket.say(subscribe).await;
    Ok(socket.into_stream())
}

/// Reads until all is over, and comes back when the socket is cut, as the dashboard does.
async fn client(shared: Arc<Shared>, session: Uuid, socket: Stream) -> Received {
    let (mut received, mut place, mut socket) = (Received::default(), None, Some(socket));
    let mut beat = Instant::now();
    while !shared.over.load(Ordering::Relaxed) {
        let Some(open) = &mut socket else {
            tokio::time::sleep(FIRST_WAIT.mul_f64(chance())).await;
            match listen(&shared, session, place.as_ref()).await {
                Ok(again) => socket = Some(again),
                Err(_) => received.refused += 1,
            }
            continue;
        };
        if beat.elapsed() > HEARTBEAT {
            beat = Instant::now();
            let _ = open.send(Message::text(r#"{"type":"ping"}"#)).await;
        }
        let read = tokio::time::timeout(Duration::from_millis(500), next(open)).await;
        match read {
            Ok(Some(text)) => {
                let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                take(&shared, &mut received, &mut place, &frame);
            }
            Ok(None) => socket = None,
            Err(_) => {}
        }
    }
    received
}

fn take(shared: &Shared, received: &mut Received, place: &mut Option<Value>, frame: &Value) {
    match frame["type"].as_str().unwrap_or_default() {
        "subscribed" | "reset" => {
            received.resets += usize::from(frame["type"] == "reset");
            let back = lock(&shared.killed_at).map(|at| at.elapsed());
            if received.back_after.is_none() && back.is_some() {
                received.back_after = back;
                shared.back.fetch_add(1, Ordering::Relaxed);
            }
        }
        "events" => {
            for event in frame["events"].as_array().into_iter().flatten() {
                let at = event["position"].as_i64().unwrap_or_default();
                let id = event["data"]["client_id"].as_str().unwrap_or_default();
                received.ids.push((at, id.to_owned()));
            }
        }
        _ => return,
    }
    *place = Some(frame["place"].clone());
}

/// Says something again and again; the client ids of what the server has taken.
async fn talk(mut speakers: Vec<Socket>, during: Duration) -> HashSet<String> {
    let (mut said, begun) = (HashSet::new(), Instant::now());
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PER_SECOND as u32);
    for n in 0.. {
        ticks.tick().await;
        if begun.elapsed() > during {
            break;
        }
        let id = Uuid::new_v4().to_string();
        let count = speakers.len();
        let speaker = &mut speakers[n % count];
        let frame = json!({ "type": "shout", "room": ROOM, "client_id": id,
            "text": "A message of a usual length, as people write them in a room." });
        speaker.say(frame).await;
        speaker.expect("shouted").await;
        said.insert(id);
    }
    said
}

/// Signed webhooks until all are back; how long they took, and how many were not answered well.
async fn webhooks(shared: &Shared, address: &str) -> (Vec<Duration>, usize) {
    let (mut took, mut refused) = (Vec::new(), 0);
    for n in 0.. {
        if shared.over.load(Ordering::Relaxed) {
            break;
        }
        let sent = Instant::now();
        match ack::post(address, n).await {
            true => took.push(sent.elapsed()),
            false => refused += 1,
        }
        tokio::time::sleep(WEBHOOK_EVERY).await;
    }
    (took, refused)
}

struct Figures(Vec<Duration>);

impl Figures {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| ms(percentile(&self.0, share)));
        write!(f, "{} answered, p50 {p50:.1}, p99 {p99:.1}, max {most:.1} ms", self.0.len())
    }
}

fn chance() -> f64 {
    (Uuid::new_v4().as_u128() % 10_000) as f64 / 10_000.0
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
