//! `dlq`: rings that nobody could answer.

use super::cloud::Cloud;
use serde_json::{Value, json};
use sm_tests::scenario;

fn put(cloud: &Cloud<'_>, texts: &[&str]) {
    for text in texts {
        let message = json!({ "QueueUrl": cloud.dead_letters, "MessageBody": text });
        cloud.call("AmazonSQS.SendMessage", message);
    }
}

/// The texts of the messages that can be received now.
fn received(cloud: &Cloud<'_>, queue: &str) -> Vec<String> {
    let request = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0 });
    let answer = cloud.call("AmazonSQS.ReceiveMessage", request);
    let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
    messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn looking_at_dead_letters_leaves_them_where_they_are() {
    scenario(async |t| {
        let cloud = Cloud::new(t, &[]).await;
        put(&cloud, &["deliver", "subscribe", "something of a later version"]);
        for look in 1..=2 {
            let list = cloud.operate(&["dlq", "list", "--json"]).await.ok();
            assert_eq!(list["waiting"], 3);
            let messages = list["messages"].as_array().unwrap();
            let mut asked: Vec<_> = messages.iter().map(|m| m["asks_for"].clone()).collect();
            asked.sort_by_key(Value::to_string);
            assert_eq!(asked, [json!("deliver"), json!("subscribe"), Value::Null]);
            for message in messages {
                assert_eq!(message["received"], look, "a look counts as receiving: {message}");
                assert!(message["age_seconds"].as_i64().unwrap() < 600, "{message}");
                assert!(!message["id"].as_str().unwrap().is_empty());
            }
            let text = cloud.operate(&["dlq", "redrive", "--dry-run"]).await;
            assert_eq!((text.code, text.stdout.as_str()), (0, "would bring back 3 dead letters\n"));
        }
        assert_eq!(received(&cloud, &cloud.dead_letters).len(), 3);
        assert_eq!(received(&cloud, &cloud.queue), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn more_dead_letters_than_one_answer_holds_are_listed_and_brought_back() {
    scenario(async |t| {
        let cloud = Cloud::new(t, &[]).await;
        put(&cloud, &["deliver"; 23]);
        assert_eq!(cloud.operate(&["dlq", "list", "--json"]).await.ok()["waiting"], 23);
        let done = cloud.operate(&["dlq", "redrive", "--json"]).await.ok();
        assert_eq!(done, json!({ "redriven": 23, "waiting": 0, "dry_run": false }));
        assert_eq!(received(&cloud, &cloud.dead_letters), [""; 0]);
        let rung = received(&cloud, &cloud.queue);
        assert!(rung.contains(&"deliver".to_owned()) && rung.contains(&"subscribe".to_owned()));
        let text = cloud.operate(&["dlq", "list"]).await;
        assert_eq!((text.code, text.stdout.as_str()), (0, "no dead letters\n"));
    })
    .await;
}

#[tokio::test]
async fn dead_letters_stay_when_the_doorbell_is_out_of_order() {
    scenario(async |t| {
        let cloud = Cloud::new(t, &[]).await;
        put(&cloud, &["deliver"]);
        cloud.call("AmazonSQS.DeleteQueue", json!({ "QueueUrl": cloud.queue }));
        let failed = cloud.operate(&["dlq", "redrive"]).await;
        assert!(failed.code == 1 && failed.stderr.contains("SQS refused"), "{}", failed.stderr);
        let hidden = json!({ "QueueUrl": cloud.dead_letters, "AttributeNames": ["All"] });
        let attributes = &cloud.call("AmazonSQS.GetQueueAttributes", hidden)["Attributes"];
        assert_eq!(
            attributes["ApproximateNumberOfMessagesNotVisible"], "1",
            "it comes back by itself"
        );
    })
    .await;
}

#[tokio::test]
async fn without_a_queue_there_are_no_dead_letters() {
    scenario(async |t| {
        let none = t.operate(&["dlq", "list"]).await;
        assert_eq!(none.code, 1);
        assert!(none.stderr.contains("DEAD_LETTER_URL is missing"), "{}", none.stderr);
        assert_eq!(t.operate(&["dlq"]).await.code, 2);
    })
    .await;
}
