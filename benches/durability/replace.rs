//! The baseline: replacing a file durably, and nothing else.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::population::Population;

/// Durable replacements a second of the population's first document, beside it.
pub fn rate(population: &Population, time: Duration) -> f64 {
    let folder = population.folder().join("baseline");
    fs::create_dir_all(&folder).unwrap();
    let bytes = population.first_document();
    let (target, stage) = (folder.join("security.yml"), folder.join("stage"));
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < time {
        let mut file = File::create(&stage).unwrap();
        file.write_all(&bytes).unwrap();
        file.sync_all().unwrap();
        fs::rename(&stage, &target).unwrap();
        File::open(&folder).unwrap().sync_all().unwrap();
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}
