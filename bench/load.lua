-- wrk with requests made beforehand: each is sent once, shared out between wrk's threads; answers are counted by status.
-- wrk … -s load.lua URL -- FILE THREADS: the file has, for each request, its length on a line and then its bytes.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long tv_sec; long tv_usec; } bench_time;
  int gettimeofday(bench_time *tv, void *tz);
]]
local clock = ffi.new("bench_time")
local function now()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.tv_sec) + tonumber(clock.tv_usec) / 1e6
end

local threads = {}
function setup(thread)
  thread:set("part", #threads)
  table.insert(threads, thread)
end

function init(args)
  requests, sent, answered, counts, first, last = {}, 0, 0, {}, nil, nil
  local file = assert(io.open(args[1], "rb"))
  local parts, number = tonumber(args[2]), 0
  while true do
    local length = file:read("*l")
    if not length then break end
    local bytes = file:read(tonumber(length))
    if number % parts == part then requests[#requests + 1] = bytes end
    number = number + 1
  end
  file:close()
end

function request()
  first = first or now()
  if sent >= #requests then  -- there are no more: what comes is not read any more
    wrk.thread:stop()
    return requests[#requests]
  end
  sent = sent + 1
  return requests[sent]
end

function response(status, headers)
  answered, last = answered + 1, now()
  local key = tostring(status)
  if status == 503 and not headers["Retry-After"] and not headers["retry-after"] then key = "503 bare" end
  counts[key] = (counts[key] or 0) + 1
end

function done(summary, latency)
  local statuses, first, last, answered, sent = {}, math.huge, 0, 0, 0
  for _, thread in ipairs(threads) do
    answered, sent = answered + thread:get("answered"), sent + thread:get("sent")
    first = math.min(first, thread:get("first") or math.huge)
    last = math.max(last, thread:get("last") or 0)
    for key, number in pairs(thread:get("counts")) do statuses[key] = (statuses[key] or 0) + number end
  end
  local words = {}
  for key, number in pairs(statuses) do words[#words + 1] = string.format('"%s": %d', key, number) end
  local errors = summary.errors
  io.write(string.format(
    '\nJSON {"answered": %d, "sent": %d, "seconds": %.6f, "statuses": {%s}, "broken": %d, "timeouts": %d, ' ..
    '"p50": %.3f, "p95": %.3f, "p99": %.3f, "most": %.3f}\n',
    answered, sent, math.max(last - first, 0), table.concat(words, ", "),
    errors.connect + errors.read + errors.write, errors.timeout, latency:percentile(50) / 1000,
    latency:percentile(95) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
