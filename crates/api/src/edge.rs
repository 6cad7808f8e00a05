//! Where a request comes from, as far as nobody can forge it.
//!
//! Whoever speaks to us directly is known by their connection. What stands between tells whom it speaks for in a
//! header, which anybody can send: it is believed of a CDN that shows its secret, and of proxies that we are told of.

use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use ipnet::{IpNet, Ipv6Net};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use subtle::ConstantTimeEq;

/// What CloudFront sends with each request to us; the template sets it.
pub const ORIGIN_SECRET: HeaderName = HeaderName::from_static("x-origin-secret");
/// Whom CloudFront speaks for; a function of the template's sets it, over whatever a viewer has sent.
pub const VIEWER_ADDRESS: HeaderName = HeaderName::from_static("x-viewer-address");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How much of an IPv6 address is one household's or one machine's.
const V6_PREFIX: u8 = 64;

/// The other end of the connection, an extension of each request: of the socket, or as API Gateway saw it.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Who may say for whom a request is sent.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// SHA-256 of the secrets that prove a request to have come by way of the CDN; none: there is no CDN.
    pub origin_secret_hashes: Vec<[u8; 32]>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Edge {
    /// Whether a request has come round the CDN that it should have come through.
    pub(crate) fn was_passed_by(&self, headers: &HeaderMap) -> bool {
        !self.origin_secret_hashes.is_empty() && !self.is_of_the_cdn(headers)
    }

    /// The address or network that a request comes from; `None` when its connection is not known.
    pub(crate) fn source(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        let viewer = || headers.get(VIEWER_ADDRESS).and_then(address_in);
        let viewer = if self.is_of_the_cdn(headers) { viewer() } else { None };
        let peer = || extensions.get::<Peer>().map(|peer| self.behind_proxies(peer.0, headers));
        viewer.or_else(peer).map(network)
    }

    /// A CDN that is about to send another secret sends both, separated by a comma.
    fn is_of_the_cdn(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get_all(ORIGIN_SECRET).iter().map(HeaderValue::as_bytes);
        sent.flat_map(|line| line.split(|byte| *byte == b',')).any(|secret| {
            let hash: [u8; 32] = Sha256::digest(secret.trim_ascii()).into();
            self.origin_secret_hashes.iter().any(|known| known.ct_eq(&hash).into())
        })
    }

    /// Each proxy adds at the right end whom it was called by: from there on, the first that is no proxy of ours.
    fn behind_proxies(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        for line in headers.get_all(FORWARDED_FOR).iter().rev() {
            for entry in line.as_bytes().rsplit(|byte| *byte == b',') {
                if !self.is_trusted(nearest) {
                    return nearest;
                }
                let Some(before) = std::str::from_utf8(entry).ok().and_then(address) else {
                    return nearest;
                };
                nearest = before;
            }
        }
        nearest
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }
}

fn address_in(value: &HeaderValue) -> Option<IpAddr> {
    value.to_str().ok().and_then(address)
}

