//! Requests to addresses that people have entered: only to the public internet.
//!
//! A name is resolved once, its addresses are checked, and the connection goes to one of those that were
//! checked: a name that answers otherwise a moment later leads nowhere else. Each redirect is a new request.

use crate::http::builder;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    header,
};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::time::timeout;
use url::{Host, Url};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 3;

/// Why nothing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// The address is none, or its scheme is not https.
    Address,
    /// It leads to this machine, to a network of ours, or to no place at all.
    NotPublic,
    /// Nobody answered in time.
    TimedOut,
    /// The connection failed.
    Unreachable,
    /// It was sent on more often than is followed.
    Redirects,
    /// Another status than a success.
    Status(u16),
}

impl NoAnswer {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::NotPublic => "not_public",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::Redirects => "redirects",
            Self::Status(_) => "status",
        }
    }
}

/// What a server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub content_type: String,
    /// As much of it as was asked for.
    pub body: Vec<u8>,
}

/// Where requests may go.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    pub allows: fn(IpAddr) -> bool,
    /// Whether plain http may be used, too.
    pub plain: bool,
}

impl Reach {
    /// The public internet, by https.
    pub const PUBLIC: Self = Self { allows: is_public, plain: false };
}

/// The client for such requests, built at its first use.
pub struct PublicHttp {
    reach: Reach,
    client: LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>,
}

impl fmt::Debug for PublicHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicHttp").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl Default for PublicHttp {
    fn default() -> Self {
        Self::new(Reach::PUBLIC)
    }
}

impl PublicHttp {
    /// Describes a client; builds nothing yet.
    pub fn new(reach: Reach) -> Self {
        Self { reach, client: LazyLock::new(Box::new(move || build(reach))) }
    }

    /// Gets a page within a time that redirects share, and at most so many bytes of it.
    pub async fn get(&self, address: &str, time: Duration, bytes: usize) -> Result<Page, NoAnswer> {
        timeout(time, self.follow(address, bytes)).await.unwrap_or(Err(NoAnswer::TimedOut))
    }

    async fn follow(&self, address: &str, bytes: usize) -> Result<Page, NoAnswer> {
        let mut url = Url::parse(address).map_err(|_| NoAnswer::Address)?;
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url)?;
            let answer =
                self.client.get(url.clone()).header(header::ACCEPT, "text/plain, */*;q=0.5");
            let answer = answer.send().await.map_err(|error| no_answer(&error))?;
            let status = answer.status();
            if status.is_redirection() {
                let next = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
                let next = next.ok_or(NoAnswer::Status(status.as_u16()))?;
                url = url.join(next).map_err(|_| NoAnswer::Address)?;
                continue;
            }
            if !status.is_success() {
                return Err(NoAnswer::Status(status.as_u16()));
            }
            return read(answer, bytes).await;
        }
        Err(NoAnswer::Redirects)
    }

    fn check(&self, url: &Url) -> Result<(), NoAnswer> {
        let secure = url.scheme() == "https" || self.reach.plain && url.scheme() == "http";
        let named = url.username().is_empty() && url.password().is_none();
        if !secure || !named {
            return Err(NoAnswer::Address);
        }
        // No resolver is asked about an address that is written as one.
        let literal = match url.host().ok_or(NoAnswer::Address)? {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        let allowed = literal.is_none_or(self.reach.allows);
        allowed.then_some(()).ok_or(NoAnswer::NotPublic)
    }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<NotPublic>() {
            return NoAnswer::NotPublic;
        }
        source = cause.source();
    }
    if error.is_timeout() { NoAnswer::TimedOut } else { NoAnswer::Unreachable }
}

async fn read(mut answer: reqwest::Response, bytes: usize) -> Result<Page, NoAnswer> {
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let content_type = content_type.to_lowercase();
    let mut body = Vec::new();
    while body.len() < bytes {
        match answer.chunk().await.map_err(|error| no_answer(&error))? {
            Some(chunk) => body.extend_from_slice(&chunk[..chunk.len().min(bytes - body.len())]),
            None => break,
        }
    }
    Ok(Page { content_type, body })
}

#[expect(clippy::expect_used, reason = "only constants of ours go in")]
fn build(reach: Reach) -> Client {
    builder()
        // A proxy would look names up by itself.
        .no_proxy()
        .dns_resolver(Arc::new(Checked(reach)))
        .user_agent(concat!("StreamMaxing/", env!("CARGO_PKG_VERSION"), " (chat fetch)"))
        .build()
        .expect("the settings are constants")
}

