//! The stack: deployed, asked, and deleted.

use crate::{
    flow::{Site, edge},
    template::{SAM_CLI, root, sam},
};
use serde_json::{Value, json};
use sm_lambda::secret_names::ASKED;
use sm_sim::aws::{Ministack, REGION};
use sm_tests::{
    World,
    process::{Ran, streammaxing},
};
use std::{collections::BTreeMap, fs, process::Command};

pub(super) const BUILD: &str = "target/sam";

/// A deployed stack.
pub(super) struct Deployed<'a> {
    pub(super) aws: &'a Ministack,
    pub(super) name: &'static str,
    pub(super) outputs: BTreeMap<String, String>,
    /// What is sent there arrives at CloudFront.
    pub(super) site: Site,
}

#[track_caller]
pub(super) fn ok(command: &mut Command) -> String {
    let output = command.current_dir(root()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

pub(super) fn run(aws: &Ministack, arguments: &[&str]) -> Command {
    let mut command = sam().run(arguments);
    command.envs(aws.environment()).env("AWS_DEFAULT_REGION", REGION);
    command.env("SAM_CLI_TELEMETRY", "0");
    command
}

/// With the host's own compiler and without optimisation: what is rehearsed is the deployment.
pub(super) fn build() {
    let mut command = sam().run(&SAM_CLI);
    command.args(["build", "--beta-features", "--build-dir", BUILD]);
    command.args(["--parameter-overrides", "Architecture=x86_64"]);
    command.env("SAM_BUILD_MODE", "debug").env("CARGO_LAMBDA_COMPILER", "cargo");
    command.env("SAM_CLI_TELEMETRY", "0").env("AWS_DEFAULT_REGION", REGION);
    ok(&mut command);
}

/// What a stack of the world is deployed with here.
pub(super) fn parameters(aws: &Ministack, t: &World) -> Vec<String> {
    let setting = |name| &t.settings.iter().find(|(n, _)| *n == name).unwrap().1;
    let parameters = [
        ("Architecture", "x86_64".to_owned()),
        ("CanaryType", "Emulator".to_owned()),
        ("EmulatorPort", aws.port().to_string()),
        ("EnableWebSocket", "true".to_owned()),
        ("PublicRoom", "true".to_owned()),
        // People come back as fast as they can here; limits have tests of their own.
        ("SourceRequestsPerSecond", "0".to_owned()),
        ("SignInsPerSecond", "1000".to_owned()),
        ("DiscordClientId", setting("DISCORD_CLIENT_ID").clone()),
        ("DiscordPublicKey", setting("DISCORD_PUBLIC_KEY").clone()),
        ("DiscordApiUrl", setting("DISCORD_API_URL").clone()),
        ("TwitchClientId", setting("TWITCH_CLIENT_ID").clone()),
        ("TwitchApiUrl", setting("TWITCH_API_URL").clone()),
        ("TwitchAuthUrl", setting("TWITCH_AUTH_URL").clone()),
    ];
    parameters.map(|(name, value)| format!("{name}={value}")).to_vec()
}

/// As `make deploy` does.
pub(super) fn deploy(aws: &Ministack, t: &World, name: &str, changes: &[&str]) {
    let remembered = std::env::temp_dir().join(format!("{}.json", uuid::Uuid::new_v4()));
    let mut command = run(aws, &["deploy/deploy.py", "deploy", "dev", "--no-build"]);
    command.args(["--region", REGION, "--stack", name, "--build-dir", BUILD]);
    command.arg("--file").arg(&remembered).args(parameters(aws, t)).args(changes);
    ok(&mut command);
    fs::remove_file(remembered).unwrap();
}

pub(super) fn delete(aws: &Ministack, name: &str) {
    ok(run(aws, &SAM_CLI).args(["delete", "--stack-name", name, "--no-prompts"]));
}

impl<'a> Deployed<'a> {
    pub(super) async fn new(
        aws: &'a Ministack,
        t: &World,
        name: &'static str,
        changes: &[&str],
    ) -> Self {
        deploy(aws, t, name, changes);
        let program = format!(
            "import boto3, json; s = boto3.client('cloudformation').describe_stacks(StackName='{name}')['Stacks'][0]; \
             print(json.dumps({{o['OutputKey']: o['OutputValue'] for o in s['Outputs']}}))"
        );
        let outputs = ok(&mut run(aws, &["-c", &program]));
        let outputs: BTreeMap<String, String> = serde_json::from_str(&outputs).unwrap();
        let (cloudfront, domain) = (aws.url(), outputs["DistributionDomain"].clone());
        let edge = edge(move || (cloudfront.clone(), domain.clone())).await;
        let site = Site::new(edge, outputs["DashboardUrl"].clone());
        Self { aws, name, outputs, site }
    }

    pub(super) fn call(&self, target: &str, body: Value) -> Value {
        let (status, answer) = self.aws.call(target, &body).unwrap();
        assert_eq!(status, 200, "{target}: {answer}");
        answer
    }

    pub(super) async fn task(&self, function: &str, event: Value) -> Value {
        let name = &self.outputs[function];
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.aws.url());
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/lambda/aws4_request");
        let request = sm_aws::lazy_http().post(url).header("authorization", credential);
        let answer = request.body(event.to_string()).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// As `make secrets` does, with the world's values.
    pub(super) async fn complete_the_secret(&self, t: &World) {
        let asked = |name: &str| ASKED.iter().any(|(asked, _)| *asked == name);
        let given = t.settings.iter().filter(|(name, _)| asked(name)).cloned().collect();
        self.operate(given, &["secrets", "bootstrap", "--json"]).await.ok();
    }

    /// Runs an operator's command against this stack, as somebody who has AWS's credentials.
    pub(super) async fn operate(
        &self,
        given: Vec<(&'static str, String)>,
        arguments: &[&str],
    ) -> Ran {
        let settings = [self.aws.environment(), given].concat();
        streammaxing(&[arguments, &["--stack", self.name]].concat(), &settings).await
    }

    /// Calls AWS as the command line of AWS does; `call` is Python.
    pub(super) fn boto(&self, service: &str, call: &str) -> Value {
        let program = format!(
            "import boto3, json; print(json.dumps(boto3.client('{service}').{call}, default=str))"
        );
        serde_json::from_str(&ok(&mut run(self.aws, &["-c", &program]))).unwrap()
    }

    pub(super) fn secret(&self) -> BTreeMap<String, String> {
        let arn = &self.outputs["SecretArn"];
        let answer = self.call("secretsmanager.GetSecretValue", json!({ "SecretId": arn }));
        serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap()
    }

    /// What the API knows of CloudFront's secrets.
    pub(super) fn origin_hashes(&self) -> Vec<String> {
        let function = &self.outputs["ApiFunctionName"];
        let call = format!("get_function_configuration(FunctionName='{function}')");
        let settings = self.boto("lambda", &call)["Environment"]["Variables"].clone();
        let hashes = settings["ORIGIN_SECRET_HASHES"].as_str().unwrap().split(',');
        let hashes: Vec<String> = hashes.map(str::to_owned).collect();
        assert!(hashes.iter().all(|hash| hash.len() == 64), "{hashes:?}");
        hashes
    }

    /// The app's log.
    pub(super) fn log(&self) -> Vec<String> {
        let group = format!("/aws/lambda/{}", self.outputs["FunctionName"]);
        let question = json!({ "logGroupName": group, "limit": 10_000 });
        let answer = self.call("Logs_20140328.FilterLogEvents", question);
        let events = answer["events"].as_array().unwrap();
        events.iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether the app's log has a line with this text.
    pub(super) fn logged(&self, text: &str) -> bool {
        self.log().iter().any(|line| line.contains(text))
    }

    pub(super) fn waiting(&self, queue: &str) -> String {
        let question = json!({ "QueueUrl": self.outputs[queue],
                               "AttributeNames": ["ApproximateNumberOfMessages"] });
        let answer = self.call("AmazonSQS.GetQueueAttributes", question);
        answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap().to_owned()
    }
}
