-- What wrk sends, and how it reports. Arguments are name=value, after `--`:
--   tokens=<file>  one token per line; each request has the next one, and the run ends with the last (no token twice)
--   token=<file>   one token for all requests
--   paths=<file>   one path per line, taken in turn
--   from=<address> the address that the requests say they come from, by X-Forwarded-For
--   method, bytes  the method, and the size of a body to send
--   pause=<ms>     each connection waits between requests: at random, this long on average
-- Requests are made before the clock starts: while it runs, nothing is read, built or parsed.

local requests, nextRequest, pauseMs
exhausted = false

local function lines(file)
  local list = {}
  for line in io.lines(file) do list[#list + 1] = line end
  return list
end

local function takeNext()
  local request = requests[nextRequest]
  nextRequest = nextRequest + 1
  return request
end

local function takeOnce()
  if nextRequest > #requests then
    exhausted = true
    wrk.thread:stop()
    nextRequest = 1
  end
  return takeNext()
end

local function takeAround()
  if nextRequest > #requests then nextRequest = 1 end
  return takeNext()
end

local function prepare(list, format, take)
  requests, nextRequest = {}, 1
  for i = 1, #list do requests[i] = format(list[i]) end
  -- wrk asks for one request before it starts, to look at it. That one must not use up a token.
  local asked = false
  request = function()
    if not asked then
      asked = true
      return requests[1]
    end
    return take()
  end
end

function init(arguments)
  local options = {}
  for _, argument in ipairs(arguments) do
    local name, value = argument:match("^(%w+)=(.*)$")
    if name then options[name] = value end
  end
  wrk.method = options.method or "GET"
  if options.bytes then wrk.body = string.rep("x", tonumber(options.bytes)) end
  if options.from then wrk.headers["X-Forwarded-For"] = options.from end
  if options.token then wrk.headers["Authorization"] = "Bearer " .. lines(options.token)[1] end
  if options.pause then
    math.randomseed(os.time())
    pauseMs = tonumber(options.pause)
    delay = function() return math.random(0, 2 * pauseMs) end
  end
  if options.tokens then
    prepare(lines(options.tokens), function(token)
      wrk.headers["Authorization"] = "Bearer " .. token
      return wrk.format(nil, nil)
    end, takeOnce)
  elseif options.paths then
    prepare(lines(options.paths), function(path) return wrk.format(nil, path) end, takeAround)
  end
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end

function done(summary, latency)
  local e = summary.errors
  local ran_out = false
  for _, thread in ipairs(threads) do ran_out = ran_out or thread:get("exhausted") end
  print(string.format(
    'RESULT {"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"p999Us":%d,"refused":%d,"failed":%d,"exhausted":%s}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    e.status, e.connect + e.read + e.write + e.timeout, tostring(ran_out)))
end
