//! What the template must hold within itself.

use super::{Template, evaluate::Stack, root};
use serde_json::Value;
use sm_aws::metrics::{Counter, Gauge};
use std::collections::BTreeSet;

const QUEUE: &str = "AWS::SQS::Queue";
const ALARM: &str = "AWS::CloudWatch::Alarm";
/// Actions that AWS grants on everything or not at all.
const WITHOUT_RESOURCES: [&str; 2] = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// The resource that a `Ref` or `Fn::GetAtt` names.
fn named(value: &Value) -> Option<&str> {
    value["Ref"].as_str().or(value["Fn::GetAtt"][0].as_str())
}

#[test]
fn queues_give_a_worker_six_times_its_time() {
    let template = Template::get();
    for (name, mapping) in template.of_type("AWS::Lambda::EventSourceMapping") {
        let properties = &mapping["Properties"];
        let queue = named(&properties["EventSourceArn"]).unwrap();
        let visible = &template.resources()[queue]["Properties"]["VisibilityTimeout"];
        let timeout = &template.resources()["AppFunction"]["Properties"]["Timeout"];
        assert!(visible.as_i64() >= timeout.as_i64().map(|seconds| 6 * seconds), "{name}");
        let partial = &properties["FunctionResponseTypes"][0];
        assert_eq!(partial, "ReportBatchItemFailures", "{name}: one failure fails all");
    }
}

