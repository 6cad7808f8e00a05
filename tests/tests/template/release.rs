//! How a release comes to the traffic: a version for each, migrated and tried before.

use super::{Scratch, Template, evaluate::Stack, root, sam, translate};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

/// The logical id of the function's version.
fn version(parameters: &[&str]) -> String {
    let template = translate(parameters);
    let (id, _) = template.of_type("AWS::Lambda::Version")[0];
    id.clone()
}

#[test]
fn each_release_is_a_version_and_nothing_else_is() {
    let [one, other] = ["1", "2"].map(|digit| format!("Release={}", digit.repeat(64)));
    let first = version(&[&one]);
    assert_ne!(version(&[&other]), first);
    assert_eq!(version(&[&one, "LogLevel=debug"]), first, "the fingerprint holds the parameters");
    // Lambda refuses to publish a function that is as it was.
    for function in ["AppFunction", "ApiFunction", "OpsFunction"] {
        let variables = &Template::get().resources()[function]["Properties"]["Environment"];
        assert_eq!(variables["Variables"]["RELEASE"], json!({ "Ref": "Release" }));
    }
    let parameter = &Template::get().written["Parameters"]["Release"];
    assert!(parameter["Default"].is_null(), "nobody forgets it");
}

/// What `deploy.py` works out for a function with this code.
fn fingerprint(directory: &Path, code: &str, template: &Path, parameters: &[&str]) -> String {
    fs::create_dir_all(directory.join("AppFunction")).unwrap();
    fs::write(directory.join("AppFunction/bootstrap"), code).unwrap();
    let mut command = deploy(&["release", "dev"]);
    command.arg("--file").arg(directory.join("dev.json")).arg("--build-dir").arg(directory);
    let output = command.arg("--template").arg(template).args(parameters).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(super) fn deploy(arguments: &[&str]) -> Command {
    let mut command = sam().run(&["deploy/deploy.py"]);
    command.args(arguments).current_dir(root());
    command
}

#[test]
fn fingerprint_changes_with_the_code_the_template_and_every_parameter() {
    let directory = Scratch::new();
    let (here, template) = (directory.0.as_path(), root().join("template.yaml"));
    let first = fingerprint(here, "code", &template, &[]);
    assert_eq!(first.len(), 64);
    assert_eq!(fingerprint(here, "code", &template, &[]), first);
    assert_ne!(fingerprint(here, "other", &template, &[]), first);
    let changed = here.join("changed.yaml");
    let text = fs::read_to_string(&template).unwrap();
    fs::write(&changed, text.replace("TIMEOUT_MS: \"10000\"", "TIMEOUT_MS: \"9000\"")).unwrap();
    assert_ne!(fingerprint(here, "code", &changed, &[]), first);
    for change in
        ["LogLevel=debug", "DatabaseConnections=4", "DomainName=a.example", "TracingMode=Active"]
    {
        assert_ne!(fingerprint(here, "code", &template, &[change]), first, "{change}");
    }
}

#[test]
fn every_kind_of_release_is_migrated_and_tried_before_traffic_moves() {
    let allowed = &Template::get().written["Parameters"]["CanaryType"]["AllowedValues"];
    let allowed = allowed.as_array().unwrap();
    assert_eq!(Template::get().written["Parameters"]["CanaryType"]["Default"], "AllAtOnce");
    for kind in allowed.iter().map(|kind| kind.as_str().unwrap()).filter(|kind| *kind != "Emulator")
    {
        let template = translate(&[&format!("CanaryType={kind}")]);
        let aliases = template.of_type("AWS::Lambda::Alias");
        assert_eq!(aliases.len(), 2);
        for (name, alias) in aliases {
            let update = &alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"];
            let hook = &update["BeforeAllowTrafficHook"];
            assert_eq!(hook, &json!({ "Ref": "OpsFunction" }), "{kind}: {name}");
        }
        let values = Stack::new(&template.translated, &[("CanaryType", kind)]);
        for (_, group) in template.of_type("AWS::CodeDeploy::DeploymentGroup") {
            let alarms = values.value(&group["Properties"]["AlarmConfiguration"]["Fn::If"]);
            let heeded = values.value(&group["Properties"]["AlarmConfiguration"]);
            assert!(alarms.is_array());
            let count = heeded["Alarms"].as_array().map_or(0, Vec::len);
            assert_eq!(count, if kind == "None" { 0 } else { 5 }, "{kind}: {heeded}");
            let moves = if kind == "None" { "AllAtOnce" } else { kind };
            let config = &group["Properties"]["DeploymentConfigName"]["Fn::Sub"][1]["ConfigName"];
            assert_eq!(config, moves);
        }
    }
}

#[test]
fn operations_function_is_new_before_the_traffic_moves_and_has_time_to_migrate() {
    let resources = Template::get().resources();
    for function in ["AppFunction", "ApiFunction"] {
        assert_eq!(resources[function]["DependsOn"], "OpsFunction");
    }
    let ops = &resources["OpsFunction"]["Properties"];
    assert_eq!((&ops["Timeout"], &ops["MemorySize"]), (&json!(900), &json!(1024)));
}

#[test]
fn emulator_is_no_way_around_the_test() {
    let written = &Template::get().written;
    let rule = &written["Rules"]["OnlyAnEmulatorLacksCodeDeploy"];
    let refused = |port: &str| {
        let stack = Stack::new(written, &[("CanaryType", "Emulator"), ("EmulatorPort", port)]);
        stack.holds(&rule["RuleCondition"]) && !stack.holds(&rule["Assertions"][0]["Assert"])
    };
    assert!(refused("0") && !refused("4566"));
}

/// A fan-out of some minutes rings its own queue again and again, which Lambda takes for a loop after 16 rings.
#[test]
fn long_fan_out_is_not_broken_off_as_a_loop() {
    let app = &Template::get().resources()["AppFunction"]["Properties"];
    assert_eq!(app["RecursiveLoop"], "Allow");
}

#[test]
fn new_account_with_ten_instances_takes_the_defaults() {
    let template = Template::get();
    for (function, parameter) in
        [("AppFunction", "ReservedConcurrency"), ("ApiFunction", "ApiConcurrency")]
    {
        let reserved = |value: &str| -> Value {
            let stack = Stack::new(&template.translated, &[(parameter, value)]);
            let properties = &template.resources()[function]["Properties"];
            stack.value(&properties["ReservedConcurrentExecutions"])
        };
        assert_eq!(template.written["Parameters"][parameter]["Default"], 0);
        assert_eq!((reserved("0"), reserved("100")), (Value::Null, json!("100")));
    }
}

/// `deploy/deployer.yaml` lends GitHub the rights for each kind of resource, and no more than it has to.
#[test]
fn deployer_may_make_all_that_the_template_has_and_read_no_secret() {
    let policy = fs::read_to_string(root().join("deploy/deployer.yaml")).unwrap();
    for resource in Template::get().resources().values() {
        let kind = resource["Type"].as_str().unwrap();
        let service = match kind.split("::").nth(1).unwrap() {
            "ApiGatewayV2" => "apigateway".to_owned(),
            other => other.to_lowercase(),
        };
        assert!(policy.contains(&format!("{service}:")), "{kind}: no right at {service}");
    }
    for never in
        ["GetSecretValue", "PutSecretValue", "kms:*", "kms:Decrypt", "iam:*", "Action: \"*\""]
    {
        assert!(!policy.contains(never), "{never}");
    }
}
