//! Why the profile is needed: what the documented contract makes of correct answers.

use std::fs;

use serde_json::{Value, json};

use crate::service::Service;
use crate::tools::{copy, folder, python, run, write_document};

/// Whether a value is valid under a schema whose references lead into the document.
pub(crate) fn is_valid(document: &Value, schema: &Value, value: &Value) -> bool {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "allOf": [schema],
    });
    jsonschema::is_valid(&whole, value)
}

#[test]
fn a_client_of_the_documented_contract_does_everything_and_loses_the_type_of_every_error() {
    let folder = folder("documented");
    copy("programs/documented.py", &folder, "program.py");
    write_document("documented", &folder);
    run(python("openapi-generator-cli", &folder)
        .args(["generate", "--generator-name", "python", "--input-spec", "documented.json"])
        .args(["--output", ".", "--package-name", "documented_client"]));
    let service = Service::start();
    let told = run(service.told_to(python("python", &folder).arg("program.py")));
    let lines: Vec<&str> = told.lines().collect();
    let (answers, errors): (Vec<&str>, Vec<&str>) =
        lines.iter().partition(|line| !line.contains("typed as"));
    let expected = [
        "create: ApiKeyCreatedResponse",
        "list: ApiKeyDefinition",
        "get: ApiKeyDefinition",
        "update: ApiKeyDefinition",
        "delete: NoneType",
    ];
    assert_eq!(answers, expected, "{told}");
    assert_eq!(errors.len(), 3, "{told}");
    for (line, beginning) in errors.iter().zip([
        "create again: 409",
        "create a bad one: 400",
        "get what is not there: 404",
    ]) {
        let lost = format!("{beginning}, typed as NoneType: Multiple matches found");
        assert!(line.starts_with(&lost), "{told}");
    }
}

#[test]
fn no_answer_to_a_creation_and_no_problem_is_valid_under_the_documented_contract() {
    let folder = folder("documented-schemas");
    let read = |profile| -> Value {
        let text = fs::read_to_string(write_document(profile, &folder)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let (documented, profile) = (read("documented"), read("sdk"));
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let created = &profile["components"]["schemas"]["ApiKeyCreatedResponse"]["example"];
    let problem = &profile["components"]["schemas"]["ProblemDetails"]["example"];
    assert!(is_valid(&profile, &schema("ApiKeyCreatedResponse"), created));
    assert!(!is_valid(&documented, &schema("ApiKeyCreatedResponse"), created));
    let key = &documented["paths"]["/api/{tenantId}/admin/apiKeys/{keyName}"];
    let answer = &key["get"]["responses"]["404"]["content"]["application/json"]["schema"];
    assert!(is_valid(&profile, &schema("ProblemDetails"), problem));
    assert!(answer["oneOf"].is_array() && !is_valid(&documented, answer, problem));
}
