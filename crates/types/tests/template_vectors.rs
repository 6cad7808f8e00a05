//! The golden vectors, which a second implementation is held to as well.

use serde_json::Value as Json;
use sm_types::template::{Context, Template, Value, Values, Variable};

const VECTORS: &str = include_str!("../../../testdata/template-vectors.json");

fn value(json: &Json) -> Value {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    let number = json.get("number").and_then(Json::as_u64).map(Value::Number);
    let found = text("text").map(Value::Text);
    let found = found.or_else(|| text("markup").map(Value::Markup));
    found.or_else(|| text("url").map(Value::Url)).or(number).expect("a value of a known kind")
}

fn values(case: &Json) -> Values {
    let mut values = Values::default();
    for (name, json) in case["values"].as_object().expect("values") {
        values.set(Variable::by_name(name).expect("a known variable"), value(json));
    }
    values
}

fn context(case: &Json) -> Context {
    match case["context"].as_str() {
        Some("content") => Context::Content,
        Some("embed") => Context::Embed,
        Some("plain") => Context::Plain,
        Some("url") => Context::Url,
        other => panic!("unknown context {other:?}"),
    }
}

#[test]
fn every_golden_vector_holds() {
    let vectors: Json = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    let cases = vectors["cases"].as_array().expect("cases");
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let source = case["template"].as_str().expect("a template");
        let got = match <Template>::parse(source) {
            Ok(template) => {
                let limit = case["limit"].as_u64().and_then(|n| usize::try_from(n).ok());
                match limit {
                    None => "no error".to_owned(),
                    Some(limit) => {
                        format!("{:?}", template.render(&values(case), context(case), limit))
                    }
                }
            }
            Err(error) => {
                let span = error.span;
                format!(
                    "{} {}..{} {}:{}",
                    error.kind.code(),
                    span.start,
                    span.end,
                    span.line,
                    span.column
                )
            }
        };
        let expected = match &case["expect"] {
            expect if expect["text"].is_string() => {
                format!("{:?}", expect["text"].as_str().expect("text"))
            }
            expect => {
                let e = &expect["error"];
                let code = e["code"].as_str().expect("a code");
                format!("{code} {}..{} {}:{}", e["start"], e["end"], e["line"], e["column"])
            }
        };
        if got != expected {
            wrong.push(format!("{}: expected {expected}, got {got}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
