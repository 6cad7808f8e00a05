//! The template, deployed for real into a local AWS that enforces every policy, and used end to end.
//!
//! `make rehearse` runs it: `sam build` has to compile the function once more.

mod deployed;

use crate::{
    flow::{Flow, Site, edge, until},
    template::{root, sam},
};
use deployed::{BUILD, Deployed, build, delete, deploy, ok, parameters, run};
use serde_json::{Value, json};
use sm_lambda::secret_names::ASKED;
use sm_services::KNOWN_EVERYWHERE_AFTER;
use sm_sim::aws::{Ministack, REGION};
use sm_tests::{EVENTSUB_SECRET, Socket, World, cache_dir, process::streammaxing, scenario_within};
use std::{
    fs,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

const STACK: &str = "rehearsal";

#[tokio::test]
#[ignore = "`make rehearse` runs it: it compiles the function anew, and takes minutes"]
async fn stack_is_deployed_used_changed_and_deleted() {
    build();
    scenario_within(Duration::from_secs(600), async |t| {
        let aws = Ministack::start_with(&cache_dir(), true).unwrap_or_else(|why| panic!("{why}"));
        let stack = Deployed::new(&aws, t, STACK, &[]).await;
        let health = stack.site.get("/api/health", "").await;
        let (status, said) = (health.status(), health.text().await.unwrap());
        assert_eq!(status, 200, "it needs no secret: {said} {:#?}", stack.log());
        let waiting = stack.task("FunctionName", json!({ "task": "sweep" })).await;
        assert_eq!(waiting, json!({ "waiting": "secrets" }));
        stack.complete_the_secret(t).await;
        let smoke = stack.task("OpsFunctionName", json!({ "task": "smoke" })).await;
        let fine = json!({ "settings": "ok", "database": "ok", "key": "ok", "discord": "ok", "twitch": "ok" });
        assert_eq!(smoke, fine);

        operator(&stack).await;
        site(&stack).await;
        round_cloudfront(t, &stack).await;
        t.discord.add_redirect_uri(&stack.outputs["DiscordRedirectUri"]);
        let ada = t.discord.add_user("ada", None);
        let session = stack.site.sign_in(ada).await.unwrap();
        assert_eq!(stack.site.get("/api/auth/me", &session).await.status(), 200);
        announcement(t, &stack).await;
        sockets(t, &stack, &session).await;
        dead_letters(t, &stack).await;
        until("the schedule runs the sweep", 90, async || t.count("jobs").await > 0).await;
        rotation(t, &stack, &session).await;
        for outcome in ["accepted", "queued", "sent", "bad_signature"] {
            assert!(stack.logged(&format!("\"Outcome\":\"{outcome}\"")), "nobody counts {outcome}");
        }

        changed_setting(t, &stack, &session).await;
        remedies(&stack, &session).await;
        second_stage(t, &stack).await;
        up_and_down(t, &stack).await;
        delete(&aws, STACK);
        taken_up_again(t, &stack, &session).await;
        // By now it is time to look up the viewers.
        t.work().await;
    })
    .await;
}

/// A second deployment changes a setting, and the traffic meets it.
async fn changed_setting(t: &World, stack: &Deployed<'_>, session: &str) {
    let versions = || {
        let call =
            format!("list_versions_by_function(FunctionName='{}')", stack.outputs["FunctionName"]);
        stack.boto("lambda", &call)["Versions"].as_array().unwrap().len()
    };
    let (before, hashes) = (versions(), stack.origin_hashes());
    deploy(stack.aws, t, STACK, &["UserRequestsPerMinute=2", "--new-origin-secret"]);
    assert_ne!(versions(), before);
    let after = stack.origin_hashes();
    assert_eq!((after.len(), &after[1]), (2, &hashes[0]), "the one before is understood too");
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(stack.site.get("/api/auth/me", session).await.status().as_u16());
    }
    assert!(answers.contains(&429), "the alias still has 50 requests a minute: {answers:?}");
    let found = stack.operate(Vec::new(), &["doctor", "--json"]).await.json();
    let checks = found["checks"].as_array().unwrap();
    let release = checks.iter().find(|check| check["name"] == "release").unwrap();
    assert_eq!(release["state"], "ok", "{release}");
    // Without a change there is no new version, and nothing fails.
    let before = versions();
    deploy(stack.aws, t, STACK, &["UserRequestsPerMinute=2"]);
    assert_eq!(versions(), before);
}

