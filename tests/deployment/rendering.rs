//! The chart as Helm renders it.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use neokeys_testkit::programs::{folder, tool};

/// The chart, rendered with some values under the name `keys`.
#[derive(Debug)]
pub(crate) struct Rendering {
    pub(crate) documents: Vec<Value>,
    pub(crate) notes: String,
}

/// The complaints of Helm about the chart with some values: a finding of its linter, or a refusal.
#[derive(Debug)]
pub(crate) struct Complaints(pub(crate) String);

/// The values of a file of `ops/chart/ci`, whose names are before `-values.yaml`.
pub(crate) fn values(name: &str) -> Value {
    let path = folder("ops/chart/ci").join(format!("{name}-values.yaml"));
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The files of values.
pub(crate) fn files_of_values() -> Vec<String> {
    let entries = fs::read_dir(folder("ops/chart/ci")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| {
            name.strip_suffix("-values.yaml").unwrap_or_else(|| panic!("{name}")).to_owned()
        })
        .collect();
    names.sort();
    names
}

impl Rendering {
    /// Renders with values that Helm must be content with.
    pub(crate) fn of(values: &Value) -> Self {
        Self::try_of(values).unwrap_or_else(|complaints| panic!("{values}: {}", complaints.0))
    }

    pub(crate) fn try_of(values: &Value) -> Result<Self, Complaints> {
        let mut python = Command::new(tool("deployment/bin/python"));
        python.arg(folder("tests/deployment/render.py"));
        let mut child =
            python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
        let asked = json!({"chart": folder("ops/chart"), "values": values, "release": "keys"});
        child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{values}: {}", output.status);
        let mut told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = told["findings"].as_array().unwrap().iter().map(Value::to_string);
        let refusal = told.get("refusal").map(|it| it.as_str().unwrap().to_owned());
        let complaints = refusal.into_iter().chain(findings).collect::<Vec<_>>();
        if !complaints.is_empty() {
            return Err(Complaints(complaints.join("\n")));
        }
        let Value::Array(documents) = told["documents"].take() else { panic!("{told}") };
        Ok(Self { documents, notes: told["notes"].as_str().unwrap().to_owned() })
    }

    /// The documents of a kind.
    pub(crate) fn all(&self, kind: &str) -> Vec<&Value> {
        self.documents.iter().filter(|it| it["kind"] == kind).collect()
    }

    /// The one document of a kind.
    pub(crate) fn one(&self, kind: &str) -> &Value {
        let [one] = self.all(kind)[..] else { panic!("one {kind} in {:?}", self.kinds()) };
        one
    }

    /// The kinds of its documents, sorted.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<_> =
            self.documents.iter().map(|it| it["kind"].as_str().unwrap()).collect();
        kinds.sort_unstable();
        kinds
    }
}
