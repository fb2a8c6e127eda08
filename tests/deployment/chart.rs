//! The chart, rendered and linted by Helm and judged by Kubernetes' own schemas.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use neokeys_testkit::programs::{folder, python_program, run};
use neokeys_testkit::server::neokeys;

use crate::rendering::{Rendering, files_of_values, values};

fn schema() -> Value {
    let text = fs::read_to_string(folder("ops/chart/values.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
fn kubernetes_own_schemas_take_every_rendering() {
    let place = tempfile::tempdir().unwrap();
    let files = files_of_values();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let rendering = Rendering::of(&values(&file));
        // The operator's, of which Kubernetes has no schema.
        let known = rendering.documents.iter().filter(|it| it["kind"] != "ServiceMonitor");
        let text: String = known.map(|it| format!("---\n{it}\n")).collect();
        let path = place.path().join(format!("{file}.yaml"));
        fs::write(&path, text).unwrap();
        run(python_program("kubernetes-validate").arg("--strict").arg(&path));
    }
}

#[test]
fn each_store_has_the_objects_that_it_needs() {
    let kinds = |file| {
        let rendering = Rendering::of(&values(file));
        rendering.kinds().join(" ")
    };
    assert_eq!(kinds("folder"), "ConfigMap Service StatefulSet");
    assert_eq!(kinds("tls"), "ConfigMap Service StatefulSet");
    assert_eq!(kinds("etcd"), "ConfigMap Deployment PodDisruptionBudget Service");
    assert_eq!(kinds("bucket"), "ConfigMap Deployment PodDisruptionBudget Service");
    assert_eq!(
        kinds("everything"),
        "ConfigMap Deployment NetworkPolicy PodDisruptionBudget Service Service ServiceAccount ServiceMonitor"
    );
}

#[test]
fn what_selects_pods_selects_those_of_the_chart() {
    let rendering = Rendering::of(&values("everything"));
    let pod = &rendering.one("Deployment")["spec"]["template"];
    let labels = pod["metadata"]["labels"].as_object().unwrap();
    let selects = |selector: &Value, labels: &serde_json::Map<String, Value>| {
        let wanted = selector.as_object().unwrap();
        assert!(!wanted.is_empty());
        wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
    };
    for (kind, place) in [
        ("Deployment", "/spec/selector/matchLabels"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
    ] {
        let selector = rendering.one(kind).pointer(place).unwrap();
        assert!(selects(selector, labels), "{kind}: {selector} of {labels:?}");
    }
    let ports: BTreeSet<&str> = pod["spec"]["containers"][0]["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    let services = rendering.all("Service");
    for service in &services {
        assert!(selects(&service["spec"]["selector"], labels), "{service}");
        for port in service["spec"]["ports"].as_array().unwrap() {
            assert!(ports.contains(port["targetPort"].as_str().unwrap()), "{port}");
        }
    }
    for rule in rendering.one("NetworkPolicy")["spec"]["ingress"].as_array().unwrap() {
        for port in rule["ports"].as_array().unwrap() {
            assert!(ports.contains(port["port"].as_str().unwrap()), "{rule}");
        }
    }
    let monitor = &rendering.one("ServiceMonitor")["spec"];
    let watched: Vec<_> = services
        .iter()
        .filter(|it| {
            let labels = it["metadata"]["labels"].as_object().unwrap();
            selects(&monitor["selector"]["matchLabels"], labels)
        })
        .collect();
    assert_eq!(watched.len(), 1, "{watched:?}");
    assert_eq!(watched[0]["spec"]["ports"][0]["name"], monitor["endpoints"][0]["port"]);
    // What `ops/alerts.yml` calls the job.
    let label = monitor["jobLabel"].as_str().unwrap();
    assert_eq!(watched[0]["metadata"]["labels"][label], "neokeys");
}

#[test]
fn bad_values_are_refused_with_what_to_mend() {
    for (values, told) in [
        (json!({"replica": 1}), "additional properties 'replica' not allowed"),
        (json!({"replicas": 0}), "/replicas': minimum: got 0, want 1"),
        (json!({"replicas": "two"}), "/replicas': got string, want integer"),
        (json!({"store": {"url": "data"}}), "/store/url': 'data' does not match pattern"),
        (json!({"store": {"url": "file:data"}}), "/store/url': 'file:data' does not match pattern"),
        (json!({"settings": {"tls": {}}}), "/settings': additional properties 'tls' not allowed"),
        (
            json!({"settings": {"audit": {"signing_key": "x"}}}),
            "/settings/audit': additional properties 'signing_key' not allowed",
        ),
        (
            json!({"store": {"volume": {"size": "1 GB"}}}),
            "/store/volume/size': '1 GB' does not match pattern",
        ),
        (json!({"environmentSecrets": "aws"}), "/environmentSecrets': got string, want array"),
        (
            json!({"tls": {"secret": "My Secret"}}),
            "/tls/secret': 'My Secret' does not match pattern",
        ),
        (
            json!({"replicas": 2}),
            "a store at file:/data serves one pod: set replicas to 1, or store.url to one that pods share",
        ),
        (json!({"store": {"url": "memory:"}}), "/store/url': 'memory:' does not match pattern"),
        (
            json!({"metrics": {"enabled": false, "serviceMonitor": {"enabled": true}}}),
            "metrics.serviceMonitor.enabled needs metrics.enabled",
        ),
        (
            json!({"networkPolicy": {"enabled": true}, "metrics": {"serviceMonitor": {"enabled": true}}}),
            "name your Prometheus in networkPolicy.monitoring",
        ),
        (
            json!({"store": {"url": "s3://b/p", "volume": {"existingClaim": "keys"}}}),
            "store.volume.existingClaim is for a store in a folder",
        ),
    ] {
        let complaints = Rendering::try_of(&values).expect_err(&format!("{values} is taken"));
        assert!(complaints.0.contains(told), "{values}: {}", complaints.0);
    }
}

/// The names of all settings, as `neokeys serve --help` has them.
fn settings() -> BTreeSet<String> {
    let output = Command::new(neokeys()).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let words = help.split_whitespace().filter(|it| it.starts_with("NEOKEYS_"));
    let names = words.map(|it| it.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    names.map(|it| it["NEOKEYS_".len()..].replace("__", ".").to_lowercase()).collect()
}

#[test]
fn the_schema_has_every_setting_that_is_no_value_of_the_chart() {
    let all = settings();
    assert!(all.len() > 40, "{all:?}");
    let names = |place: &str| -> BTreeSet<String> {
        let schema = schema();
        schema.pointer(place).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    let members = |section: &str, not: &str| -> BTreeSet<String> {
        let members = all.iter().filter_map(|it| it.strip_prefix(section));
        members.filter(|it| *it != not).map(str::to_owned).collect()
    };
    let sections: BTreeSet<String> = all
        .iter()
        .map(|it| it.split('.').next().unwrap().to_owned())
        .filter(|it| !["listen", "tls", "metrics"].contains(&it.as_str()))
        .collect();
    let place = "/properties/settings/properties";
    assert_eq!(names(place), sections, "{place} of ops/chart/values.schema.json");
    for (section, not) in [("store", ""), ("audit", "signing_key"), ("ext_authz", "listen")] {
        let place = format!("{place}/{section}/properties");
        assert_eq!(names(&place), members(&format!("{section}."), not), "{place}");
    }
}

/// The paths of all values, with those whose members are the user's as one.
fn paths(values: &Value, path: &str, all: &mut BTreeSet<String>) {
    let open = ["settings", "resources", "podAnnotations", "podLabels", "nodeSelector", "affinity"];
    match values.as_object() {
        Some(members)
            if !members.is_empty() && !open.contains(&path) && !path.ends_with("annotations") =>
        {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                paths(value, &path, all);
            }
        }
        _ => {
            all.insert(path.to_owned());
        }
    }
}

#[test]
fn every_value_is_in_the_schema_and_in_the_table_of_the_page() {
    let text = fs::read_to_string(folder("ops/chart/values.yaml")).unwrap();
    let values: Value = serde_yaml::from_str(&text).unwrap();
    let mut all = BTreeSet::new();
    paths(&values, "", &mut all);
    let page = fs::read_to_string(folder("ops/chart/README.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(rows, all);
    let schema = schema();
    for path in all {
        let place: String = path.split('.').map(|name| format!("/properties/{name}")).collect();
        assert!(schema.pointer(&place).is_some(), "{path} is not in the schema");
    }
}

#[test]
fn the_chart_is_of_the_version_that_the_program_has() {
    let text = fs::read_to_string(folder("ops/chart/Chart.yaml")).unwrap();
    let chart: Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_values_that_the_page_shows_are_taken() {
    let page = fs::read_to_string(folder("ops/chart/README.md")).unwrap();
    let (_, block) = page.split_once("```yaml\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let rendering = Rendering::of(&serde_yaml::from_str(block).unwrap());
    assert_eq!(rendering.one("Deployment")["spec"]["replicas"], 3);
    let settings = rendering.one("ConfigMap")["data"]["neokeys.yml"].as_str().unwrap();
    let settings = neokeys::settings::Settings::from_yaml(settings).unwrap();
    assert_eq!(settings.auth.bearer.issuers.len(), 1);
}
