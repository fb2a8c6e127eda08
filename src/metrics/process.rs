//! The resources that the process uses. Those that the system does not report are left out.

use rustix::param::page_size;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The resources in use now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Usage {
    /// Time on processors, in seconds.
    pub(super) processor_time: f64,
    /// Bytes of memory, mapped and resident.
    pub(super) memory: Option<(u64, u64)>,
    /// Open files and connections.
    pub(super) open_files: Option<u64>,
    /// How many there may be.
    pub(super) most_open_files: Option<u64>,
}

impl Usage {
    pub(super) fn read() -> Self {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            #[expect(clippy::cast_precision_loss, reason = "no process runs for 2^53 seconds")]
            processor_time: time.tv_sec as f64 + time.tv_nsec as f64 / 1e9,
            memory: std::fs::read_to_string("/proc/self/statm").ok().and_then(|text| memory(&text)),
            open_files: std::fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
            most_open_files: getrlimit(Resource::Nofile).current,
        }
    }
}

/// The first two numbers of `statm` (proc(5)) are pages.
fn memory(statm: &str) -> Option<(u64, u64)> {
    let mut numbers = statm.split(' ').map(|number| number.trim().parse::<u64>().ok());
    let page = page_size() as u64;
    Some((numbers.next()?? * page, numbers.next()?? * page))
}

#[cfg(test)]
mod tests {
    use super::Usage;

    #[test]
    fn the_system_tells_what_the_process_takes() {
        let usage = Usage::read();
        let (mapped, resident) = usage.memory.unwrap();
        assert!(resident > 1 << 20 && mapped >= resident, "{usage:?}");
        assert!(usage.open_files.unwrap() >= 3 && usage.processor_time > 0.0, "{usage:?}");
        assert!(usage.most_open_files.unwrap() >= usage.open_files.unwrap(), "{usage:?}");
    }
}
