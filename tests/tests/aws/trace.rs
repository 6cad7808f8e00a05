//! A webhook's trace goes on in the worker that its ring starts.

use super::{aws, door::Door};
use serde_json::{Value, json};
use sm_sim::lambda_runtime::{LambdaRuntime, TRACE};
use sm_tests::{process::Process, scenario};
use std::{
    io::{BufRead, BufReader},
    time::Duration,
};

#[tokio::test]
async fn trace_of_a_webhook_is_rung_on_and_stands_in_the_log() {
    scenario(async |t| {
        let ana = t.streamer("ana").await;
        let guild = t.guild_following(&ana).await;
        let door = Door::open().await;
        let named = json!({ "QueueName": format!("traced-{}", uuid::Uuid::new_v4()) });
        let (_, queue) = aws().call("AmazonSQS.CreateQueue", &named).unwrap();
        let runtime = LambdaRuntime::start(Duration::from_secs(30)).await.unwrap();
        let mut settings = t.settings.clone();
        settings.extend(runtime.environment());
        settings.extend([
            ("QUEUE_URL", queue["QueueUrl"].as_str().unwrap().to_owned()),
            ("AWS_ENDPOINT_URL", door.url.clone()),
            ("AWS_REGION", sm_sim::aws::REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ]);
        let (_process, log) = Process::start_logged("bootstrap", &[], &settings);

        let webhook = crate::lambda::go_live(t, &ana);
        assert_eq!(runtime.invoke(webhook).await.unwrap().response()["statusCode"], json!(204));
        let ring = door.asked("SendMessage").pop().unwrap();
        let attribute = &ring["MessageSystemAttributes"]["AWSTraceHeader"];
        assert_eq!(*attribute, json!({ "DataType": "String", "StringValue": TRACE }));

        // What Lambda hands over to the worker; the emulator keeps no such attributes.
        let record = json!({ "messageId": "q-1", "eventSource": "aws:sqs", "body": ring["MessageBody"],
            "attributes": { "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1" } });
        runtime.invoke(json!({ "Records": [record] })).await.unwrap();
        assert_eq!(t.messages(guild).len(), 1);
        let lines = BufReader::new(log).lines().map_while(Result::ok);
        let mut lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        let mut span = |message| {
            lines.find(|line| line["message"] == message).unwrap()["spans"][0].clone()
        };
        let (webhook, worker) = (span("accepted a webhook"), span("expanded a chunk"));
        assert_eq!(webhook["trace.id"], TRACE.trim_start_matches("Root="));
        assert_eq!(worker["trace.rung_by"], "1-5759e988-bd862e3fe1be46a994272793");
        assert_ne!(webhook["aws.request_id"], worker["aws.request_id"]);
    })
    .await;
}
