//! One answer to a scraper, taken apart.

use std::collections::{BTreeMap, BTreeSet};

use neokeys_testkit::{Client, Reply, Service};

/// The samples of a page, by name and labels as they stand on it.
#[derive(Debug, Clone)]
pub struct Scrape(BTreeMap<String, f64>);

/// Asks as a scraper does, in the text format.
pub async fn scrape(service: &Service) -> Scrape {
    let reply = get(service, &[]).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    Scrape::parse(reply.text())
}

/// Asks with these headers.
pub async fn get(service: &Service, headers: &[(&'static str, &str)]) -> Reply {
    let address = service.metrics().unwrap();
    let client = Client::of_another(address);
    headers
        .iter()
        .fold(client.request("GET", ""), |it, (name, value)| it.header(name, value))
        .send()
        .await
}

impl Scrape {
    pub fn parse(page: &str) -> Self {
        let samples = page.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        });
        let mut all = BTreeMap::new();
        for (series, value) in samples {
            assert!(all.insert(series.clone(), value).is_none(), "{series} is there twice");
        }
        Self(all)
    }

    /// The value of a series, zero if it is not there.
    pub fn value(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or(0.0)
    }

    /// All series.
    pub fn series(&self) -> BTreeSet<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The names of all series.
    pub fn names(&self) -> BTreeSet<&str> {
        self.series().into_iter().map(|series| series.split('{').next().unwrap()).collect()
    }
}
