-- What every workload shares: the headers of a Java client, requests made once and then repeated,
-- and the result as one line of JSON for the script that started wrk.

local threads = 0

-- Each thread begins elsewhere in the requests, so that two never ask the same at once.
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

headers = {
  ["Client-Version"] = "1.2.1",
  ["User-Agent"] = "Nacos-Java-Client:v1.2.1",
  ["Accept-Encoding"] = "gzip,deflate,sdch",
  ["RequestId"] = "db77eea9-6cd9-4e7e-b671-9861c8a02e61",
  ["Request-Module"] = "Naming",
  ["Content-Type"] = "application/x-www-form-urlencoded;charset=UTF-8",
  ["Accept-Charset"] = "UTF-8",
  ["Accept"] = "text/html, image/gif, image/jpeg, */*; q=0.2",
  ["Connection"] = "keep-alive",
}

-- Service n of a workload and its instance k; `run` registers the same ones.
function service(prefix, n)
  return "DEFAULT_GROUP%40%40perf." .. prefix .. string.format("-%04d", n)
end

function address(n, k)
  return string.format("10.%d.%d.%d", math.floor(n / 250), n % 250, k + 1), 8080
end

-- Repeats the requests that `make(n, k)` returns for `services` times `each` instances.
function repeat_all(services, each, make)
  local requests = {}
  for n = 0, services - 1 do
    for k = 0, each - 1 do
      local method, path, body = make(n, k)
      requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
  end
  local next_one = math.floor(#requests / 2) * (number % 2)
  request = function()
    next_one = next_one % #requests + 1
    return requests[next_one]
  end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format(
    'RESULT {"requests":%d,"duration_us":%d,"bytes":%d,"failed":%d,'
      .. '"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration, summary.bytes, failed,
    latency:percentile(50), latency:percentile(99), latency.max))
end
