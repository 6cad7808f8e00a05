//! Where a server listens.

use crate::output::Error;
use std::io::ErrorKind;
use tokio::net::TcpListener;

/// Listens at `host:port`, where the host may be a name; `option` is where the address comes from.
pub async fn listen(option: &str, address: &str) -> Result<TcpListener, Error> {
    let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
        return Err(format!(
            "{option} {address}: is no host and port; such as 127.0.0.1:8080, localhost:8080, [::1]:8080, \
             or 0.0.0.0:8080 for every address of this machine"
        )
        .into());
    }
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::AddrInUse => "another process listens there: stop it or choose another port",
            ErrorKind::AddrNotAvailable => "this machine has no such address",
            ErrorKind::PermissionDenied => "ports below 1024 need root: choose a higher one",
            _ => "no socket could be opened there",
        };
        format!("{option} {address}: {remedy} ({error})").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn name_with_a_port_is_an_address() {
        for address in ["localhost:0", "127.0.0.1:0"] {
            assert!(listen("--listen", address).await.unwrap().local_addr().unwrap().port() > 0);
        }
    }

    #[tokio::test]
    async fn address_that_cannot_be_listened_at_is_named_with_a_remedy() {
        let other = listen("--listen", "127.0.0.1:0").await.unwrap();
        let taken = other.local_addr().unwrap();
        let refused = listen("--metrics", &taken.to_string()).await.unwrap_err().to_string();
        assert!(refused.starts_with(&format!("--metrics {taken}: another process")), "{refused}");
        for odd in ["8080", ":8080", "localhost", "localhost:http", "127.0.0.1:99999", ""] {
            let refused = listen("--listen", odd).await.unwrap_err().to_string();
            assert!(refused.contains("such as 127.0.0.1:8080"), "{refused}");
        }
    }
}