#[test]
fn each_queue_has_dead_letters_with_an_alarm() {
    let template = Template::get();
    let queues = template.of_type(QUEUE);
    let target =
        |queue: &'static Value| named(&queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]);
    let dead: BTreeSet<_> = queues.iter().filter_map(|(_, queue)| target(queue)).collect();
    for (name, queue) in &queues {
        assert!(
            target(queue).is_some() || dead.contains(name.as_str()),
            "{name} has no dead letters"
        );
    }
    let watched: BTreeSet<_> = template
        .of_type(ALARM)
        .iter()
        .filter(|(_, a)| a["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible")
        .filter_map(|(_, a)| named(&a["Properties"]["Dimensions"][0]["Value"]))
        .collect();
    assert_eq!(watched, dead);
}

#[test]
fn schedules_are_ones_that_aws_understands() {
    for (name, schedule) in Template::get().of_type("AWS::Scheduler::Schedule") {
        for minutes in ["1", "15"] {
            let stack = Stack::new(&Template::get().translated, &[("SweepMinutes", minutes)]);
            let expression = text(&stack.value(&schedule["Properties"]["ScheduleExpression"]));
            assert!(is_schedule(&expression), "{name}: {expression}");
        }
    }
    for good in ["rate(1 minute)", "rate(5 minutes)", "rate(30 days)", "cron(0 3 * * ? *)"] {
        assert!(is_schedule(good), "{good}");
    }
    for bad in
        ["every 15 min", "rate(1 minutes)", "rate(2 minutess)", "rate(0 days)", "cron(0 3 * * *)"]
    {
        assert!(!is_schedule(bad), "{bad}");
    }
}

fn is_schedule(expression: &str) -> bool {
    let inside = |name| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some((count, unit)) = inside("rate").and_then(|rate: &str| rate.split_once(' ')) {
        let Ok(count) = count.parse::<u32>() else { return false };
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        let number = if count == 1 { unit == singular } else { unit != singular };
        return count > 0 && number && ["minute", "hour", "day"].contains(&singular);
    }
    // Minutes, hours, days of the month, months, days of the week, years.
    inside("cron").is_some_and(|cron| {
        let fields: Vec<_> = cron.split(' ').collect();
        let known =
            |field: &&str| field.chars().all(|c| c.is_ascii_alphanumeric() || "*?,-/#".contains(c));
        fields.len() == 6 && fields.iter().all(known) && (fields[2] == "?") != (fields[4] == "?")
    })
}

#[test]
fn permissions_name_what_they_are_for() {
    let template = Template::get();
    let roles = template.of_type("AWS::IAM::Role").into_iter().flat_map(|(name, role)| {
        let policies = role["Properties"]["Policies"].as_array().cloned().unwrap_or_default();
        policies.into_iter().map(move |policy| (name, policy["PolicyDocument"].clone()))
    });
    let policies = template.of_type("AWS::IAM::Policy");
    let policies =
        policies.iter().map(|(name, p)| (*name, p["Properties"]["PolicyDocument"].clone()));
    let mut statements = 0;
    for (name, document) in roles.chain(policies) {
        for statement in list(&document["Statement"]) {
            statements += 1;
            let actions: Vec<_> =
                list(&statement["Action"]).iter().map(|action| action.as_str().unwrap()).collect();
            assert!(actions.iter().all(|action| !action.contains('*')), "{name}: {actions:?}");
            let everything = list(&statement["Resource"]).iter().any(|resource| *resource == "*");
            let must = actions.iter().all(|action| WITHOUT_RESOURCES.contains(action));
            assert!(!everything || must, "{name}: {actions:?} on everything");
        }
    }
    assert!(statements > 10, "only {statements} statements");
}

#[test]
fn each_alarm_has_its_section_of_the_runbook_and_tells_somebody() {
    let runbook = std::fs::read_to_string(root().join("docs/runbook.md")).unwrap();
    let sections: BTreeSet<String> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    let mut named = BTreeSet::from(["budget".to_owned()]);
    for (name, alarm) in Template::get().of_type(ALARM) {
        let properties = &alarm["Properties"];
        let description = properties["AlarmDescription"]["Fn::Sub"].as_str().unwrap();
        let (text, section) = description.split_once(" ${RunbookUrl}#").unwrap();
        assert!(text.ends_with('.'), "{name}: {text}");
        assert!(sections.contains(section), "{name}: docs/runbook.md has no section {section}");
        let own_name = properties["AlarmName"]["Fn::Sub"].as_str().unwrap();
        assert_eq!(own_name, format!("${{AWS::StackName}}-{section}"));
        assert!(properties["AlarmActions"][0]["Ref"] == "AlarmTopic", "{name} tells nobody");
        named.insert(section.to_owned());
    }
    let elsewhere = std::fs::read_to_string(root().join("deploy/cloudfront-alarm.yaml")).unwrap();
    let (_, section) = elsewhere.split_once("${RunbookUrl}#").unwrap();
    named.insert(section.split('"').next().unwrap().to_owned());
    for part in runbook.split("\n## ").skip(1) {
        let title = part.lines().next().unwrap().to_lowercase().replace(' ', "-");
        assert!(named.contains(&title), "no alarm leads to the section {title}");
        for step in ["**Means.**", "**Look.**", "**Do.**", "**Over.**"] {
            assert!(part.contains(step), "{title} lacks {step}");
        }
    }
}

/// Where nothing happens there are sweeps alone, and where little does a webhook now and then.
#[test]
fn alarms_ring_where_little_happens_and_not_before_anything_does() {
    let translated = &Template::get().translated;
    let stacks = ["1", "15"].map(|minutes| {
        (minutes.parse::<u64>().unwrap(), Stack::new(translated, &[("SweepMinutes", minutes)]))
    });
    for (name, alarm) in Template::get().of_type(ALARM) {
        let properties = &alarm["Properties"];
        // A new stack has no data: no alarm may stand for that.
        assert_ne!(properties["TreatMissingData"], "breaching", "{name} rings at once");
        let ends = properties["ComparisonOperator"] == "LessThanThreshold";
        let told = properties["InsufficientDataActions"][0]["Ref"] == "AlarmTopic";
        let missing = properties["TreatMissingData"] == "missing";
        assert_eq!(
            (told, missing),
            (ends, ends),
            "{name}: that data ends is told, of no other alarm"
        );
        let operation = &properties["Dimensions"][1]["Value"];
        if properties["Statistic"] == "Sum" && operation == "database" {
            for (minutes, stack) in &stacks {
                let period: u64 = text(&stack.value(&properties["Period"])).parse().unwrap();
                let (threshold, sweeps) = (properties["Threshold"].as_u64(), period / 60 / minutes);
                assert!(threshold < Some(sweeps), "{name}: each sweep fails, and nobody is told");
            }
        }
        for metric in properties["Metrics"].as_array().into_iter().flatten() {
            let expression = metric["Expression"].as_str().unwrap_or_default();
            assert!(!expression.contains("all >= 20"), "{name}: {expression}");
        }
    }
}

/// docs/cost.md counts what AWS charges for.
#[test]
fn cost_of_alarms_is_the_documented_one() {
    let template = Template::get();
    let alarms = template.of_type(ALARM);
    let metrics: usize = alarms
        .iter()
        .map(|(_, alarm)| match alarm["Properties"]["Metrics"].as_array() {
            Some(parts) => parts.iter().filter(|part| !part["MetricStat"].is_null()).count(),
            None => 1,
        })
        .sum();
    let cost = std::fs::read_to_string(root().join("docs/cost.md")).unwrap();
    let counted = format!("{} alarms look at {metrics} metrics", alarms.len());
    let own = format!("{} metrics of our own", Counter::ALL.len() + Gauge::ALL.len());
    for fact in [counted, own] {
        assert!(cost.contains(&fact), "docs/cost.md does not say: {fact}");
    }
}

#[test]
fn parameters_are_described_limited_and_grouped() {
    let written = &Template::get().written;
    let interface = &written["Metadata"]["AWS::CloudFormation::Interface"];
    let grouped: Vec<_> = list(&interface["ParameterGroups"])
        .into_iter()
        .flat_map(|group| list(&group["Parameters"]))
        .map(|name| name.as_str().unwrap())
        .collect();
    let parameters = written["Parameters"].as_object().unwrap();
    for (name, parameter) in parameters {
        assert!(parameter["Description"].as_str().is_some_and(|text| text.len() > 10), "{name}");
        let limits = ["AllowedPattern", "AllowedValues", "MinValue"];
        assert!(limits.iter().any(|limit| !parameter[limit].is_null()), "{name} takes anything");
        assert!(grouped.contains(&name.as_str()), "{name} is in no group");
        assert!(interface["ParameterLabels"][name]["default"].is_string(), "{name} has no label");
    }
    assert_eq!(grouped.len(), parameters.len());
    for (name, output) in written["Outputs"].as_object().unwrap() {
        assert!(output["Description"].is_string(), "{name}");
    }
}

#[test]
fn half_a_domain_is_refused() {
    let written = &Template::get().written;
    let refused = |changes: &[(&str, &str)]| {
        let stack = Stack::new(written, changes);
        written["Rules"].as_object().unwrap().values().any(|rule| {
            stack.holds(&rule["RuleCondition"])
                && list(&rule["Assertions"]).iter().any(|one| !stack.holds(&one["Assert"]))
        })
    };
    let (domain, zone) = (("DomainName", "a.example"), ("HostedZoneId", "Z1"));
    let certificate = ("CertificateArn", "arn:aws:acm:us-east-1:123456789012:certificate/a");
    assert!(!refused(&[]));
    assert!(!refused(&[domain, certificate]));
    assert!(!refused(&[domain, certificate, zone]));
    for half in [&[domain] as &[_], &[certificate], &[zone], &[domain, zone], &[certificate, zone]]
    {
        assert!(refused(half), "{half:?}");
    }
}

#[test]
fn throttles_name_routes_that_are_there_first() {
    let template = Template::get();
    let keys: Vec<_> = template
        .of_type("AWS::ApiGatewayV2::Route")
        .iter()
        .map(|(name, route)| (name.as_str(), route["Properties"]["RouteKey"].as_str().unwrap()))
        .collect();
    let stage = &template.resources()["HttpStage"];
    let before: Vec<_> =
        list(&stage["DependsOn"]).iter().map(|name| name.as_str().unwrap()).collect();
    for key in stage["Properties"]["RouteSettings"].as_object().unwrap().keys() {
        let (route, _) = keys.iter().find(|(_, known)| known == key).unwrap();
        assert!(before.contains(route), "the stage may come before {route}");
    }
}

/// The gateway knows neither signatures nor sessions: what it refuses may be a go-live, or an admin's.
#[test]
fn gateway_lets_through_far_more_than_the_app() {
    let template = Template::get();
    let stack = Stack::new(&template.translated, &[]);
    let stage = stack.value(&template.resources()["HttpStage"]["Properties"]);
    let default = |name: &str| template.written["Parameters"][name]["Default"].as_u64().unwrap();
    let number = |value: &Value| {
        value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value}"))
    };
    let rate = |settings: &Value| {
        number(&settings["ThrottlingRateLimit"]).min(number(&settings["ThrottlingBurstLimit"]))
    };
    assert!(rate(&stage["DefaultRouteSettings"]) >= 5 * default("ApiRatePerSecond"));
    for route in ["POST /webhooks/twitch", "POST /webhooks/discord", "POST /interactions"] {
        let rate = rate(&stage["RouteSettings"][route]);
        assert!(rate >= 10 * default("WebhookRatePerSecond"), "{route}: {rate}");
    }
}

