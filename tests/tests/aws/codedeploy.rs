//! What CodeDeploy is told of the smoke test.

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;
use tokio::net::TcpListener;

type Seen = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

async fn receive(State(seen): State<Seen>, headers: HeaderMap, body: Bytes) {
    seen.lock().unwrap().push((headers, serde_json::from_slice(&body).unwrap()));
}

#[tokio::test]
async fn outcome_of_the_smoke_test_is_reported_and_signed() {
    let seen = Seen::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(receive)).with_state(seen.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (settings, http) = (super::settings(&url), sm_aws::lazy_http());
    let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    for passed in [true, false] {
        let hook = sm_aws::Hook { deployment_id: "d-1", execution_id: "e-1" };
        sm_aws::report_hook(&settings, &http, hook, passed, at).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    for ((headers, body), status) in seen.iter().zip(["Succeeded", "Failed"]) {
        let expected = json!({ "deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": status });
        assert_eq!(*body, expected);
        assert_eq!(
            headers["x-amz-target"],
            "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
        );
        let signed = headers["authorization"].to_str().unwrap();
        let scope = "AWS4-HMAC-SHA256 Credential=test/20270115/eu-central-1/codedeploy/aws4_request, SignedHeaders=";
        assert!(signed.starts_with(scope), "{signed}");
        assert!(signed.contains("content-type;host;x-amz-date;x-amz-target"), "{signed}");
    }
    assert_eq!(seen.len(), 2);
}
