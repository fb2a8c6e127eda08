-- What every load has: the number of each thread, from 0 on, and what it says at its end, for load/mod.rs to read.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "requests=%d microseconds=%d broken=%d refused=%d p50=%d p99=%d\n",
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(50), latency:percentile(99)))
end
