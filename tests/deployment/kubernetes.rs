//! The manifest.

use std::fs;

use neokeys::settings::Settings;
use serde_json::Value;

use neokeys_testkit::Service;
use neokeys_testkit::programs::{folder, python_program, run};

/// The one pod.
fn pod() -> Value {
    let text = fs::read_to_string(folder("ops/kubernetes.yml")).unwrap();
    let documents = text.split("\n---\n").map(|text| serde_yaml::from_str::<Value>(text).unwrap());
    let set = documents.into_iter().find(|it| it["kind"] == "StatefulSet").unwrap();
    set["spec"]["template"]["spec"].clone()
}

/// The container of the one pod.
fn container() -> Value {
    pod()["containers"][0].clone()
}

#[test]
fn the_pod_is_not_given_variables_that_look_like_settings() {
    assert_eq!(pod()["enableServiceLinks"], false);
}

#[test]
fn kubernetes_own_schemas_take_the_manifest() {
    run(python_program("kubernetes-validate").arg("--strict").arg(folder("ops/kubernetes.yml")));
}

#[tokio::test]
async fn every_probe_is_answered_by_a_service_that_is_well() {
    let (service, container) = (Service::start(), container());
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let probe = &container[probe]["httpGet"];
        assert_eq!(probe["port"], "http");
        let reply = service.client().get(probe["path"].as_str().unwrap()).await;
        assert_eq!(reply.status, 200, "{probe}");
    }
}

#[test]
fn the_manifest_has_settings_that_there_are_at_the_ports_that_it_names() {
    let container = container();
    let environment = container["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].as_str().unwrap().into(), it["value"].as_str().unwrap().into()));
    let nowhere = tempfile::NamedTempFile::new().unwrap();
    let settings = Settings::load(Some(nowhere.path()), environment).unwrap();
    let ports = container["ports"].as_array().unwrap();
    let port =
        |name: &str| ports.iter().find(|it| it["name"] == name).unwrap()["containerPort"].clone();
    assert_eq!(port("metrics"), settings.metrics.listen.unwrap().port());
    assert_eq!(port("http"), settings.listen.port());
}
