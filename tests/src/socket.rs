//! A socket of a page.

use crate::{Browser, World, check_frame};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sm_types::live::PROTOCOL;
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue, header},
        protocol::WebSocketConfig,
    },
};

/// What takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a socket has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The close code; 1006 where there was none.
    pub code: u16,
    pub reason: String,
}

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// Frames that were passed over while another was waited for.
    passed: Vec<Value>,
}

/// The default would take 128 KiB of each, and tests open thousands.
pub fn small_buffers() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0)
}

impl Browser<'_> {
    /// Opens a socket as a page of ours does, and says hello.
    pub async fn socket(&self) -> Socket {
        self.socket_at(self.world().address()).await
    }

    /// The same at another process.
    pub async fn socket_at(&self, address: &str) -> Socket {
        let cookie = self.cookie("__Host-session").expect("somebody is signed in");
        let cookie = format!("__Host-session={cookie}");
        let origin = self.world().url.clone();
        let headers = [("cookie", cookie.as_str()), ("origin", &origin)];
        let mut socket = Socket::open(address, &headers).await.expect("the socket opens");
        socket.say(json!({ "type": "hello", "version": 1 })).await;
        socket.expect("welcome").await;
        socket
    }
}

impl World {
    /// Opens a socket with these headers; the status of a refusal.
    pub async fn socket(&self, headers: &[(&str, &str)]) -> Result<Socket, u16> {
        Socket::open(self.address(), headers).await
    }

    fn address(&self) -> &str {
        self.url.strip_prefix("http://").expect("it is an address of ours")
    }
}

impl Socket {
    /// Opens a socket at a process; the status of a refusal, 0 where nobody answers.
    pub async fn open(address: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let protocol = header::SEC_WEBSOCKET_PROTOCOL;
        let offered = headers.iter().any(|(name, _)| *name == protocol.as_str());
        let ours = [(protocol.as_str(), PROTOCOL)];
        let all = [&ours[usize::from(offered)..], headers].concat();
        Self::open_at(address, "/ws", &all).await
    }

    /// Opens one somewhere below an address; a subprotocol has to be echoed where one is offered.
    pub async fn open_at(address: &str, path: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let url = format!("ws://{address}{path}");
        let mut request = url.into_client_request().expect("an address");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name of a header");
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
        let offers = request.headers().contains_key(header::SEC_WEBSOCKET_PROTOCOL);
        let stream = TcpStream::connect(address).await.map_err(|_| 0_u16)?;
        match client_async_with_config(request, stream, Some(small_buffers())).await {
            Ok((stream, answer)) => {
                let chosen = answer.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
                let echoed = offers.then_some(PROTOCOL.as_bytes());
                assert_eq!(chosen.map(HeaderValue::as_bytes), echoed);
                Ok(Self { stream, passed: Vec::new() })
            }
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(Error::Io(_)) => Err(0),
            Err(error) => panic!("the socket does not open: {error}"),
        }
    }

    /// The socket itself, for whoever reads frames by themselves.
    pub fn into_stream(self) -> WebSocketStream<TcpStream> {
        self.stream
    }

    /// Sends a frame.
    pub async fn say(&mut self, frame: Value) {
        self.send(Message::text(frame.to_string())).await;
    }

    /// Sends anything.
    pub async fn send(&mut self, message: Message) {
        // One that is closed is told of by what is read next.
        let _ = self.stream.send(message).await;
    }

    /// The next frame of a type. Others are kept for later.
    #[track_caller]
    pub fn expect(&mut self, kind: &str) -> impl Future<Output = Value> {
        let kind = kind.to_owned();
        async move {
            if let Some(at) = self.passed.iter().position(|frame| frame["type"] == *kind) {
                return self.passed.remove(at);
            }
            loop {
                let frame = match self.read().await {
                    Ok(frame) => frame,
                    Err(ended) => panic!("no {kind}, but {ended:?}; before: {:?}", self.passed),
                };
                if frame["type"] == *kind {
                    return frame;
                }
                self.passed.push(frame);
            }
        }
    }

    /// The next frame, or how the socket has ended.
    pub async fn read(&mut self) -> Result<Value, Ended> {
        loop {
            let next = timeout(PATIENCE, self.stream.next()).await.expect("nothing comes");
            match next {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text).expect("a frame is JSON");
                    check_frame("Server", &frame);
                    return Ok(frame);
                }
                Some(Ok(Message::Close(Some(close)))) => {
                    let (code, reason) = (close.code.into(), close.reason.to_string());
                    return Err(Ended { code, reason });
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => {
                    return Err(Ended { code: 1006, reason: String::new() });
                }
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads until the socket ends.
    pub async fn ended(&mut self) -> Ended {
        loop {
            if let Err(ended) = self.read().await {
                return ended;
            }
        }
    }

    /// Listens to a topic; the place it begins at.
    pub async fn subscribe(&mut self, topic: &str) -> Value {
        self.say(json!({ "type": "subscribe", "topic": topic })).await;
        self.expect("subscribed").await["place"].clone()
    }

    /// The events of a topic until there are so many, with the place behind them.
    pub async fn events(&mut self, count: usize) -> (Vec<Value>, Value) {
        let (mut events, mut place) = (Vec::new(), Value::Null);
        while events.len() < count {
            let frame = self.expect("events").await;
            if !place.is_null() {
                assert_eq!(frame["after"], place["position"], "nothing is left out: {frame}");
            }
            events.extend(frame["events"].as_array().expect("a list").iter().cloned());
            place = frame["place"].clone();
        }
        (events, place)
    }
}
