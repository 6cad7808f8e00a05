//! Names that AWS takes once only: none is the same for two stacks, or for one stack in two regions.

use super::{Template, evaluate::Stack, translate};
use serde_json::Value;
use std::collections::BTreeSet;

/// Where a resource of each type has its name, and whether that counts in all regions.
const NAMED: [(&str, &[&str], bool); 14] = [
    ("AWS::ApiGatewayV2::Api", &["Name"], false),
    ("AWS::Budgets::Budget", &["Budget", "BudgetName"], true),
    ("AWS::CloudFront::Function", &["Name"], true),
    ("AWS::CloudFront::OriginAccessControl", &["OriginAccessControlConfig", "Name"], true),
    ("AWS::CloudFront::ResponseHeadersPolicy", &["ResponseHeadersPolicyConfig", "Name"], true),
    ("AWS::CloudWatch::Alarm", &["AlarmName"], false),
    ("AWS::CloudWatch::Dashboard", &["DashboardName"], true),
    ("AWS::KMS::Alias", &["AliasName"], false),
    ("AWS::Lambda::Function", &["FunctionName"], false),
    ("AWS::Logs::LogGroup", &["LogGroupName"], false),
    ("AWS::Logs::QueryDefinition", &["Name"], false),
    ("AWS::SNS::Topic", &["TopicName"], false),
    ("AWS::Scheduler::Schedule", &["Name"], false),
    // The domain's own name, which the operator chooses.
    ("AWS::Route53::RecordSet", &["Name"], true),
];
/// What CloudFormation names itself, and what belongs to something else and is named within it.
const UNNAMED: [&str; 21] = [
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::RouteResponse",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFront::Distribution",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::Secret",
];
/// Where a name would stand that these types leave to CloudFormation.
const NAMES_OF_UNNAMED: [&str; 6] =
    ["ApplicationName", "BucketName", "DeploymentGroupName", "Name", "QueueName", "RoleName"];
/// Within what they belong to.
const INNER_NAMES: [&str; 2] = ["AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup"];

/// Type and name of all that has one, and whether the name counts in all regions.
fn names(template: &Template, stack: &str, region: &str) -> BTreeSet<(String, String, bool)> {
    let values = Stack::named(&template.translated, stack, region, &[("DomainName", stack)]);
    let mut found = BTreeSet::new();
    for (id, resource) in template.resources() {
        let kind = resource["Type"].as_str().unwrap();
        let properties = &resource["Properties"];
        if let Some((_, path, everywhere)) = NAMED.iter().find(|(named, ..)| *named == kind) {
            let name = path.iter().fold(properties, |value, field| &value[*field]);
            let name = values.value(name);
            let name = name.as_str().unwrap_or_else(|| panic!("{id} leaves its name to SAM"));
            found.insert((kind.to_owned(), name.to_owned(), *everywhere));
            continue;
        }
        assert!(
            UNNAMED.contains(&kind),
            "{id}: is the name of a {kind} the account's, or the stack's?"
        );
        let own = NAMES_OF_UNNAMED.iter().find(|name| !properties[**name].is_null());
        assert!(own.is_none() || INNER_NAMES.contains(&kind), "{id} has a name: {own:?}");
    }
    found
}

#[test]
fn no_name_is_the_same_for_another_stack_or_region() {
    for canary in ["CanaryType=AllAtOnce", "CanaryType=Emulator"] {
        let template = translate(&[canary]);
        let ours = names(&template, "streammaxing-dev", "eu-central-1");
        assert!(ours.len() > 40, "{}", ours.len());
        for (kind, name, _) in &ours {
            assert!(name.contains("streammaxing-dev"), "{kind} {name} names no stack");
        }
        let other = names(&template, "streammaxing", "eu-central-1");
        let both: Vec<_> = ours.intersection(&other).collect();
        assert!(both.is_empty(), "of both stacks: {both:?}");

        let elsewhere = names(&template, "streammaxing-dev", "us-east-1");
        let both: Vec<_> = ours.intersection(&elsewhere).filter(|(.., all)| *all).collect();
        let kinds: Vec<_> = both.iter().map(|(kind, ..)| kind.as_str()).collect();
        assert!(
            kinds.iter().all(|kind| *kind == "AWS::Route53::RecordSet"),
            "of both regions: {both:?}"
        );
    }
}

/// A function `CodeDeployHook_…` leaves 49 characters to the stack.
#[test]
fn longest_name_of_a_stack_fits_everywhere() {
    let longest = "s".repeat(49);
    for (kind, name, _) in names(Template::get(), &longest, "ap-southeast-1") {
        let most = match kind.as_str() {
            "AWS::Budgets::Budget" => 100,
            "AWS::CloudFront::Function" | "AWS::CloudFront::OriginAccessControl" => 64,
            "AWS::Lambda::Function" | "AWS::Scheduler::Schedule" => 64,
            _ => 128,
        };
        assert!(name.len() <= most, "{kind}: {name} has {} characters", name.len());
    }
}

/// Metrics too: an alarm of one stack must not ring for another.
#[test]
fn metrics_are_told_apart_by_the_stack() {
    let template = Template::get();
    let values = Stack::named(&template.translated, "ours", "eu-central-1", &[]);
    for (id, resource) in template.resources() {
        let text = values.value(&resource["Properties"]).to_string();
        let dimensions = text.matches(r#""Name":"Stage""#).count();
        assert_eq!(dimensions, text.matches(r#""Name":"Stage","Value":"ours""#).count(), "{id}");
    }
    for function in ["AppFunction", "ApiFunction", "OpsFunction"] {
        let variables = &template.resources()[function]["Properties"]["Environment"]["Variables"];
        assert_eq!(values.value(&variables["STAGE"]), Value::from("ours"));
    }
}
