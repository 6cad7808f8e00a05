//! Events of the WebSocket API: a connection is about to open, says something, or has ended.

use axum::{Extension, Router, body::Body, extract::Request};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};
use sm_api::{ApiError, Edge, Peer, SUBPROTOCOL, SocketCaller};
use sm_services::{LazyApp, live::gateway};
use std::{collections::BTreeMap, net::IpAddr};
use tower::ServiceExt;

/// A message that is longer than a frame has come in several; in a process of ours a socket takes no more either.
const MAX_MESSAGE: usize = 32 * 1024;
/// What is answered while the database does not answer us.
const UNAVAILABLE: &str =
    r#"{"type":"refused","code":"unavailable","message":"Nothing works now: try again later."}"#;

/// An event, as far as we need it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Context,
    headers: Option<BTreeMap<String, String>>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    connection_id: String,
    event_type: String,
    identity: Option<Identity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    source_ip: Option<IpAddr>,
}

/// What the gateway calls a connection.
#[derive(Debug, Clone)]
struct ConnectionId(String);

/// Answers these events.
#[derive(Clone, Debug)]
pub(crate) struct Sockets {
    app: LazyApp,
    /// An opening goes through what every request goes through.
    openings: Router,
}

impl Sockets {
    pub(crate) fn new(edge: Edge, app: LazyApp) -> Self {
        Self { openings: sm_api::socket_router(edge, app.clone(), open), app }
    }

    /// Answers an event. One that is not as expected is an error.
    pub(crate) async fn answer(&self, event: &str) -> Result<Value, Error> {
        let event: Event = serde_json::from_str(event)?;
        let id = event.request_context.connection_id.clone();
        match event.request_context.event_type.as_str() {
            "CONNECT" => self.connect(event).await,
            "MESSAGE" => Ok(self.message(&id, &event).await),
            "DISCONNECT" => Ok(self.disconnect(&id).await),
            other => Err(format!("no event `{other}` of a WebSocket API is known").into()),
        }
    }

    async fn connect(&self, event: Event) -> Result<Value, Error> {
        let mut request = Request::get("/ws").body(Body::empty())?;
        *request.headers_mut() = headers(&event);
        let Context { connection_id, identity, .. } = event.request_context;
        if let Some(ip) = identity.and_then(|identity| identity.source_ip) {
            request.extensions_mut().insert(Peer(ip));
        }
        request.extensions_mut().insert(ConnectionId(connection_id));
        let response = self.openings.clone().oneshot(request).await?;
        Ok(opened(&response))
    }

    async fn message(&self, id: &str, event: &Event) -> Value {
        let body = event.body.as_deref().unwrap_or_default();
        let is_text = !event.is_base64_encoded && body.len() <= MAX_MESSAGE;
        let heard = async {
            let app = self.app.get().await?;
            let answer = gateway::hear(&app, id, is_text.then_some(body)).await;
            answer.map_err(|error| error.to_string())
        };
        match heard.await {
            Ok(Some(answer)) => json!({ "statusCode": 200, "body": &*answer }),
            Ok(None) => json!({ "statusCode": 200 }),
            Err(error) => {
                tracing::warn!(error, "a frame could not be answered");
                json!({ "statusCode": 200, "body": UNAVAILABLE })
            }
        }
    }

    async fn disconnect(&self, id: &str) -> Value {
        let forgotten = async {
            let app = self.app.get().await?;
            gateway::disconnect(&app, id).await.map_err(|error| error.to_string())
        };
        if let Err(error) = forgotten.await {
            tracing::info!(error, "a socket's end could not be stored: the next push finds it");
        }
        json!({ "statusCode": 200 })
    }
}

/// Takes a connection in whose caller may open one.
async fn open(
    SocketCaller { app, speaker }: SocketCaller,
    Extension(ConnectionId(id)): Extension<ConnectionId>,
    headers: HeaderMap,
) -> Result<HeaderMap, ApiError> {
    gateway::connect(&app, speaker, &id).await?;
    // A browser that has offered names wants one of them back; never the ticket that stands beside it.
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = offered.filter_map(|line| line.to_str().ok()).flat_map(|l| l.split(','));
    let echoed = offered.any(|name| name.trim() == SUBPROTOCOL);
    let protocol = (header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    Ok(echoed.then_some(protocol).into_iter().collect())
}

/// Each header line of an opening; the gateway tells them in two forms.
fn headers(event: &Event) -> HeaderMap {
    let several = event.multi_value_headers.iter().flatten();
    let several = several.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let once = event.headers.iter().flatten().filter(|_| event.multi_value_headers.is_none());
    let parsed = several.chain(once).filter_map(|(name, value)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
    });
    parsed.collect()
}

/// The answer to an opening: only status and subprotocol reach a browser.
fn opened(response: &Response<Body>) -> Value {
    if response.status() != StatusCode::OK {
        return json!({ "statusCode": response.status().as_u16() });
    }
    let protocol = response.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
    let protocol = protocol.and_then(|protocol| protocol.to_str().ok());
    match protocol {
        Some(protocol) => {
            json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": protocol } })
        }
        None => json!({ "statusCode": 200 }),
    }
}