/// An address, with or without a port and brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    inner.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// What counts as one source.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Net::new(address, V6_PREFIX).map_or(address, |network| network.network()).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "20261129-secret";
    const OLD: &str = "20261101-secret";

    fn edge() -> Edge {
        Edge {
            origin_secret_hashes: [SECRET, OLD].map(|secret| Sha256::digest(secret).into()).into(),
            trusted_proxies: ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]
                .map(|net| net.parse().unwrap())
                .into(),
        }
    }

    fn source(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut extensions = Extensions::new();
        if !peer.is_empty() {
            extensions.insert(Peer(peer.parse().unwrap()));
        }
        let source = edge().source(&all(headers), &extensions);
        source.map_or_else(String::new, |source| source.to_string())
    }

    fn all(headers: &[(&'static str, &str)]) -> HeaderMap {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(*name, HeaderValue::from_str(value).unwrap());
        }
        all
    }

    #[test]
    fn source_is_what_nobody_can_forge() {
        const XFF: &str = "x-forwarded-for";
        const VIEWER: &str = "x-viewer-address";
        const PROOF: &str = "x-origin-secret";
        const STRANGER: &str = "203.0.113.9";
        for (peer, headers, expected) in [
            // Nobody stands between: every header is the stranger's own word.
            (STRANGER, &[][..], STRANGER),
            (STRANGER, &[(XFF, "198.51.100.1")], STRANGER),
            (STRANGER, &[(XFF, "198.51.100.1, 127.0.0.1")], STRANGER),
            (STRANGER, &[(VIEWER, "198.51.100.1")], STRANGER),
            (STRANGER, &[(VIEWER, "198.51.100.1"), (PROOF, "guess")], STRANGER),
            (STRANGER, &[(VIEWER, "198.51.100.1"), (PROOF, "")], STRANGER),
            (
                STRANGER,
                &[("forwarded", "for=198.51.100.1"), ("x-real-ip", "198.51.100.1")],
                STRANGER,
            ),
            (STRANGER, &[("true-client-ip", "198.51.100.1")], STRANGER),
            // The CDN, with either of its secrets, or both.
            ("130.176.0.1", &[(VIEWER, STRANGER), (PROOF, SECRET)], STRANGER),
            ("130.176.0.1", &[(VIEWER, STRANGER), (PROOF, OLD)], STRANGER),
            ("130.176.0.1", &[(VIEWER, STRANGER), (PROOF, "20261201-x,20261129-secret")], STRANGER),
            ("130.176.0.1", &[(VIEWER, "203.0.113.9:4711"), (PROOF, SECRET)], STRANGER),
            ("130.176.0.1", &[(VIEWER, "what"), (PROOF, SECRET)], "130.176.0.1"),
            (
                "130.176.0.1",
                &[(VIEWER, STRANGER), (PROOF, SECRET), (XFF, "198.51.100.1")],
                STRANGER,
            ),
            // Proxies of ours, read from the right.
            ("127.0.0.1", &[(XFF, STRANGER)], STRANGER),
            ("127.0.0.1", &[(XFF, "198.51.100.1, 203.0.113.9")], STRANGER),
            ("127.0.0.1", &[(XFF, "198.51.100.1"), (XFF, STRANGER)], STRANGER),
            ("10.1.2.3", &[(XFF, "198.51.100.1, 203.0.113.9, 10.0.0.7,127.0.0.1")], STRANGER),
            ("10.1.2.3", &[(XFF, "198.51.100.1, 203.0.113.9:80, [fd00::1]:443")], STRANGER),
            // Where the chain breaks, the last who is known has sent it.
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &[(XFF, "")], "127.0.0.1"),
            ("127.0.0.1", &[(XFF, "203.0.113.9, unknown")], "127.0.0.1"),
            ("127.0.0.1", &[(XFF, "203.0.113.9, , 10.0.0.7")], "10.0.0.7"),
            ("10.1.2.3", &[(XFF, "10.9.9.9")], "10.9.9.9"),
            // One source for a household of IPv6, and for the two forms of IPv4.
            ("2001:db8:1:2:3:4:5:6", &[], "2001:db8:1:2::"),
            ("::ffff:203.0.113.9", &[], STRANGER),
            ("::ffff:127.0.0.1", &[(XFF, "::ffff:203.0.113.9")], STRANGER),
            ("127.0.0.1", &[(XFF, "[2001:db8:1:2::7]:443")], "2001:db8:1:2::"),
            ("127.0.0.1", &[(XFF, "2001:db8:1:2:ffff::7")], "2001:db8:1:2::"),
            ("", &[(XFF, STRANGER), (VIEWER, STRANGER)], ""),
            ("", &[(VIEWER, STRANGER), (PROOF, SECRET)], STRANGER),
        ] {
            assert_eq!(source(peer, headers), expected, "{peer} {headers:?}");
        }
    }

    #[test]
    fn cdn_is_passed_by_where_there_is_one_and_its_secret_is_missing() {
        let passed = |edge: &Edge, secret| edge.was_passed_by(&all(&[("x-origin-secret", secret)]));
        for (secret, by) in [(SECRET, false), (OLD, false), ("guess", true), ("", true)] {
            assert_eq!(passed(&edge(), secret), by, "{secret}");
        }
        assert!(edge().was_passed_by(&HeaderMap::new()));
        assert!(!Edge::default().was_passed_by(&HeaderMap::new()));
        assert!(!passed(&Edge::default(), ""));
    }
}
