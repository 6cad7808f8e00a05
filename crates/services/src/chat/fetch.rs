//! Addresses that owners enter: what may stand in one.

use crate::setup::Problem;
use sm_types::chat::{Response, Variable};
use url::Url;

/// Code points of an address.
const MAX_ADDRESS: usize = 1_000;

/// What is wrong with an address to fetch: its server has to be fixed, and reached by https.
pub(super) fn check(source: &str) -> Result<(), Problem> {
    let invalid = |message: &str| Problem::new("fetch_url", "invalid", message);
    if source.chars().count() > MAX_ADDRESS {
        return Err(invalid("Use up to 1,000 characters."));
    }
    let template = Response::parse(source).map_err(|error| Problem {
        field: "fetch_url".to_owned(),
        code: error.kind.code(),
        message: error.kind.to_string(),
        span: Some(error.span),
    })?;
    if template.variables().contains(&Variable::Fetch) {
        return Err(invalid("{fetch} is what the address answers: it cannot be a part of it."));
    }
    let server = server(source).ok_or_else(|| {
        invalid("Begin with https:// and the server, then a slash; variables stand behind it.")
    })?;
    let url = Url::parse(server).map_err(|_| invalid("This is no address."))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "Put no user name or password before the server: use a secret behind it.",
        ));
    }
    if url.host().is_none() {
        return Err(invalid("This address names no server."));
    }
    Ok(())
}

/// The beginning of an address, to the slash behind its server.
fn server(source: &str) -> Option<&str> {
    let rest = source.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#', '{', '}', '\\'])?;
    (end > 0 && rest.as_bytes()[end] == b'/').then(|| &source[.."https://".len() + end + 1])
}

/// Whether an address with its values in leads to the server that the owner has entered.
pub(super) fn same_server(source: &str, address: &str) -> bool {
    server(source).is_some_and(|server| address.starts_with(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_of_an_address_is_fixed() {
        for good in [
            "https://api.example.com/rank?name={touser}&key={secret key}",
            "https://api.example.com:8443/{arg 1}",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.example.com/",
            "https://{arg 1}/",
            "https://api.{arg 1}.com/",
            "https://example.com{args}/",
            "https://example.com?{args}",
            "https://user:pass@example.com/",
            "https://example.com\\@evil.example/",
            "https:///x",
            "https://example.com",
            "https://example.com/{fetch}",
            "https://example.com/{nothing}",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        let source = "https://example.com/{args}";
        assert!(same_server(source, "https://example.com/x"));
        assert!(!same_server(source, "https://example.com.evil.example/x"));
    }
}
