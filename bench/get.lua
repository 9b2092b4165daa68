-- wrk for one page: its own fast path, and the figures as a line of JSON.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nJSON {"answered": %d, "seconds": %.6f, "wrong": %d, "broken": %d, "timeouts": %d, ' ..
    '"p50": %.3f, "p95": %.3f, "p99": %.3f, "most": %.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write,
    errors.timeout, latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
    latency.max / 1000))
end
