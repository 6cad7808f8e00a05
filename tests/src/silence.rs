//! A proxy to Postgres that falls silent in the middle of a statement, as a lost route or a dead balancer
//! does: nobody is told, bytes are taken, and no answer comes.

use sqlx::postgres::PgConnectOptions;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// What is lost of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The statement itself: it is never carried out.
    Question,
    /// Its answer: it is carried out, and nobody learns of it.
    Answer,
}

/// The proxy. Connections that it has silenced stay silent; new ones are well.
#[derive(Debug)]
pub struct SilentProxy {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: (String, u16),
    /// Which statements are lost, and how many of them still.
    rules: Mutex<Vec<Rule>>,
    lost: AtomicUsize,
    /// Whether notifications are kept back.
    deaf: AtomicBool,
}

#[derive(Debug)]
struct Rule {
    text: &'static str,
    what: Lost,
    times: usize,
}

impl SilentProxy {
    /// Starts one before the server of a database.
    pub async fn start(database_url: &str) -> Self {
        let options: PgConnectOptions = database_url.parse().expect("a URL of Postgres");
        let upstream = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let old = format!("{}:{}", upstream.0, upstream.1);
        let url = database_url.replacen(&old, &format!("127.0.0.1:{port}"), 1);
        assert_ne!(url, database_url, "the database's URL names its host and port");
        let (rules, lost, deaf) = (Mutex::default(), AtomicUsize::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { upstream, rules, lost, deaf });
        tokio::spawn(accept(listener, shared.clone()));
        Self { url, shared }
    }

    /// The same database through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Loses the next statements that contain a text, each with its connection.
    pub fn lose(&self, what: Lost, text: &'static str, times: usize) {
        self.shared.rules().push(Rule { text, what, times });
    }

    /// Keeps every notification back; everything else goes through.
    pub fn keep_notifications(&self) {
        self.shared.deaf.store(true, Ordering::SeqCst);
    }

    /// Loses no more.
    pub fn heal(&self) {
        self.shared.rules().clear();
    }

    /// How many statements were lost.
    pub fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be lost of this statement, if anything.
    fn judge(&self, statement: &str) -> Option<Lost> {
        let mut rules = self.rules();
        let rule = rules.iter_mut().find(|r| r.times > 0 && statement.contains(r.text))?;
        rule.times -= 1;
        self.lost.fetch_add(1, Ordering::SeqCst);
        Some(rule.what)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let (host, port) = &shared.upstream;
        let Ok(server) = TcpStream::connect((host.as_str(), *port)).await else { continue };
        // Both fail only on a closed connection.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let silent = Arc::new(AtomicBool::new(false));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::spawn(answer(from_server, to_client, silent.clone(), shared.clone()));
        tokio::spawn(ask(from_client, to_server, silent, shared.clone()));
    }
}

async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    silent: Arc<AtomicBool>,
    shared: Arc<Shared>,
) {
    let mut answers = Answers::default();
    while from.read_buf(&mut answers.buffer).await.is_ok_and(|read| read > 0) {
        if silent.load(Ordering::SeqCst) {
            // The client's side stays open, and nothing comes: this must not be dropped.
            std::future::pending::<()>().await;
        }
        while let Some(answer) = answers.next() {
            let kept = answer[0] == b'A' && shared.deaf.load(Ordering::SeqCst);
            if !kept && to.write_all(&answer).await.is_err() {
                return;
            }
        }
    }
    if silent.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
}

async fn ask(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    silent: Arc<AtomicBool>,
    shared: Arc<Shared>,
) {
    let mut frames = Frames::default();
    let mut lost = None;
    while from.read_buf(&mut frames.buffer).await.is_ok_and(|read| read > 0) {
        while let Some(frame) = frames.next() {
            if lost.is_none() {
                lost = frames.statement(&frame).and_then(|text| shared.judge(text));
                if lost.is_some() {
                    silent.store(true, Ordering::SeqCst);
                }
            }
            if lost != Some(Lost::Question) && to.write_all(&frame).await.is_err() {
                return;
            }
        }
    }
}

/// The server's messages.
#[derive(Default)]
struct Answers {
    buffer: Vec<u8>,
    /// Whether the session has begun; before it, a request for TLS is answered with one byte.
    begun: bool,
}

impl Answers {
    fn next(&mut self) -> Option<Vec<u8>> {
        let length = if !self.begun && self.buffer.first()? == &b'N' {
            1
        } else {
            let length = self.buffer.get(1..5)?;
            u32::from_be_bytes(length.try_into().ok()?) as usize + 1
        };
        self.begun = true;
        (self.buffer.len() >= length).then(|| self.buffer.drain(..length).collect())
    }
}

/// The client's messages: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
#[derive(Default)]
struct Frames {
    buffer: Vec<u8>,
    /// Whether the session has begun; what comes before has no type.
    begun: bool,
    statements: HashMap<Vec<u8>, String>,
}

impl Frames {
    fn next(&mut self) -> Option<Vec<u8>> {
        const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
        let kind = usize::from(self.begun);
        let length = self.buffer.get(kind..kind + 4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize + kind;
        if self.buffer.len() < length {
            return None;
        }
        let frame: Vec<u8> = self.buffer.drain(..length).collect();
        if !self.begun && frame.get(4..8) != Some(&SSL_REQUEST) {
            self.begun = true;
            return Some(frame);
        }
        if frame.first() == Some(&b'P') {
            let mut parts = frame[5..].split(|byte| *byte == 0);
            let (name, text) = (parts.next()?, parts.next()?);
            self.statements.insert(name.to_vec(), String::from_utf8_lossy(text).into_owned());
        }
        Some(frame)
    }

    /// The text of the statement that a message asks to be carried out.
    fn statement(&self, frame: &[u8]) -> Option<&str> {
        if frame.first() != Some(&b'B') {
            return None;
        }
        let name = frame[5..].split(|byte| *byte == 0).nth(1)?;
        self.statements.get(name).map(String::as_str)
    }
}
