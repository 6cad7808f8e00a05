//! Where the template and the code must say the same.

use super::{
    Template,
    evaluate::{STACK, Stack},
};
use serde_json::{Value, json};
use sm_aws::metrics::{COUNT, Counter, Gauge, NAMESPACE};
use sm_lambda::{
    Config, dispatch,
    secret_names::{ASKED, MADE},
};
use std::{cell::RefCell, collections::BTreeSet};

/// What Lambda itself puts into the environment.
const BY_LAMBDA: [&str; 5] = [
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
];

/// Names of settings that the code asks for; with Secrets Manager it does not ask for secret ones.
fn asked(with_secrets_manager: bool) -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    // Most values are wrong: what counts is the question.
    let _ = Config::from_lookup(|name| {
        names.borrow_mut().insert(name.to_owned());
        let set = name == "KMS_KEY_ID" || name == "SECRETS_ARN" && with_secrets_manager;
        set.then(|| "x".to_owned())
    });
    names.into_inner()
}

#[test]
fn every_setting_is_set_and_every_variable_is_a_setting() {
    let template = Template::get();
    let open: BTreeSet<String> =
        asked(true).into_iter().filter(|name| !BY_LAMBDA.contains(&name.as_str())).collect();
    for function in ["AppFunction", "ApiFunction", "OpsFunction"] {
        let set = &template.resources()[function]["Properties"]["Environment"]["Variables"];
        let set: BTreeSet<String> = set.as_object().unwrap().keys().cloned().collect();
        assert_eq!(set, open, "{function}");
    }
    let secret: BTreeSet<String> = asked(false).difference(&asked(true)).cloned().collect();
    let named = ASKED.map(|(name, _)| name).into_iter().chain(MADE);
    assert_eq!(secret, named.map(str::to_owned).collect(), "what `secrets bootstrap` sets");
}