/// Webhooks and deliveries have instances of their own, and no other way to the API leads into them.
#[test]
fn slow_requests_of_the_api_run_elsewhere() {
    let template = Template::get();
    let function = |route: &Value| {
        let target = &route["Properties"]["Target"]["Fn::Sub"];
        let integration = target.as_str().unwrap().split(['{', '}']).nth(1).unwrap();
        let uri = &template.resources()[integration]["Properties"]["IntegrationUri"];
        named(uri).unwrap().to_owned()
    };
    for (name, route) in template.of_type("AWS::ApiGatewayV2::Route") {
        let Some(key) = route["Properties"]["RouteKey"].as_str().filter(|key| key.contains(" /"))
        else {
            continue;
        };
        let webhook = key.starts_with("POST /webhooks/");
        let expected = if webhook { "AppFunctionAliaslive" } else { "ApiFunctionAliaslive" };
        assert_eq!(function(route), expected, "{name}");
    }
    let [app, api] =
        ["AppFunction", "ApiFunction"].map(|name| &template.resources()[name]["Properties"]);
    for same in ["Role", "Code", "Runtime", "MemorySize", "Timeout", "Environment"] {
        assert_eq!(app[same], api[same], "{same}");
    }
}

/// CloudFront alone knows the secret; it overwrites what a viewer sends in the names of both headers.
#[test]
fn only_cloudfront_can_say_for_whom_it_speaks() {
    let template = Template::get();
    let parameter = &template.written["Parameters"]["OriginSecret"];
    assert_eq!(parameter["NoEcho"], true);
    let stack = Stack::new(&template.translated, &[("OriginSecret", "20261129-x")]);
    let distribution = stack.value(&template.resources()["Distribution"]["Properties"]);
    let config = &distribution["DistributionConfig"];
    let origins = config["Origins"].as_array().unwrap();
    let api = origins.iter().find(|origin| origin["Id"] == "api").unwrap();
    let header = &api["OriginCustomHeaders"][0];
    assert_eq!(
        header["HeaderName"].as_str().unwrap().to_lowercase(),
        sm_api::ORIGIN_SECRET.as_str()
    );
    assert_eq!(header["HeaderValue"], "20261129-x");
    let behaviours = config["CacheBehaviors"].as_array().unwrap();
    let api = behaviours.iter().find(|behaviour| behaviour["PathPattern"] == "/api/*").unwrap();
    assert_eq!(api["FunctionAssociations"][0]["EventType"], "viewer-request");
    let code = &template.resources()["Pages"]["Properties"]["FunctionCode"];
    let sets =
        format!("request.headers['{}'] = {{ value: event.viewer.ip }}", sm_api::VIEWER_ADDRESS);
    assert!(code.as_str().unwrap().contains(&sets), "{code}");
    // Neither a function nor an output knows it.
    for (name, resource) in template.resources() {
        let text = resource.to_string();
        assert!(name == "Distribution" || !text.contains("\"OriginSecret\""), "{name}");
    }
    assert!(!template.written["Outputs"].to_string().contains("OriginSecret"));
    let without = Stack::new(&template.translated, &[]);
    let origins = without.value(&template.resources()["Distribution"]["Properties"]);
    assert!(!origins.to_string().contains("OriginCustomHeaders"));
}

/// What is due before the next sweep rings for itself: the schedule and the function have to mean the same one.
#[test]
fn sweeps_come_as_often_as_the_function_believes() {
    let template = Template::get();
    let (_, schedule) = template.of_type("AWS::Scheduler::Schedule")[0];
    for (minutes, rate) in [("1", "rate(1 minute)"), ("15", "rate(15 minutes)")] {
        let stack = Stack::new(&template.translated, &[("SweepMinutes", minutes)]);
        let value = |value: &Value| stack.value(value);
        assert_eq!(value(&schedule["Properties"]["ScheduleExpression"]), rate);
        let variables = &template.resources()["AppFunction"]["Properties"]["Environment"];
        assert_eq!(value(&variables["Variables"]["SWEEP_MINUTES"]), minutes);
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