/// The commands of docs/runbook.md, on the stack as it is after a release.
async fn remedies(stack: &Deployed<'_>, session: &str) {
    let app = stack.outputs["ApiFunctionName"].clone();
    let me = async || stack.site.get("/api/auth/me", session).await.status().as_u16();
    // Undo a release.
    let versions =
        stack.boto("lambda", &format!("list_versions_by_function(FunctionName='{app}')"));
    let versions: Vec<&str> = versions["Versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["Version"].as_str().unwrap())
        .collect();
    let [.., before, newest] = versions.as_slice() else { panic!("{versions:?}") };
    let point = |version: &str| {
        let call =
            format!("update_alias(FunctionName='{app}', Name='live', FunctionVersion='{version}')");
        stack.boto("lambda", &call);
    };
    point(before);
    until("the version before is served", 20, async || me().await == 200).await;
    point(newest);
    // Stop everything, and begin again.
    let health = async || stack.site.get("/api/health", "").await.status().as_u16();
    stack.boto(
        "lambda",
        &format!("put_function_concurrency(FunctionName='{app}', ReservedConcurrentExecutions=0)"),
    );
    // The local AWS keeps the brake and does not pull it.
    let brake = || {
        stack.boto("lambda", &format!("get_function_concurrency(FunctionName='{app}')"))
            ["ReservedConcurrentExecutions"]
            .clone()
    };
    assert_eq!(brake(), 0);
    stack.boto("lambda", &format!("delete_function_concurrency(FunctionName='{app}')"));
    assert_eq!(brake(), Value::Null);
    until("it answers again", 20, async || health().await == 200).await;
    // The schedule is gone: what the runbook makes anew is what was there.
    let name = format!("{}-sweep", stack.name);
    let schedule = || stack.boto("scheduler", &format!("get_schedule(Name='{name}')"));
    let was = schedule();
    let runbook = fs::read_to_string(root().join("docs/runbook.md")).unwrap();
    let target = runbook.split("--target '").nth(1).unwrap().split('\'').next().unwrap();
    let arn = was["Target"]["Arn"].as_str().unwrap();
    let target = target
        .replace("<ARN of $APP>", arn.strip_suffix(":live").unwrap())
        .replace("<ARN of the role>", was["Target"]["RoleArn"].as_str().unwrap());
    stack.boto("scheduler", &format!("delete_schedule(Name='{name}')"));
    stack.boto("scheduler", &format!(
        "create_schedule(Name='{name}', ScheduleExpression='rate(1 minute)', FlexibleTimeWindow={{'Mode': 'OFF'}}, \
         Target=json.loads('''{}'''))", target.replace('\\', "\\\\")
    ));
    let is = schedule();
    for field in ["ScheduleExpression", "FlexibleTimeWindow", "State"] {
        assert_eq!(is[field], was[field], "{field}");
    }
    let named = ["Arn", "RoleArn", "Input", "RetryPolicy"];
    for field in named {
        let (is, was) = (&is["Target"][field], &was["Target"][field]);
        assert!(is == was, "{field}: {is} and {was}");
    }
}

/// Another stage beside it, in the same account and region.
async fn second_stage(t: &World, first: &Deployed<'_>) {
    let second = Deployed::new(first.aws, t, "rehearsal-two", &[]).await;
    for stack in [first, &second] {
        assert_eq!(stack.site.get("/api/health", "").await.status(), 200, "{}", stack.name);
    }
    for output in [
        "FunctionName",
        "ApiFunctionName",
        "SecretArn",
        "KeyArn",
        "DoorbellUrl",
        "BucketName",
        "ApiUrl",
    ] {
        assert_ne!(first.outputs[output], second.outputs[output], "{output}");
    }
    delete(second.aws, second.name);
    assert_eq!(first.site.get("/api/health", "").await.status(), 200);
}

/// `up` makes a stack of a release, and `down` takes it away.
async fn up_and_down(t: &World, first: &Deployed<'_>) {
    const NAME: &str = "rehearsal-up";
    let aws = first.aws;
    let folder = std::env::temp_dir().join(format!("sm-rehearsal-{}", uuid::Uuid::new_v4()));
    let at = |name: &str| folder.join(name).display().to_string();
    let mut pack = Command::new("python3");
    pack.args(["tools/release.py", "v0.0.0", &at("release"), "--dashboard", "frontend/dist"]);
    let function = format!("x86_64={BUILD}/AppFunction-Shared/bootstrap");
    ok(pack.args(["--deployment", "--function", &function]));

    let (cloudfront, domain) = (aws.url(), Arc::new(Mutex::new(String::new())));
    let known = domain.clone();
    let edge = edge(move || (cloudfront.clone(), known.lock().unwrap().clone())).await;
    let guild = t.discord.add_guild("Up");
    let channel = t.discord.add_channel(guild, "live").to_string();
    let python = sam().program().display().to_string();
    let (release, kept) = (at("release"), at("kept"));
    let from = ["--release", &release, "--folder", &kept, "--python", &python, "--stage", "dev"];
    let up = ["up", "aws", "--region", REGION, "--stack", NAME, "--alarm-email", "-", "--yes"];
    let finish = ["--reach", &edge, "--channel", &channel, "--wait", "3"];
    let parameters = parameters(aws, t);
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    let arguments = [&up[..], &from, &finish, &parameters].concat();
    let path = ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned());
    let environment = [aws.environment(), t.settings.clone(), vec![path]].concat();
    let meanwhile = async {
        let outputs = || {
            let call = "describe_stacks()['Stacks']";
            let stacks = first.boto("cloudformation", call);
            let found = stacks.as_array().unwrap().iter().find(|s| s["StackName"] == NAME)?;
            let value = |key: &str| {
                let outputs = found["Outputs"].as_array()?;
                let output = outputs.iter().find(|output| output["OutputKey"] == key)?;
                output["OutputValue"].as_str().map(str::to_owned)
            };
            Some((value("DistributionDomain")?, value("DashboardUrl")?))
        };
        until("the stack is deployed", 120, async || outputs().is_some()).await;
        let (name, url) = outputs().unwrap();
        *domain.lock().unwrap() = name;
        t.discord.set_detour(&url, &edge);
        t.discord.add_redirect_uri(&format!("{url}/api/auth/discord/callback"));
        url
    };
    let (ran, url) = tokio::join!(streammaxing(&arguments, &environment), meanwhile);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(t.discord.messages(sm_types::ChannelId(channel.parse().unwrap())).len(), 1);
    assert_eq!(t.discord.webhook_events_url(), Some(format!("{url}/webhooks/discord")));
    assert_eq!(t.discord.interactions_url(), Some(format!("{url}/interactions")));
    assert_eq!(t.discord.commands().len(), 2);
    let remembered = fs::read_to_string(folder.join("kept/dev.env")).unwrap();
    for (name, _) in ASKED {
        assert!(!remembered.contains(name), "{name} is in Secrets Manager: {remembered}");
        let secret = &t.settings.iter().find(|(known, _)| *known == name).unwrap().1;
        assert!(!format!("{ran:?}").contains(secret), "{name} is shown");
    }

    let ana = t.twitch.add_user("una", "Una");
    let callback = format!("{url}/webhooks/twitch");
    t.twitch.subscribe(&ana, "stream.online", &callback, "a-secret-of-that-one");
    let down = ["down", "aws", "--region", REGION, "--stack", NAME, "--name", NAME];
    let ran = streammaxing(&[&down[..], &from].concat(), &environment).await;
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert!(t.twitch.subscriptions().iter().all(|s| s.callback != callback), "{}", ran.stderr);
    assert!(ran.stderr.contains("key and secret stay"), "{}", ran.stderr);
    assert_eq!(t.discord.webhook_events_url(), None);
    assert_eq!((t.discord.interactions_url(), t.discord.commands().len()), (None, 0));
    let stacks = first.boto("cloudformation", "list_stacks()['StackSummaries']");
    let gone = stacks.as_array().unwrap().iter().filter(|s| s["StackName"] == NAME);
    assert!(gone.clone().all(|s| s["StackStatus"] == "DELETE_COMPLETE"), "{stacks}");
    assert_eq!(first.site.get("/api/health", "").await.status(), 200, "it is another one");
    fs::remove_dir_all(folder).unwrap();
}

