//! What a deployed stack consists of, as far as an operator asks it: settings, secret, queues and key.

use crate::aws::aws;
use reqwest::Method;
use serde_json::{Value, json};
use sm_lambda::secret_names::{ASKED, LOCAL_KEY, MADE};
use sm_sim::aws::{Ministack, REGION};
use sm_tests::{
    World,
    process::{Ran, streammaxing},
};
use std::collections::BTreeMap;

/// An archive without files: nobody runs these functions.
const NO_CODE: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";

/// A stack in a local AWS.
pub(super) struct Cloud<'a> {
    aws: &'a Ministack,
    pub(super) stack: String,
    pub(super) secret_arn: String,
    pub(super) queue: String,
    pub(super) dead_letters: String,
}

impl Cloud<'static> {
    /// One of the world's settings in the local AWS of all tests; the secret has these values.
    pub(super) async fn new(t: &World, secret: &[(&str, &str)]) -> Self {
        Cloud::within(aws(), t, secret).await
    }

    /// One whose secret is complete.
    pub(super) async fn complete(t: &World) -> Self {
        let secret = t.settings.iter().filter(|(name, _)| is_secret(name));
        let secret: Vec<_> = secret.map(|(name, value)| (*name, value.as_str())).collect();
        Self::new(t, &secret).await
    }
}

impl<'a> Cloud<'a> {
    /// The same in a local AWS of the test's own.
    pub(super) async fn within(aws: &'a Ministack, t: &World, secret: &[(&str, &str)]) -> Self {
        let stack = format!("s{}", uuid::Uuid::new_v4().simple());
        let secret: BTreeMap<_, _> = secret.iter().copied().collect();
        let secret = json!({ "Name": stack, "SecretString": json!(secret).to_string() });
        let queue = |name: &str| {
            let made = call(aws, "AmazonSQS.CreateQueue", json!({ "QueueName": name }));
            made["QueueUrl"].as_str().unwrap().to_owned()
        };
        let created = call(aws, "secretsmanager.CreateSecret", secret);
        let key = call(aws, "TrentService.CreateKey", json!({}));
        let cloud = Cloud {
            secret_arn: created["ARN"].as_str().unwrap().to_owned(),
            queue: queue(&format!("{stack}-doorbell")),
            dead_letters: queue(&format!("{stack}-dead")),
            aws,
            stack,
        };
        cloud.create_function(t, &key["KeyMetadata"]["Arn"]).await;
        cloud
    }

    async fn create_function(&self, t: &World, key: &Value) {
        let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" } });
        let role =
            [("RoleName", self.stack.as_str()), ("AssumeRolePolicyDocument", &trust.to_string())];
        self.iam("CreateRole", &role).await;
        let open = t.settings.iter().filter(|(name, _)| !is_secret(name));
        let mut variables: BTreeMap<&str, &str> = open.map(|(n, v)| (*n, v.as_str())).collect();
        variables.extend([
            ("SECRETS_ARN", self.secret_arn.as_str()),
            ("QUEUE_URL", &self.queue),
            ("DEAD_LETTER_URL", &self.dead_letters),
            ("KMS_KEY_ID", key.as_str().unwrap()),
            ("AWS_ENDPOINT_URL", ""),
            ("RELEASE", "0123456789abcdef"),
        ]);
        let app = format!("{}-app", self.stack);
        let api = format!("{}-api", self.stack);
        for name in [format!("CodeDeployHook_{}", self.stack), api, app.clone()] {
            let function = json!({
                "FunctionName": name, "Runtime": "provided.al2023",
                "Handler": "bootstrap", "Role": format!("arn:aws:iam::000000000000:role/{}", self.stack),
                "Code": { "ZipFile": NO_CODE }, "Environment": { "Variables": variables },
            });
            self.lambda(Method::POST, "", function).await;
        }
        self.lambda(Method::POST, &format!("/{app}/versions"), json!({})).await;
        let alias = json!({ "Name": "live", "FunctionVersion": "1" });
        self.lambda(Method::POST, &format!("/{app}/aliases"), alias).await;
    }

    /// Deploys other settings, without giving them the traffic.
    pub(super) async fn change(&self, function: &str, changes: &[(&str, &str)]) {
        let path = format!("/{function}/configuration");
        let now = self.lambda(Method::GET, &path, Value::Null).await;
        let mut variables = now["Environment"]["Variables"].clone();
        for (name, value) in changes {
            variables[*name] = json!(value);
        }
        let new = json!({ "Environment": { "Variables": variables } });
        self.lambda(Method::PUT, &path, new).await;
    }

    /// Asks Lambda about its functions.
    pub(super) async fn lambda(&self, method: Method, path: &str, body: Value) -> Value {
        let version = if path.ends_with("/concurrency") { "2017-10-31" } else { "2015-03-31" };
        let url = format!("{}/{version}/functions{path}", self.aws.url());
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/lambda/aws4_request");
        let request = sm_aws::lazy_http().request(method, url).header("authorization", credential);
        let answer = request.body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Runs a command for this stack, with AWS's credentials alone.
    pub(super) async fn operate(&self, arguments: &[&str]) -> Ran {
        self.operate_with(&[], arguments).await
    }

    /// The same with more in the environment.
    pub(super) async fn operate_with(
        &self,
        settings: &[(&'static str, &str)],
        arguments: &[&str],
    ) -> Ran {
        let given = settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let settings: Vec<_> = self.aws.environment().into_iter().chain(given).collect();
        streammaxing(&[arguments, &["--stack", &self.stack]].concat(), &settings).await
    }

    /// What the secret holds.
    pub(super) fn secret(&self) -> BTreeMap<String, String> {
        let answer =
            self.call("secretsmanager.GetSecretValue", json!({ "SecretId": self.secret_arn }));
        serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap()
    }

    /// Asks IAM, which speaks forms and XML.
    pub(super) async fn iam(&self, action: &str, fields: &[(&str, &str)]) -> String {
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/iam/aws4_request");
        let form = [&[("Action", action), ("Version", "2010-05-08")], fields].concat();
        let request = sm_aws::lazy_http().post(self.aws.url()).header("authorization", credential);
        let answer = request.form(&form).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{action}");
        answer.text().await.unwrap()
    }

    pub(super) fn call(&self, target: &str, body: Value) -> Value {
        call(self.aws, target, body)
    }
}

fn call(aws: &Ministack, target: &str, body: Value) -> Value {
    let (status, answer) = aws.call(target, &body).unwrap();
    assert_eq!(status, 200, "{target}: {answer}");
    answer
}

fn is_secret(name: &str) -> bool {
    let mut names = ASKED.map(|(name, _)| name).into_iter().chain(MADE).chain([LOCAL_KEY]);
    names.any(|secret| secret == name)
}
