//! The environment variables that Kubernetes and Docker make from the names of services.
//!
//! A Service called `neokeys`, or `neokeys-metrics`, gives every pod beside it `NEOKEYS_PORT` and
//! more of that kind; so does `docker run --link`. They are ignored. Each is recognized by its name and
//! its value together, since `NEOKEYS_PORT=8080` is a mistake and has to be reported.

use std::net::IpAddr;

use super::table::VARIABLE_PREFIX;

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// Whether a variable that is not a setting is one that a platform makes from a service's name. `others`
/// has every variable with our prefix.
pub(super) fn is_service_link(name: &str, value: &str, others: &[(String, String)]) -> bool {
    is_of_an_address(name, value)
        || name.strip_suffix("_NAME").is_some_and(|_| is_container(value))
        || is_of_a_container_environment(name, others)
}

/// `…_SERVICE_HOST`, `…_SERVICE_PORT_HTTP`, `…_PORT_80_TCP_ADDR` and their kin. A Service may itself
/// be called `neokeys-port-80-tcp`, so a name can be read in several ways, and one suffices.
fn is_of_an_address(name: &str, value: &str) -> bool {
    let is_detail = |detail: &str| match detail {
        "" | "START" | "END" => is_endpoint(value),
        "PROTO" => PROTOCOLS.contains(&value),
        "PORT" | "PORT_START" | "PORT_END" => is_port(value),
        "ADDR" => is_address(value),
        _ => false,
    };
    let names_a_port = name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_");
    name.ends_with("_SERVICE_HOST") && is_address(value)
        || names_a_port && is_port(value)
        || name.ends_with("_PORT") && is_endpoint(value)
        || details_of_ports(name).any(is_detail)
}

/// The text after `_PORT_80_TCP` or `_PORT_80_TCP_`, for each place where a name has that.
fn details_of_ports(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices("_PORT_").filter_map(|(place, word)| {
        let (number, rest) = name[place + word.len()..].split_once('_')?;
        let (protocol, detail) = rest.split_once('_').unwrap_or((rest, ""));
        let is_protocol = PROTOCOLS.iter().any(|known| protocol == known.to_ascii_uppercase());
        (is_port(number) && is_protocol).then_some(detail)
    })
}

/// A variable of the linked container's own, behind a name that the platform gave besides.
fn is_of_a_container_environment(name: &str, others: &[(String, String)]) -> bool {
    name.match_indices("_ENV_").any(|(place, _)| {
        let link = &name[..place];
        // No setting begins with ENV, so nothing else can be meant by the shortest of them.
        link == VARIABLE_PREFIX.trim_end_matches('_')
            || others.iter().any(|(other, value)| match other.strip_prefix(link) {
                Some("_NAME") => is_container(value),
                Some("_PORT") => is_endpoint(value),
                _ => false,
            })
    })
}

/// `tcp://10.0.0.1:80`.
fn is_endpoint(value: &str) -> bool {
    let Some((protocol, place)) = value.split_once("://") else { return false };
    let Some((host, port)) = place.rsplit_once(':') else { return false };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    PROTOCOLS.contains(&protocol) && is_address(host) && is_port(port)
}

/// `/web/neokeys`: a container as the one that is linked to it sees it.
fn is_container(value: &str) -> bool {
    let mut parts = value.split('/');
    parts.next() == Some("") && parts.clone().count() == 2 && parts.all(|part| !part.is_empty())
}

fn is_address(value: &str) -> bool {
    value.parse::<IpAddr>().is_ok()
}