/// A stack that takes up the key and the secret of one that was deleted.
async fn taken_up_again(t: &World, gone: &Deployed<'_>, session: &str) {
    let kept = [("ExistingKeyArn", "KeyArn"), ("ExistingSecretArn", "SecretArn")]
        .map(|(parameter, output)| format!("{parameter}={}", gone.outputs[output]));
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    let stack = Deployed::new(gone.aws, t, "rehearsal-three", &kept).await;
    for output in ["KeyArn", "SecretArn"] {
        assert_eq!(stack.outputs[output], gone.outputs[output]);
    }
    let smoke = stack.task("OpsFunctionName", json!({ "task": "smoke" })).await;
    assert_eq!((&smoke["settings"], &smoke["key"]), (&json!("ok"), &json!("ok")), "{smoke}");
    assert_eq!(stack.site.get("/api/auth/me", session).await.status(), 200, "it goes on");
    delete(stack.aws, stack.name);
}

/// What an operator sees from another machine, who may not use the key.
async fn operator(stack: &Deployed<'_>) {
    let plan = stack.operate(Vec::new(), &["migrate", "--plan", "--json"]).await.ok();
    assert_eq!(plan["pending"], json!([]));
    let found = stack.operate(Vec::new(), &["doctor", "--json"]).await.json();
    let state = |name: &str| {
        let checks = found["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap_or(&Value::Null)["state"].clone()
    };
    for name in
        ["aws identity", "settings", "database", "release", "queue", "dead letters", "encryption"]
    {
        assert_eq!(state(name), "ok", "{name}: {found:#}");
    }
}

/// The dashboard: files, pages without files, headers, and an API whose errors stay its own.
async fn site(stack: &Deployed<'_>) {
    ok(&mut run(stack.aws, &["deploy/upload_site.py", STACK, "frontend/dist"]));
    let index = fs::read_to_string(root().join("frontend/dist/index.html")).unwrap();
    for path in ["/", "/servers", "/servers/7/streamers/8"] {
        let page = stack.site.get(path, "").await;
        assert_eq!(
            (page.status().as_u16(), &page.headers()["cache-control"]),
            (200, &"no-cache".parse().unwrap())
        );
        for (name, value) in sm_cli::dashboard::PAGE_HEADERS {
            assert_eq!(page.headers()[&name], value, "{path}: {name}");
        }
        assert_eq!(page.text().await.unwrap(), index, "{path}");
    }
    let (_, rest) = index.split_once("src=\"/assets/").unwrap();
    let asset = stack.site.get(&format!("/assets/{}", rest.split('"').next().unwrap()), "").await;
    assert_eq!(asset.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(asset.headers()["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(stack.site.get("/assets/none.js", "").await.status(), 403);
    let missing = stack.site.get("/api/none", "").await;
    assert_eq!(missing.headers()["content-type"], "application/problem+json");
    assert_eq!(missing.status(), 404);
}

/// The API's own address takes what is signed, and nothing else.
async fn round_cloudfront(t: &World, stack: &Deployed<'_>) {
    let api = stack.outputs["HttpApiId"].clone();
    let gateway = format!("{}/_aws/execute-api/{api}/$default", stack.aws.url());
    let direct = Site::new(gateway, String::new());
    let refused = direct.get("/api/config", "").await;
    let (status, said) = (refused.status(), refused.text().await.unwrap());
    assert!(status == 403 && said.contains("wrong_address"), "{status} {said}");
    assert_eq!(stack.site.get("/api/config", "").await.status(), 200);
    let secret = &stack.secret()["TWITCH_EVENTSUB_SECRET"];
    assert_eq!(direct.webhook(t, secret).await, 200);
    assert_eq!(
        stack.origin_hashes().len(),
        1,
        "whoever may read the settings learns the hash alone"
    );
}

/// A go-live: CloudFront, API Gateway, the function, the queue, the function, Discord.
async fn announcement(t: &World, stack: &Deployed<'_>) {
    let ana = t.streamer("ana").await;
    let guild = t.guild_following(&ana).await;
    let secret = &stack.secret()["TWITCH_EVENTSUB_SECRET"];
    assert_eq!(stack.site.webhook(t, EVENTSUB_SECRET).await, 403, "that one is the world's");
    for old in t.twitch.subscriptions() {
        t.twitch.remove_subscription(&old.id);
    }
    t.twitch.subscribe(
        &ana,
        "stream.online",
        &format!("{}/webhooks/twitch", stack.site.edge),
        secret,
    );
    t.twitch.go_live(&ana).await;
    until("the announcement is posted", 20, async || t.messages(guild).len() == 1).await;
}

/// What CloudFront shows the WebSocket API; here nobody upgrades by way of CloudFront.
fn origin_secret(stack: &Deployed<'_>) -> String {
    fn find(value: &Value) -> Option<String> {
        if value["HeaderName"] == "X-Origin-Secret" {
            return value["HeaderValue"].as_str().map(str::to_owned);
        }
        let each = value.as_object().map(|all| all.values().collect::<Vec<_>>());
        each.or_else(|| value.as_array().map(|all| all.iter().collect()))?
            .into_iter()
            .find_map(find)
    }
    let call = format!("get_distribution_config(Id='{}')", stack.outputs["DistributionId"]);
    find(&stack.boto("cloudfront", &call)).expect("CloudFront has a secret")
}

/// Real sockets at the gateway: opened, pushed to, gone, ended.
async fn sockets(t: &World, stack: &Deployed<'_>, session: &str) {
    const ROOM: &str = "room:public";
    let url = &stack.outputs["WebSocketUrl"];
    let api = url.strip_prefix("wss://").and_then(|rest| rest.split('.').next()).unwrap();
    let address = format!("127.0.0.1:{}", stack.aws.port());
    let path = format!("/_aws/execute-api/{api}/ws");
    let secret = origin_secret(stack);
    let origin = stack.outputs["DashboardUrl"].as_str();
    let headers = [("cookie", session), ("origin", origin), ("x-origin-secret", secret.as_str())];
    for some in [&headers[..2], &headers[1..]] {
        assert!(Socket::open_at(&address, &path, some).await.is_err(), "{some:?}");
    }
    let mut both = Vec::new();
    for _ in 0..2 {
        let mut socket = Socket::open_at(&address, &path, &headers).await.unwrap();
        socket.say(json!({ "type": "hello", "version": 1 })).await;
        socket.expect("welcome").await;
        socket.subscribe(ROOM).await;
        both.push(socket);
    }
    // One that has gone without a word.
    t.sql(
        "insert into live_connections (connection_id, user_id, session_id, state, at_gateway)
         select 'gone', user_id, session_id, 'open', true from live_connections limit 1",
    )
    .await;
    t.sql("insert into live_subscriptions values ('room:public', 'gone')").await;
    let id = uuid::Uuid::new_v4();
    both[0].say(json!({ "type": "shout", "room": ROOM, "client_id": id, "text": "Hi!" })).await;
    for socket in &mut both {
        assert_eq!(socket.events(1).await.0[0]["data"]["text"], "Hi!");
    }
    let known = async || t.count("live_connections").await;
    until("who is gone is forgotten", 20, async || known().await == 2).await;
    drop(both.pop());
    until("who has left is forgotten", 20, async || known().await == 1).await;
    // Its session ends behind its back: the next sweep closes it.
    t.sql("update live_connections set session_id = gen_random_uuid()").await;
    stack.task("FunctionName", json!({ "task": "sweep" })).await;
    let closing = both[0].expect("closing").await;
    assert_eq!(closing["code"], 4401);
    both[0].ended().await;
}

async fn dead_letters(t: &World, stack: &Deployed<'_>) {
    // As soon as it may, instead of after three minutes.
    let hurry = json!({ "QueueUrl": stack.outputs["DoorbellUrl"], "Attributes": { "VisibilityTimeout": "1" } });
    stack.call("AmazonSQS.SetQueueAttributes", hurry);
    t.sql("alter table stream_events rename to out_of_reach").await;
    let ring = json!({ "QueueUrl": stack.outputs["DoorbellUrl"], "MessageBody": "ring" });
    stack.call("AmazonSQS.SendMessage", ring);
    until("the ring is given up", 40, async || stack.waiting("DeadLetterQueueUrl") != "0").await;
    t.sql("alter table out_of_reach rename to stream_events").await;
    let refused = stack.task("FunctionName", json!({ "task": "redrive" })).await;
    let why = refused["errorMessage"].as_str().unwrap_or_default();
    assert!(why.contains("AccessDenied"), "the app's role may not do that: {refused}");
    let list = stack.operate(Vec::new(), &["dlq", "list", "--json"]).await.ok();
    assert_eq!(list["waiting"], 1, "{list}");
    let done = stack.task("OpsFunctionName", json!({ "task": "redrive" })).await;
    assert_eq!(done, json!({ "redriven": 1 }));
    assert_eq!(stack.waiting("DeadLetterQueueUrl"), "0");
    until("the ring is answered", 20, async || stack.waiting("DoorbellUrl") == "0").await;
}

/// The four steps while webhooks and sessions flow: nothing is refused, before, meanwhile or after.
async fn rotation(t: &World, stack: &Deployed<'_>, session: &str) {
    let before = stack.secret();
    let old = &before["TWITCH_EVENTSUB_SECRET"];
    let callback = format!("{}/webhooks/twitch", stack.site.edge);
    let [bob, eve] = ["bob", "eve"].map(|login| t.twitch.add_user(login, login));
    for kind in ["stream.online", "stream.offline"] {
        t.twitch.subscribe(&bob, kind, &callback, old);
    }
    let people = ["ben", "cleo"].map(|name| t.discord.add_user(name, None));
    let flowed = Flow::run(t, &stack.site, (&[bob, eve.clone()], &people), async |flow| {
        let version = uuid::Uuid::new_v4().to_string();
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            let event = json!({ "Step": step, "SecretId": stack.outputs["SecretArn"], "ClientRequestToken": version });
            // Secrets Manager may ask twice.
            for _ in 0..2 {
                let answer = stack.task("OpsFunctionName", event.clone()).await;
                assert_eq!(answer, json!({ "done": true }), "{step}");
            }
            flow.go_round().await;
        }
        // Earlier than this nothing of ours signs with the new one.
        let known = Instant::now() + KNOWN_EVERYWHERE_AFTER.unsigned_abs();
        while Instant::now() < known {
            flow.go_round().await;
        }
        let after = stack.secret();
        let (new, kept) = after["TWITCH_EVENTSUB_SECRET"].split_once(',').unwrap();
        assert_eq!(kept, old);
        assert_eq!(after["DISCORD_BOT_TOKEN"], before["DISCORD_BOT_TOKEN"]);
        for kind in ["stream.online", "stream.offline"] {
            t.twitch.subscribe(&eve, kind, &callback, new);
        }
        for _ in 0..10 {
            flow.go_round().await;
            assert_eq!(stack.site.webhook(t, new).await, 200);
            assert_eq!(stack.site.webhook(t, old).await, 200);
            assert_eq!(stack.site.get("/api/auth/me", session).await.status(), 200, "it goes on");
        }
    })
    .await;
    assert_eq!(flowed.lost, [""; 0], "of {flowed:?}");
    assert!(flowed.webhooks > 100 && flowed.requests > 50, "{flowed:?}");
    assert_eq!(stack.site.webhook(t, EVENTSUB_SECRET).await, 403, "that one is the world's");
}