#[test]
fn each_schedule_is_one_that_the_function_knows() {
    for (name, schedule) in Template::get().of_type("AWS::Scheduler::Schedule") {
        let input = schedule["Properties"]["Target"]["Input"].as_str().unwrap();
        assert!(dispatch::knows(input), "{name}: {input}");
    }
    assert!(!dispatch::knows(r#"{"task":"dance"}"#));
}

/// Name and dimensions of each metric of ours in an alarm or on the dashboard.
fn metrics_in_use() -> Vec<(String, Vec<(String, String)>)> {
    let template = Template::get();
    let stack = Stack::new(&template.translated, &[]);
    let mut found = Vec::new();
    for (_, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
        let properties = stack.value(&alarm["Properties"]);
        let parts = properties["Metrics"].as_array().cloned().unwrap_or_default();
        let parts = parts.iter().map(|part| part["MetricStat"]["Metric"].clone());
        for metric in parts.chain([properties]).filter(|metric| metric["Namespace"] == NAMESPACE) {
            let dimensions = metric["Dimensions"].as_array().unwrap().iter();
            let pair = |d: &Value| (text(&d["Name"]), text(&d["Value"]));
            found.push((text(&metric["MetricName"]), dimensions.map(pair).collect()));
        }
    }
    for metric in dashboard_metrics(&stack, template) {
        let words: Vec<String> = metric.iter().filter(|word| word.is_string()).map(text).collect();
        if words[0] == NAMESPACE {
            let pairs = words[2..].chunks(2).map(|pair| (pair[0].clone(), pair[1].clone()));
            found.push((words[1].clone(), pairs.collect()));
        }
    }
    found
}

fn dashboard_metrics(stack: &Stack<'_>, template: &Template) -> Vec<Vec<Value>> {
    let (_, dashboard) = template.of_type("AWS::CloudWatch::Dashboard")[0];
    let body = text(&stack.value(&dashboard["Properties"]["DashboardBody"]));
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let widgets = body["widgets"].as_array().unwrap();
    let mut metrics = Vec::new();
    for widget in widgets {
        for field in ["type", "x", "y", "width", "height", "properties"] {
            assert!(!widget[field].is_null(), "a widget lacks {field}: {widget}");
        }
        assert!(widget["x"].as_i64().unwrap() + widget["width"].as_i64().unwrap() <= 24);
        let rows = widget["properties"]["metrics"].as_array().unwrap();
        metrics.extend(rows.iter().map(|row| row.as_array().unwrap().clone()));
    }
    metrics
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

#[test]
fn metrics_of_alarms_and_dashboard_are_ones_that_the_code_writes() {
    let stage = || ("Stage".to_owned(), STACK.to_owned());
    let mut written = Vec::new();
    for counter in Counter::ALL {
        let (operation, outcome) = counter.dimensions();
        let dimensions = [
            ("Operation".to_owned(), operation.to_owned()),
            ("Outcome".to_owned(), outcome.to_owned()),
        ];
        written.push((COUNT.to_owned(), [stage()].into_iter().chain(dimensions).collect()));
    }
    for gauge in Gauge::ALL {
        written.push((gauge.metric().0.to_owned(), vec![stage()]));
    }
    let used = metrics_in_use();
    for metric in &used {
        assert!(written.contains(metric), "nobody writes {metric:?}");
    }
    for metric in &written {
        assert!(used.contains(metric), "{metric:?} costs money, and nobody looks at it");
    }
}

#[tokio::test]
async fn pages_have_the_headers_that_one_server_gives_them() {
    let (_, policy) = Template::get().of_type("AWS::CloudFront::ResponseHeadersPolicy")[0];
    let config = &policy["Properties"]["ResponseHeadersPolicyConfig"];
    let security = &config["SecurityHeadersConfig"];
    let age = &security["StrictTransportSecurity"]["AccessControlMaxAgeSec"];
    let mut headers: Vec<(String, String)> = vec![
        (
            "content-security-policy".into(),
            text(&security["ContentSecurityPolicy"]["ContentSecurityPolicy"]),
        ),
        ("x-content-type-options".into(), "nosniff".into()),
        ("x-frame-options".into(), text(&security["FrameOptions"]["FrameOption"])),
        ("referrer-policy".into(), text(&security["ReferrerPolicy"]["ReferrerPolicy"])),
        ("strict-transport-security".into(), format!("max-age={age}")),
    ];
    for custom in config["CustomHeadersConfig"]["Items"].as_array().unwrap() {
        headers.push((text(&custom["Header"]), text(&custom["Value"])));
    }
    assert_eq!(security["ContentTypeOptions"], json!({ "Override": true }));
    headers.sort();
    assert_eq!(
        headers,
        sm_cli::dashboard::PAGE_HEADERS.map(|(n, v)| (n.to_string(), v.to_owned()))
    );
}

#[test]
fn one_address_leads_to_the_api_and_to_the_dashboard() {
    let template = Template::get();
    let (_, distribution) = template.of_type("AWS::CloudFront::Distribution")[0];
    let config = &distribution["Properties"]["DistributionConfig"];
    let behaviours = config["CacheBehaviors"].as_array().unwrap();
    let to_the_api: BTreeSet<String> = behaviours
        .iter()
        .filter(|behaviour| behaviour["TargetOriginId"] == "api")
        .map(|behaviour| text(&behaviour["PathPattern"]))
        .collect();
    assert_eq!(to_the_api, ["/api/*", "/interactions", "/webhooks/*"].map(str::to_owned).into());
    for route in sm_api::ROUTES {
        assert!(route.path.starts_with("/api/"), "no behaviour leads to {}", route.path);
    }
    let uncached = &config["DefaultCacheBehavior"]["CachePolicyId"];
    for behaviour in behaviours.iter().filter(|behaviour| behaviour["TargetOriginId"] == "api") {
        assert_eq!(&behaviour["CachePolicyId"], uncached);
        let methods = behaviour["AllowedMethods"].as_array().unwrap();
        assert_eq!(methods.len(), 7, "every method: {methods:?}");
        assert!(behaviour["ResponseHeadersPolicyId"].is_null(), "the API has headers of its own");
    }
}
