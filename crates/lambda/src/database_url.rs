//! `DATABASE_URL`, read with the mistakes that are made in it.

use crate::config::ConfigError;
use sm_types::Secret;
use sqlx::postgres::PgConnectOptions;
use std::borrow::Cow;

/// Says in an address that a proxy pools transactions there, as other products have it too.
const MARK: &str = "pgbouncer=true";
const FORM: &str = "is not a Postgres URL: expected postgres://user:password@host:5432/database";
const ENCODE: &str = "has a # / or ? in its user name or password: write %23 for #, %2F for /, %3F for ?, \
    and likewise %25 for %, %40 for @, %3A for :";

/// What an address tells of a transaction-pooling proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looks {
    /// One is there: Neon's or Supabase's, or the address says so by `pgbouncer=true`.
    Pooled,
    /// By its port, one may be there.
    PerhapsPooled,
    Plain,
}

pub(crate) fn looks(database_url: &Secret) -> Result<Looks, ConfigError> {
    let options = options(database_url)?;
    let (host, port) = (options.get_host(), options.get_port());
    let is_supabase = [".supabase.com", ".supabase.co"].iter().any(|end| host.ends_with(end));
    Ok(match port {
        _ if database_url.expose().contains(MARK) || host.contains("-pooler.") => Looks::Pooled,
        // Beside it, on 5432, is one that pools by session.
        6543 if is_supabase => Looks::Pooled,
        // PgBouncer's and Supabase's own.
        6432 | 6543 => Looks::PerhapsPooled,
        _ if is_supabase && host.contains(".pooler.") => Looks::PerhapsPooled,
        _ => Looks::Plain,
    })
}

/// How to connect; no problem that this reports quotes the address, which holds the password.
pub(crate) fn options(database_url: &Secret) -> Result<PgConnectOptions, ConfigError> {
    let text = database_url.expose().replace(MARK, "");
    read(&text).map_err(|problem| ConfigError::one("DATABASE_URL", problem.into_owned()))
}

fn read(text: &str) -> Result<PgConnectOptions, Cow<'static, str>> {
    let (scheme, rest) = text.split_once("://").ok_or(FORM)?;
    if !matches!(scheme.to_ascii_lowercase().as_str(), "postgres" | "postgresql") {
        let is_name = scheme.len() < 12 && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
        let other = if is_name { scheme } else { "another kind of address" };
        return Err(format!(
            "is for {other}, and StreamMaxing keeps its data in Postgres alone: \
             postgres://user:password@host:5432/database"
        )
        .into());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if cuts_password(authority, &rest[authority.len()..]) {
        return Err(ENCODE.into());
    }
    // The parser wants a host in any case, where a socket's folder follows as `?host=`.
    let socket = if authority.is_empty() || authority.ends_with('@') { "localhost" } else { "" };
    let (authority, rest) = rest.split_at(authority.len());
    // Its own message could quote the password.
    let options: PgConnectOptions =
        format!("postgres://{authority}{socket}{rest}").parse().map_err(|_| FORM)?;
    // It leaves the brackets of an IPv6 address on, and such a name is not found.
    let host = options.get_host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::to_owned);
    Ok(match bare {
        Some(host) => options.host(&host),
        None => options,
    })
}

/// Whether a password ends too early: what follows it, up to the `@`, was read as path, query or fragment.
fn cuts_password(authority: &str, rest: &str) -> bool {
    let Some(at) = rest.find('@').filter(|_| !authority.contains('@')) else {
        return rest.contains('#');
    };
    // An `@` may stand in a query: `host:5432/db?application_name=a@b`.
    let query = rest.find('?').filter(|_| rest.starts_with('/'));
    rest.contains('#') || query.is_none_or(|query| at < query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_database_is_read() {
        for (text, host, port, database) in [
            ("postgres://a:b@db.example:5433/c", "db.example", 5433, "c"),
            ("postgresql://a@localhost/c?sslmode=disable", "localhost", 5432, "c"),
            ("POSTGRES://a:b@localhost/c", "localhost", 5432, "c"),
            ("postgres://a:b@[::1]:5433/c", "::1", 5433, "c"),
            ("postgres://a:b@[fe80::1]/c", "fe80::1", 5432, "c"),
            ("postgres://a:p%23%2F%3F@host/c", "host", 5432, "c"),
            ("postgres://a:b@host:5432/c?application_name=x@y", "host", 5432, "c"),
            ("postgres://host:5432/c?user=a@b", "host", 5432, "c"),
        ] {
            let options = read(text).unwrap();
            assert_eq!(
                (options.get_host(), options.get_port(), options.get_database()),
                (host, port, Some(database)),
                "{text}"
            );
        }
        for text in ["postgres://a@/c?host=/run/postgresql", "postgres:///c?host=/run/postgresql"] {
            let options = read(text).unwrap();
            let socket = options.get_socket().map(|path| path.display().to_string());
            assert_eq!(
                (socket.as_deref(), options.get_database()),
                (Some("/run/postgresql"), Some("c"))
            );
        }
    }

    #[test]
    fn proxy_is_known_by_its_address() {
        for (text, expected) in [
            ("postgres://a:b@ep-dry-sun-1-pooler.eu-central-1.aws.neon.tech/c", Looks::Pooled),
            ("postgres://a:b@ep-dry-sun-1.eu-central-1.aws.neon.tech/c", Looks::Plain),
            ("postgres://a:b@aws-0-eu-west-1.pooler.supabase.com:6543/c", Looks::Pooled),
            ("postgres://a:b@aws-0-eu-west-1.pooler.supabase.com:5432/c", Looks::PerhapsPooled),
            ("postgres://a:b@db.abc.supabase.co:6543/c", Looks::Pooled),
            ("postgres://a:b@db.abc.supabase.co:5432/c", Looks::Plain),
            ("postgres://a:b@10.0.0.5:6432/c", Looks::PerhapsPooled),
            ("postgres://a:b@10.0.0.5:6543/c", Looks::PerhapsPooled),
            ("postgres://a:b@10.0.0.5/c?pgbouncer=true", Looks::Pooled),
            ("postgres://a:-pooler.@10.0.0.5/c", Looks::Plain),
        ] {
            assert_eq!(looks(&Secret::new(text)).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn mistake_is_explained_without_the_password() {
        for (text, words) in [
            ("postgres://a:s3#cret@host/c", "%23"),
            ("postgres://a:12#s3cret@host/c", "%23"),
            ("postgres://a:12/s3cret@host/c", "%2F"),
            ("postgres://a:s3/cret@host:5432/c", "%2F"),
            ("postgres://a:s3?cret@host/c", "%3F"),
            ("postgres://a:12?s3cret@host/c", "%3F"),
            ("mysql://a:s3cret@host/c", "is for mysql"),
            ("sqlite:s3cret.db", "is not a Postgres URL"),
            ("s3cret", "is not a Postgres URL"),
            ("a:s3cret@host://x", "Postgres"),
            ("postgres://a:s3cret@host:port/c", "is not a Postgres URL"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(words) && !problem.contains("cret"), "{text}: {problem}");
        }
    }
}
