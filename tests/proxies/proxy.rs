//! Real proxies on this machine, each in a folder of its own.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::raw;
use neokeys_testkit::Client;
use neokeys_testkit::programs::{Running, free_port, gateway_program, program};

/// A proxy before the service; it ends when this goes.
pub struct Proxy {
    address: String,
    _running: Running,
    folder: TempDir,
}

impl Proxy {
    /// Debian's nginx. `settings` stand in its server, `location` in the one that passes on.
    pub fn nginx(upstream: &str, settings: &str, location: &str) -> Self {
        let address = free_address();
        let upstream = upstream.trim_start_matches("http://");
        let http = format!(
            "proxy_cache_path cache keys_zone=answers:1m;
            upstream service {{ server {upstream}; keepalive 2; }}
            server {{
                listen {address};
                {settings}
                location / {{
                    proxy_pass http://service;
                    proxy_http_version 1.1;
                    proxy_set_header Connection '';
                    {location}
                }}
            }}"
        );
        Self::nginx_http(address, &http)
    }

    /// Debian's nginx with this in its `http` part, which says to listen there.
    pub fn nginx_http(address: String, http: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let configuration = format!(
            "daemon off; master_process off; pid pid; error_log stderr;
            events {{ worker_connections 64; }}
            http {{
                access_log off;
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                {http}
            }}"
        );
        let file = write(folder.path(), "nginx.conf", &configuration);
        let mut command = Command::new(program("/usr/sbin/nginx", "nginx-light"));
        command.arg("-p").arg(folder.path()).args(["-e", "stderr", "-c"]).arg(file);
        Self::start(command, folder, address)
    }

    /// Debian's Caddy. `settings` stand in its site.
    pub fn caddy(upstream: &str, settings: &str) -> Self {
        let address = free_address();
        let site = format!("http://{address} {{\n {settings}\n reverse_proxy {upstream}\n}}\n");
        Self::caddyfile(address, &site)
    }

    /// Debian's Caddy with these sites, of which one is there.
    pub fn caddyfile(address: String, sites: &str) -> Self {
        Self::caddy_program(&program("/usr/bin/caddy", "caddy"), address, sites)
    }

    /// A newer Caddy with these sites, of which one is there.
    pub fn newer_caddyfile(address: String, sites: &str) -> Self {
        Self::caddy_program(&gateway_program("caddy"), address, sites)
    }

    fn caddy_program(program: &Path, address: String, sites: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let configuration = format!(
            "{{\n admin off\n auto_https off\n default_bind 127.0.0.1\n \
             log {{\n level ERROR\n }}\n}}\n{sites}"
        );
        let file = write(folder.path(), "Caddyfile", &configuration);
        let mut command = Command::new(program);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        command
            .env("HOME", folder.path())
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME");
        Self::start(command, folder, address)
    }

    /// Debian's HAProxy with this configuration, which says to listen there and to load the program
    /// in Lua.
    pub fn haproxy(address: String, lua: &str, configuration: &str) -> Self {
        const LUA: &str = "/etc/haproxy/neokeys.lua";
        let folder = TempDir::new().unwrap();
        let program_file = write(folder.path(), "neokeys.lua", lua);
        assert!(configuration.contains(LUA));
        let configuration = configuration.replace(LUA, program_file.to_str().unwrap());
        let file = write(folder.path(), "haproxy.cfg", &configuration);
        let mut command = Command::new(program("/usr/sbin/haproxy", "haproxy"));
        command.arg("-db").arg("-f").arg(file);
        Self::start(command, folder, address)
    }

    /// Traefik with these two files, static and dynamic, of which the first names the other and says
    /// to listen there.
    pub fn traefik(address: String, fixed: &str, dynamic: &str) -> Self {
        const DYNAMIC: &str = "/etc/traefik/neokeys.yml";
        let folder = TempDir::new().unwrap();
        let dynamic = write(folder.path(), "neokeys.yml", dynamic);
        assert!(fixed.contains(DYNAMIC));
        let fixed = fixed.replace(DYNAMIC, dynamic.to_str().unwrap());
        // It would ask the world for a newer version.
        let whole =
            format!("global: {{ checkNewVersion: false, sendAnonymousUsage: false }}\n{fixed}");
        let file = write(folder.path(), "traefik.yml", &whole);
        let mut command = Command::new(gateway_program("traefik"));
        command.arg("--configFile").arg(file);
        let proxy = Self::start(command, folder, address);
        // It listens before it has read where to.
        let deadline = Instant::now() + Duration::from_secs(60);
        while raw::get(&proxy.address, "/shops/demo/", &[]).status == 404 {
            let said = || std::fs::read_to_string(proxy.folder.path().join("log")).unwrap();
            assert!(Instant::now() < deadline, "Traefik takes no configuration: {}", said());
            std::thread::sleep(Duration::from_millis(5));
        }
        proxy
    }

    /// Envoy with this configuration, which says to listen there.
    pub fn envoy(address: String, configuration: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = write(folder.path(), "envoy.yaml", configuration);
        let mut command = Command::new(gateway_program("envoy"));
        command.arg("-c").arg(file);
        command.args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]);
        Self::start(command, folder, address)
    }

    /// Debian's Apache with this configuration and one more module, listening there; `key` is in its
    /// environment.
    pub fn apache(address: String, module: &str, configuration: &str, key: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let place = folder.path().display();
        let modules = [
            "mpm_event",
            "authn_core",
            "authz_core",
            "authz_user",
            "headers",
            "proxy",
            "proxy_http",
            module,
        ];
        let modules: String = modules
            .map(|name| {
                format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
            })
            .concat();
        // Started as root, its children must be somebody else; the user of that name is nobody's.
        let whole = format!(
            "ServerRoot {place}\nDefaultRuntimeDir {place}\nPidFile pid\nErrorLog log.apache\n\
             ServerName localhost\nListen {address}\n{modules}User nobody\nGroup nogroup\n\
             {configuration}"
        );
        let file = write(folder.path(), "httpd.conf", &whole);
        let file_of_module = format!("/usr/lib/apache2/modules/mod_{module}.so");
        program(&file_of_module, &format!("libapache2-mod-{}", module.replace('_', "-")));
        let mut command = Command::new(program("/usr/sbin/apache2", "apache2"));
        command.args(["-X", "-f"]).arg(file).env("INTROSPECTION_KEY", key);
        Self::start(command, folder, address)
    }

    /// Returns once it accepts connections.
    fn start(mut command: Command, folder: TempDir, address: String) -> Self {
        let log = folder.path().join("log");
        let output = File::create(folder.path().join("output")).unwrap();
        let mut running =
            Running::spawn(command.stderr(File::create(&log).unwrap()).stdout(output));
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(&address).is_err() {
            let said = || std::fs::read_to_string(&log).unwrap();
            assert!(!running.has_ended(), "{command:?} ended at once: {}", said());
            assert!(Instant::now() < deadline, "{command:?} does not listen: {}", said());
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { address, _running: running, folder }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its standard output so far.
    #[cfg(feature = "ext-authz")]
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap()
    }

    /// A client of it without a credential: what the proxy answers itself breaks our contract.
    pub fn client(&self) -> Client {
        Client::of_another(&format!("http://{}", self.address))
    }
}

/// An address of this machine that nothing listens on.
pub fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}

fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
    path
}
