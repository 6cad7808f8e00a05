//! Sockets that API Gateway holds: what is sent to them, and their end.

use crate::{
    AwsSettings, Http,
    signed::{Answer, Call, CallError, exchange},
};
use reqwest::{Method, StatusCode};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;

/// What takes longer is tried again: within a region it takes 10 to 20 ms.
const PATIENCE: Duration = Duration::from_secs(3);

/// The management side of a WebSocket API; clones share it.
#[derive(Debug, Clone)]
pub struct Gateway(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    aws: AwsSettings,
    http: Http,
    endpoint: String,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    Sent,
    /// There is no such connection, or not yet.
    Gone,
    /// Too much at once, of this connection or of the account: again later.
    Limited,
    /// Nobody answered, or with a refusal that time may change.
    Failed(CallError),
}

impl Gateway {
    /// `endpoint`: the API's own address with its stage. An own domain's would be refused.
    pub fn new(aws: AwsSettings, http: Http, endpoint: &str) -> Self {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Self(Arc::new(Inner { aws, http, endpoint }))
    }

    /// Sends a text frame to a connection.
    pub async fn post(&self, connection: &str, frame: &str, now: OffsetDateTime) -> Pushed {
        self.call(Method::POST, connection, frame.to_owned(), now).await
    }

    /// Closes a connection.
    pub async fn close(&self, connection: &str, now: OffsetDateTime) -> Pushed {
        self.call(Method::DELETE, connection, String::new(), now).await
    }

    async fn call(
        &self,
        method: Method,
        connection: &str,
        body: String,
        now: OffsetDateTime,
    ) -> Pushed {
        let Inner { aws, http, endpoint } = &*self.0;
        let path = format!("/@connections/{}", encoded(connection));
        let (name, service) = ("API Gateway", "execute-api");
        let headers = &[("content-type", "application/octet-stream")];
        let call = Call { name, service, method, path: &path, headers, body };
        match tokio::time::timeout(PATIENCE, exchange(aws, http, endpoint, call, now)).await {
            Ok(Ok(answer)) => read(&answer),
            Ok(Err(error)) => Pushed::Failed(error),
            Err(_) => Pushed::Failed(CallError::Unavailable(format!("{name} is slow to answer"))),
        }
    }
}

fn read(answer: &Answer) -> Pushed {
    let is = |kind: &str| answer.kind.as_deref().is_some_and(|known| known.starts_with(kind));
    match answer.status {
        status if status.is_success() => Pushed::Sent,
        StatusCode::GONE => Pushed::Gone,
        StatusCode::TOO_MANY_REQUESTS => Pushed::Limited,
        _ if is("LimitExceeded") || is("Throttling") => Pushed::Limited,
        _ => Pushed::Failed(answer.refusal("API Gateway")),
    }
}

/// Ids look like `L0SM9cOFvHcCIhw=`.
fn encoded(id: &str) -> String {
    let each = id.bytes().map(|byte| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, kind: Option<&str>) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, kind: kind.map(str::to_owned), body: "{}".to_owned() }
    }

    #[test]
    fn answers_are_told_apart() {
        for (status, kind, pushed) in [
            (200, None, Pushed::Sent),
            (204, None, Pushed::Sent),
            (410, Some("GoneException"), Pushed::Gone),
            (429, Some("LimitExceededException"), Pushed::Limited),
            (400, Some("LimitExceededException:http://x"), Pushed::Limited),
            (400, Some("ThrottlingException"), Pushed::Limited),
        ] {
            assert_eq!(read(&answer(status, kind)), pushed, "{status} {kind:?}");
        }
        for (status, kind) in [(403, "ForbiddenException"), (500, "InternalServerError")] {
            assert!(matches!(read(&answer(status, Some(kind))), Pushed::Failed(_)), "{status}");
        }
    }

    #[test]
    fn id_stays_one_part_of_the_path() {
        assert_eq!(encoded("L0SM9cOFvHcCIhw="), "L0SM9cOFvHcCIhw%3D");
        assert_eq!(encoded("a/../b"), "a%2F..%2Fb");
    }
}
