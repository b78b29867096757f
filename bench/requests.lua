-- Sends requests of one size from a file, in order, each once: `wrk -s requests.lua URL -- FILE SIZE`.
-- Prints one JSON line at the end. `laps` counts how often the file had to be read again.
local threads = {}

function setup(thread)
  thread:set("laps", 0)
  table.insert(threads, thread)
end

function init(args)
  file = assert(io.open(args[1], "rb"))
  size = tonumber(args[2])
end

function request()
  local bytes = file:read(size)
  if not bytes or #bytes < size then
    laps = (laps or 0) + 1
    file:seek("set", 0)
    bytes = file:read(size)
  end
  return bytes
end

function done(summary, latency, _)
  local laps = 0
  for _, thread in ipairs(threads) do
    laps = laps + thread:get("laps")
  end
  local failed = summary.errors
  print(string.format(
    '{"answers": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d, "laps": %d}',
    summary.requests, summary.duration, failed.status,
    failed.connect + failed.read + failed.write + failed.timeout,
    latency:percentile(50), latency:percentile(99), laps
  ))
end