fn is_port(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit()) && value.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::super::table::SETTINGS;
    use super::is_service_link;

    /// The variables that a kubelet gives a pod for one port of a Service.
    fn of_kubelet(
        service: &str,
        port: u16,
        port_name: &str,
        protocol: &str,
    ) -> Vec<(String, String)> {
        let variable = |text: &str| text.to_uppercase().replace('-', "_");
        let (service, protocol_name) = (variable(service), variable(protocol));
        let endpoint = format!("{protocol}://[fd00::12]:{port}");
        let mut all = vec![
            ("SERVICE_HOST".to_owned(), "fd00::12".to_owned()),
            ("SERVICE_PORT".to_owned(), port.to_string()),
            ("PORT".to_owned(), endpoint.clone()),
            (format!("PORT_{port}_{protocol_name}"), endpoint),
            (format!("PORT_{port}_{protocol_name}_PROTO"), protocol.to_owned()),
            (format!("PORT_{port}_{protocol_name}_PORT"), port.to_string()),
            (format!("PORT_{port}_{protocol_name}_ADDR"), "fd00::12".to_owned()),
        ];
        if !port_name.is_empty() {
            all.push((format!("SERVICE_PORT_{}", variable(port_name)), port.to_string()));
        }
        all.into_iter().map(|(name, value)| (format!("{service}_{name}"), value)).collect()
    }

    fn load(variables: &[(String, String)]) -> Result<Settings, String> {
        let mut settings = Settings::default();
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        super::super::sources::apply_environment(&mut settings, variables)
            .map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[test]
    fn what_a_kubelet_sets_for_services_named_like_ours_is_passed_over() {
        for service in [
            "neokeys",
            "neokeys-metrics",
            "neokeys-v2",
            "neokeys-env",
            "neokeys-port-80-tcp",
            "neokeys-service-host",
            "neokeys-store",
            "neokeys--limits",
        ] {
            for (port, port_name, protocol) in [
                (80, "http", "tcp"),
                (9464, "", "tcp"),
                (443, "https-internal", "tcp"),
                (53, "dns-udp", "udp"),
                (3868, "diameter", "sctp"),
            ] {
                let mut variables = of_kubelet(service, port, port_name, protocol);
                variables.push(("NEOKEYS_LIMITS__BODY".to_owned(), "1KiB".to_owned()));
                let settings = load(&variables).unwrap();
                assert_eq!(settings.limits.body, 1024, "what is a setting is none of them");
                let names = variables[..variables.len() - 1].iter().map(|(name, _)| name.clone());
                assert_eq!(settings.ignored_variables, names.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_docker_sets_for_a_linked_container_is_passed_over() {
        for link in ["NEOKEYS", "NEOKEYS_DB_1"] {
            let named = [
                ("NAME", "/web/neokeys"),
                ("PORT", "tcp://172.17.0.2:8080"),
                ("PORT_8080_TCP", "tcp://172.17.0.2:8080"),
                ("PORT_8080_TCP_ADDR", "172.17.0.2"),
                ("PORT_8080_TCP_PORT", "8080"),
                ("PORT_8080_TCP_PROTO", "tcp"),
                ("PORT_8080_TCP_START", "tcp://172.17.0.2:8080"),
                ("PORT_8080_TCP_PORT_START", "8080"),
                ("PORT_8080_TCP_END", "tcp://172.17.0.2:8090"),
                ("PORT_8080_TCP_PORT_END", "8090"),
                ("ENV_NEOKEYS_LISTEN", "0.0.0.0:8080"),
                ("ENV_A", ""),
            ];
            let variables = named.map(|(name, value)| (format!("{link}_{name}"), value.to_owned()));
            assert_eq!(load(&variables).unwrap().ignored_variables.len(), variables.len());
        }
    }

    #[test]
    fn a_mistyped_setting_is_refused_however_much_its_name_looks_like_theirs() {
        for (name, value) in [
            ("NEOKEYS_PORT", "8080"),
            ("NEOKEYS_PORT", ":8080"),
            ("NEOKEYS_PORT", "http://127.0.0.1:8080"),
            ("NEOKEYS_LISTEN_PORT", "8080"),
            ("NEOKEYS_METRICS_PORT", "9464"),
            ("NEOKEYS_METRICS_LISTEN", "tcp://127.0.0.1:9464"),
            ("NEOKEYS_SERVICE_HOST", ""),
            ("NEOKEYS_SERVICE_PORT", "http"),
            ("NEOKEYS_PORT_80_TCP_NAME", "tcp"),
            ("NEOKEYS_PORT_80_HTTP", "tcp://127.0.0.1:80"),
            ("NEOKEYS_NAME", "keys"),
            ("NEOKEYS_STORE_NAME", "/data"),
            ("NEOKEYS_STORE_ENV_PATH", "x"),
            ("NEOKEYS_ENV", "production"),
        ] {
            let said = load(&[(name.to_owned(), value.to_owned())]).unwrap_err();
            assert!(said.contains(&format!("{name} is not a setting")), "{name}={value}: {said}");
        }
    }

    #[test]
    fn no_settings_own_variable_can_be_taken_for_a_link() {
        for setting in SETTINGS {
            for value in ["80", "tcp", "10.0.0.1", "tcp://10.0.0.1:80", "/a/b", ""] {
                let variable = setting.variable();
                assert!(!is_service_link(&variable, value, &[]), "{variable}={value}");
            }
        }
    }
}