#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

/// Looks names up, and hands on nothing but addresses that may be connected to.
#[derive(Debug)]
struct Checked(Reach);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, allows) = (name.as_str().to_owned(), self.0.allows);
        Box::pin(async move {
            let looked_up = tokio::task::spawn_blocking(move || {
                (host.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>)
            });
            let addresses = looked_up.await??;
            // A name with one foot in a network of ours is not trusted with the other.
            if addresses.is_empty() || !addresses.iter().all(|address| allows(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// By IANA's special-purpose registry.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 31, 196)
            | (192, 52, 193)
            | (192, 88, 99)
            | (192, 175, 48)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

/// Global unicast, less what is set aside there or carries an address of the old kind.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let embedded = |at: usize| {
        let octets = address.octets();
        Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3])
    };
    match (a, b) {
        (0x64, 0xff9b) => address.segments()[2..6] == [0; 4] && is_public_v4(embedded(12)),
        (0x2002, _) => is_public_v4(embedded(2)),
        // Teredo, benchmarks, ORCHID; documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    #[test]
    fn only_the_public_internet_is_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "169.253.1.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "2a00:1450::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    /// Loopback alone, and that only under its usual address.
    fn lenient() -> PublicHttp {
        let allows = |address: IpAddr| address == IpAddr::V4(Ipv4Addr::LOCALHOST);
        PublicHttp::new(Reach { allows, plain: true })
    }

    /// A server that answers one request after the other with these.
    async fn server(answers: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut request = [0; 2_048];
                let _ = socket.read(&mut request).await.unwrap();
                if answer.is_empty() {
                    std::future::pending::<()>().await;
                }
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        format!("http://{address}/")
    }

    fn answer(head: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }

    const TIME: Duration = Duration::from_millis(500);

    async fn got(answers: Vec<String>) -> Result<String, NoAnswer> {
        let address = server(answers).await;
        let page = lenient().get(&address, TIME, 10).await?;
        Ok(String::from_utf8(page.body).unwrap())
    }

    #[tokio::test]
    async fn page_is_read_as_far_as_was_asked() {
        assert_eq!(got(vec![answer("200 OK", "0123456789abc")]).await.as_deref(), Ok("0123456789"));
        assert_eq!(got(vec![answer("503 Busy", "x")]).await, Err(NoAnswer::Status(503)));
        assert_eq!(got(vec![String::new()]).await, Err(NoAnswer::TimedOut));
    }

    #[tokio::test]
    async fn redirect_is_checked_like_the_address_itself() {
        let to = |address: &str| answer(&format!("302 Found\r\nlocation: {address}"), "");
        let relative = got(vec![to("/next"), answer("200 OK", "there")]).await;
        assert_eq!(relative.as_deref(), Ok("there"));
        for (address, expected) in [
            ("http://127.0.0.2/", NoAnswer::NotPublic),
            ("http://[::1]/", NoAnswer::NotPublic),
            ("http://2130706434/", NoAnswer::NotPublic),
            ("http://169.254.169.254/latest", NoAnswer::NotPublic),
            ("ftp://127.0.0.1/", NoAnswer::Address),
            ("file:///etc/passwd", NoAnswer::Address),
            ("http://user@127.0.0.1/", NoAnswer::Address),
        ] {
            assert_eq!(got(vec![to(address)]).await, Err(expected), "{address}");
        }
        let round = vec![to("/"); MAX_REDIRECTS + 1];
        assert_eq!(got(round).await, Err(NoAnswer::Redirects));
    }

    #[tokio::test]
    async fn product_goes_to_public_addresses_by_https_alone() {
        let product = PublicHttp::default();
        for (address, expected) in [
            ("http://example.com/", NoAnswer::Address),
            ("https://127.0.0.1/", NoAnswer::NotPublic),
            ("https://[::ffff:127.0.0.1]/", NoAnswer::NotPublic),
            ("https://0x7f.1/", NoAnswer::NotPublic),
            // A name is looked up, and what it leads to is looked at.
            ("https://localhost/", NoAnswer::NotPublic),
            ("nonsense", NoAnswer::Address),
        ] {
            assert_eq!(product.get(address, TIME, 10).await, Err(expected), "{address}");
        }
    }
}
