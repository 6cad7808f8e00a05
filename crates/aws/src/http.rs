//! The one HTTP client of the product; Twitch, Discord and the AWS SDK all go through it.

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

/// The client, built at its first use.
pub type Http = Arc<LazyLock<reqwest::Client>>;

/// Describes the client without building it.
pub fn lazy_http() -> Http {
    Arc::new(LazyLock::new(build))
}

#[expect(clippy::expect_used, reason = "only constants of ours go in")]
fn build() -> reqwest::Client {
    builder().build().expect("the settings are constants")
}

/// What all requests of ours have in common.
///
/// Redirects are off: neither Twitch nor Discord needs one, and one could carry a token away.
#[expect(clippy::disallowed_methods, reason = "the one place that builds the client")]
#[expect(clippy::expect_used, reason = "only constants of ours go in")]
pub(crate) fn builder() -> reqwest::ClientBuilder {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(50))
        .tcp_nodelay(true)
}

/// Lets the AWS SDK use our client instead of bringing its own stack.
#[derive(Clone, Debug)]
pub(crate) struct SdkHttp(pub(crate) Http);

impl HttpClient for SdkHttp {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = (**self.0).clone();
        HttpConnectorFuture::new(async move { send(client, request).await })
    }
}

async fn send(
    client: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let body = request.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
    let method = reqwest::Method::from_bytes(request.method().as_bytes());
    let mut outgoing = client.request(method.map_err(user_error)?, request.uri()).body(body);
    for (name, value) in request.headers() {
        outgoing = outgoing.header(name, value);
    }
    let answer = outgoing.send().await.map_err(io_error)?;
    let status = StatusCode::try_from(answer.status().as_u16()).map_err(user_error)?;
    let headers = answer.headers().clone();
    let body = answer.bytes().await.map_err(io_error)?;
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_vec()));
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

fn user_error(error: impl std::error::Error + Send + Sync + 'static) -> ConnectorError {
    ConnectorError::user(error.into())
}

fn io_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
