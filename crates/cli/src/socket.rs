//! The socket of live updates, in a process of our own.

use axum::{
    Router,
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures_util::SinkExt;
use sm_api::{Edge, SUBPROTOCOL, SocketCaller};
use sm_db::live::connections::{self, NewConnection};
use sm_services::{
    LazyApp,
    live::{
        Close, Conversation, Frame, HEARTBEAT, Line, PER_PERSON, hints, keeper, presence, relay,
    },
};
use std::{future::Future, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

/// A frame of a client's is no longer than API Gateway takes.
const MAX_FRAME: usize = 32 * 1024;
/// What a socket reads at once. The default would take 128 KiB of each.
const READ_BUFFER: usize = 4 * 1024;
/// What is collected before it is written.
const WRITE_BUFFER: usize = 8 * 1024;
/// What may wait to be written.
const MAX_WRITE_BUFFER: usize = 256 * 1024;
/// Frames that are written in one go.
const AT_ONCE: usize = 32;
/// How long a reader may take for what is written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Proxies cut a connection that is silent for 60 seconds, and browsers slow down the timers of hidden pages.
const PING_EVERY: Duration = Duration::from_secs(25);
/// How long sockets may take to end when the process stops.
const LEAVE_WITHIN: Duration = Duration::from_secs(10);

/// The API, with its socket at `/ws`.
pub fn api(edge: Edge, app: impl Into<LazyApp>) -> Router {
    let app = app.into();
    let socket = sm_api::socket_router(edge.clone(), app.clone(), open);
    sm_api::router_behind(edge, app).merge(socket)
}

/// Brings the sockets what is new, and keeps them right, until the app stops; then asks them to come back.
pub async fn attend(lazy: LazyApp) {
    tokio::join!(
        relay::run(lazy.clone()),
        relay::listen(lazy.clone()),
        keeper::run(lazy.clone()),
        presence::run(lazy.clone()),
        hints::run(lazy.clone())
    );
    if let Ok(app) = lazy.get().await {
        let left = async {
            app.hub().cut(Close::Restart, |_, _, _| true);
            while !app.hub().is_empty() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = timeout(LEAVE_WITHIN, left).await;
    }
}

async fn open(caller: SocketCaller, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_upgrade(move |socket| serve(caller, socket))
}

/// What happens seldom is boxed: what is left is kept for every socket, for as long as it is open.
async fn serve(SocketCaller { app, speaker }: SocketCaller, mut socket: WebSocket) {
    let id = Uuid::new_v4().simple().to_string();
    let hub = app.hub().clone();
    let mut line = hub.open(id.clone(), speaker.user, speaker.session);
    let new = NewConnection {
        id: &id,
        user: speaker.user,
        session: speaker.session,
        at_gateway: false,
        now: app.clock.now(),
    };
    match Box::pin(connections::open(&app.pool, &new, PER_PERSON)).await {
        Ok(replaced) if !replaced.is_empty() => hub.replaced(&replaced),
        Ok(_) => {}
        // It is known here all the same; the next note of open sockets is for those that are stored.
        Err(error) => tracing::warn!(%error, "a socket could not be stored"),
    }
    let mut conversation = Conversation::new(app.clone(), speaker, id.clone());
    let end = talk(&mut socket, &mut line, &mut conversation).await;
    hub.close(&id);
    match end {
        End::Said | End::Cut(Close::Replaced | Close::Misbehaved | Close::Silent) => {
            conversation.leave();
        }
        End::Cut(Close::SessionEnded) => Box::pin(presence::signed_out(&app, speaker.user)).await,
        // It comes back, or its silence tells.
        End::Cut(Close::Restart | Close::TooSlow) | End::Lost => {}
    }
    if let End::Cut(why) = end {
        let reason = Utf8Bytes::from_static(why.reason());
        let close = Message::Close(Some(CloseFrame { code: why.code(), reason }));
        let _ = timeout(WRITE_TIMEOUT, socket.send(close)).await;
    }
    if let Err(error) = Box::pin(connections::close(&app.pool, &[id])).await {
        tracing::debug!(%error, "a socket's end could not be stored: it is found by its silence");
    }
}

/// How a socket has come to its end.
#[derive(Debug, Clone, Copy)]
enum End {
    /// We close it.
    Cut(Close),
    /// The other side has closed it.
    Said,
    /// The other side is gone without a word.
    Lost,
}

/// Carries frames both ways, until the end.
async fn talk(socket: &mut WebSocket, line: &mut Line, conversation: &mut Conversation) -> End {
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let mut heard_at = Instant::now();
    let cut = line.cut.clone();
    loop {
        tokio::select! {
            biased;
            why = cut.wait() => return End::Cut(why),
            out = line.queue.recv() => {
                let Some(out) = out else { return End::Lost };
                match in_time(write(socket, out, line)).await {
                    Some(true) => {}
                    Some(false) => return End::Lost,
                    None => return End::Cut(Close::TooSlow),
                }
            }
            heard = socket.recv() => {
                heard_at = Instant::now();
                match heard {
                    Some(Ok(Message::Text(text))) => {
                        if let Some(why) = Box::pin(conversation.hear(&text)).await {
                            return End::Cut(why);
                        }
                    }
                    Some(Ok(Message::Binary(_))) => return End::Cut(Close::Misbehaved),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_))) => return End::Said,
                    Some(Err(_)) | None => return End::Lost,
                }
            }
            _ = ping.tick() => {
                if heard_at.elapsed() > 2 * HEARTBEAT {
                    return End::Cut(Close::Silent);
                }
                let ping = socket.send(Message::Ping(Default::default()));
                match in_time(async { ping.await.is_ok() }).await {
                    Some(true) => {}
                    Some(false) => return End::Lost,
                    None => return End::Cut(Close::TooSlow),
                }
            }
        }
    }
}

/// Writes a frame and what waits behind it; false when the other side is gone.
async fn write(socket: &mut WebSocket, first: Frame, line: &mut Line) -> bool {
    let mut next = Some(first);
    for _ in 0..AT_ONCE {
        let Some(frame) = next else { break };
        if socket.feed(Message::text(&*frame)).await.is_err() {
            return false;
        }
        next = line.queue.try_recv().ok();
    }
    if let Some(last) = next
        && socket.feed(Message::text(&*last)).await.is_err()
    {
        return false;
    }
    socket.flush().await.is_ok()
}

async fn in_time<T>(work: impl Future<Output = T>) -> Option<T> {
    timeout(WRITE_TIMEOUT, work).await.ok()
}
